package controllers

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"

	corev1 "k8s.io/api/core/v1"

	"github.com/distro-naming/naming-operator/api/v1alpha1"
	"github.com/distro-naming/naming-operator/controllers/resources"
	"github.com/distro-naming/naming-operator/controllers/rollout"
	"github.com/distro-naming/naming-operator/sidecar/auth"
	"github.com/distro-naming/naming-operator/sidecar/report"
)

// Keys of a Secret with users, and the names of files in the pods.
const (
	signingKeys = "signing-keys"
	usersKey    = "users"
	permissions = "permissions"
)

// authOf returns what the spec asks for. Users and keys come to a running cluster as
// certificates do: they are mounted in one rollout, and insisted on when all have
// them.
func (s *scope) authOf() use {
	u := use{name: "auth"}
	if spec := s.cluster.Spec.Auth; spec != nil && spec.Mode != v1alpha1.AuthDisabled {
		u.wanted, u.own = rollout.Mode(spec.Mode), spec.SecretName == ""
		u.target = resources.Mount{Secret: cmp.Or(spec.SecretName, resources.AuthName(s.cluster))}
		if u.own {
			u.admin = resources.AdminName(s.cluster)
		}
	}
	return u
}

// judgeAuth judges the Secret that pods are to mount, as it will be.
func (s *scope) judgeAuth(t *certificates) {
	u := &t.auth
	if u.wanted == rollout.Off || u.trouble != nil {
		return
	}
	name, read := u.target.Secret, s.secrets[u.target.Secret]
	for _, made := range t.secrets {
		if made.Name == name {
			read = secretRead{found: &corev1.Secret{Data: made.Data}}
		}
	}
	if u.trouble = read.trouble(name); u.trouble == nil {
		u.trouble = usable(name, read.found.Data)
	}
}

// usable is why users and keys cannot be used, or nil. It reads them as members do,
// and tells none of them.
func usable(name string, data map[string][]byte) *trouble {
	for _, key := range []string{signingKeys, usersKey} {
		if len(data[key]) == 0 {
			return &trouble{v1alpha1.ReasonSecretKeyMissing, fmt.Sprintf("Secret %s: %s is missing", name, key)}
		}
	}
	_, err := auth.ParseKeys(string(data[signingKeys]))
	if err != nil {
		err = fmt.Errorf("%s: %w", signingKeys, err)
	} else {
		_, err = auth.ParseUsers(string(data[usersKey]), string(data[permissions]))
	}
	if err != nil {
		return &trouble{v1alpha1.ReasonSecretInvalid, fmt.Sprintf("Secret %s: %s", name, err)}
	}
	return nil
}

// introduceAuth describes to the planner what the set and its pods mount and say.
func (s *scope) introduceAuth(t *certificates) {
	u := &t.auth
	u.facts = rollout.Use{Peers: true, Exists: s.set != nil} // members that have other keys do not know each other
	if list, ok := s.children["ConfigMap "+resources.MembersName(s.cluster)].(*corev1.ConfigMap); ok && s.owns(list) {
		u.facts.Published = rollout.Mode(resources.ToldAuth(list.Data))
	}
	if s.set != nil {
		u.plan.Mount = resources.AuthMountOf(s.set.Spec.Template.Spec)
	}
	u.facts.Mounted, u.facts.Same = u.plan.Mount.Secret != "", u.plan.Mount == u.target
	running := s.reachable()
	for _, p := range s.pods {
		var said report.TLSUse
		if a := s.reports[p.address].Auth; a != nil {
			said = report.TLSUse{Mode: a.Mode, Fault: a.Fault}
		}
		_, runs := running[p.address]
		u.add(p.Name, resources.AuthMountOf(p.Spec), said, runs)
	}
}

// authFingerprint changes whenever a Secret with users does. What it is made from has
// a key that nobody can guess, so it tells nothing.
func authFingerprint(data map[string][]byte) string {
	sum := sha256.New()
	for _, key := range []string{signingKeys, usersKey, permissions} {
		fmt.Fprintf(sum, "%d %s", len(data[key]), data[key])
	}
	return hex.EncodeToString(sum.Sum(nil)[:8])
}
