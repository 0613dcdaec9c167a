package controllers

import (
	"fmt"
	"time"

	"github.com/distro-naming/naming-operator/api/v1alpha1"
	"github.com/distro-naming/naming-operator/controllers/pki"
	"github.com/distro-naming/naming-operator/controllers/resources"
	"github.com/distro-naming/naming-operator/controllers/rollout"
)

// judgeGiven judges the Secrets that users name.
func (s *scope) judgeGiven(t *certificates, now time.Time) {
	if u := &t.members; u.wanted != rollout.Off && !u.own {
		u.judge(s.secrets[u.target.Secret], u.target.Secret, func(data map[string][]byte) (pki.Life, *pki.Fault) {
			return pki.CheckMembers(data, s.hosts(), now)
		})
	}
	if u := &t.clients; u.wanted != rollout.Off && !u.own {
		u.judge(s.secrets[u.target.Secret], u.target.Secret, func(data map[string][]byte) (pki.Life, *pki.Fault) {
			return pki.CheckPair(data, now)
		})
	}
	if u := &t.clients; u.target.CA != "" && u.trouble == nil {
		u.judge(s.secrets[u.target.CA], u.target.CA, func(data map[string][]byte) (pki.Life, *pki.Fault) {
			return u.life, pki.CheckAuthorities(data)
		})
	}
}

// hosts are the names of all members that there are and are to be.
func (s *scope) hosts() (out []string) {
	n := resources.Replicas(s.cluster)
	for _, p := range s.pods {
		n = max(n, p.ordinal+1)
	}
	for o := range n {
		out = append(out, resources.Address(s.cluster, o).Host())
	}
	return out
}

// reasons of conditions for what is wrong with a Secret.
var reasons = map[pki.Flaw]string{
	pki.KeyMissing:   v1alpha1.ReasonSecretKeyMissing,
	pki.Unreadable:   v1alpha1.ReasonCertificateInvalid,
	pki.Mismatch:     v1alpha1.ReasonKeyMismatch,
	pki.Expired:      v1alpha1.ReasonCertificateExpired,
	pki.NamesMissing: v1alpha1.ReasonNamesNotCovered,
}

func (u *use) judge(read secretRead, name string, check func(map[string][]byte) (pki.Life, *pki.Fault)) {
	if u.trouble = read.trouble(name); u.trouble != nil {
		return
	}
	life, fault := check(read.found.Data)
	if u.life = life; fault != nil {
		u.trouble = &trouble{reasons[fault.Flaw], fmt.Sprintf("Secret %s: %s", name, fault.Text)}
	}
}
