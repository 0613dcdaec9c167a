package controllers

import (
	"cmp"
	"context"
	"io"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/distro-naming/naming-operator/api/v1alpha1"
	"github.com/distro-naming/naming-operator/controllers/pki"
	"github.com/distro-naming/naming-operator/controllers/resources"
	"github.com/distro-naming/naming-operator/controllers/rollout"
	"github.com/distro-naming/naming-operator/sidecar/report"
)

// certificates is what one pass has decided about TLS. The zero value is that it
// is off and nobody has any.
type certificates struct {
	plan             resources.TLS
	secrets          []resources.Secret // to be made
	hash             string             // of what pods have to read
	members, clients use
	auth             use       // the same of users and keys
	before, after    pki.State // what the operator makes
}

// use is TLS between members, or for clients.
type use struct {
	name     string // as in spec.tls
	wanted   rollout.Mode
	target   resources.Mount
	own      bool     // the operator makes it
	admin    string   // Secret with the password of the user that it makes; of auth alone
	life     pki.Life // of the certificate
	trouble  *trouble // why the target cannot be used
	speakers []speaker
	facts    rollout.Use
	plan     resources.Protection
}

// speaker is one pod as far as TLS goes.
type speaker struct {
	rollout.Speaker
	pod   string
	said  report.TLSUse
	fault string
}

// observeSecrets reads the Secrets that the spec's TLS is about.
func (r *Reconciler) observeSecrets(ctx context.Context, s *scope) error {
	s.secrets = map[string]secretRead{}
	members, clients := s.usesOf()
	users := s.authOf()
	names := []string{members.target.Secret, clients.target.Secret, clients.target.CA, users.target.Secret}
	if users.own {
		names = append(names, resources.AdminName(s.cluster))
	}
	if members.own || clients.own {
		names = append(names, resources.AuthorityName(s.cluster))
	}
	for _, name := range names {
		if _, done := s.secrets[name]; done || name == "" {
			continue
		}
		read, err := r.readSecret(ctx, types.NamespacedName{Namespace: s.cluster.Namespace, Name: name})
		if err != nil {
			return err
		}
		s.secrets[name] = read
		if read.found != nil {
			s.children["Secret "+name] = read.found
		}
	}
	return nil
}

// usesOf returns what the spec asks for.
func (s *scope) usesOf() (members, clients use) {
	members, clients = use{name: "members"}, use{name: "clients"}
	spec := s.cluster.Spec.TLS
	if spec == nil {
		return members, clients
	}
	if m := spec.Members; m != nil && m.Mode != v1alpha1.TLSDisabled {
		secret := cmp.Or(m.SecretName, resources.MembersTLSName(s.cluster))
		members.wanted, members.own = rollout.Mode(m.Mode), m.SecretName == ""
		members.target = resources.Mount{Secret: secret, CA: secret}
	}
	if c := spec.Clients; c != nil && c.Mode != v1alpha1.TLSDisabled {
		clients.wanted, clients.own = rollout.Mode(c.Mode), c.SecretName == ""
		clients.target = resources.Mount{Secret: cmp.Or(c.SecretName, resources.ClientsTLSName(s.cluster)), CA: c.CASecretName}
	}
	return members, clients
}

// protect decides about certificates: which exist, which pods mount, and how pods
// insist on them.
func (s *scope) protect(random io.Reader, domain string, now time.Time) error {
	members, clients := s.usesOf()
	t := certificates{members: members, clients: clients, auth: s.authOf()}
	if err := s.make(&t, random, domain, now); err != nil {
		return err
	}
	s.judgeGiven(&t, now)
	if err := s.makeAuth(&t, random); err != nil {
		return err
	}
	s.judgeAuth(&t)
	s.introduce(&t)
	s.introduceAuth(&t)
	for _, u := range []*use{&t.members, &t.clients, &t.auth} {
		u.facts.Wanted, u.facts.Usable = u.wanted, u.trouble == nil
		change, told := u.facts.Secure()
		u.plan.Mode = string(told)
		if change {
			u.plan.Mount = u.target
		}
	}
	t.plan = resources.TLS{Members: t.members.plan, Clients: t.clients.plan, Auth: t.auth.plan}
	t.hash = resources.TLSHash(t.plan, s.shown(t))
	s.tls = t
	return nil
}

// introduce describes to the planner what the set and its pods mount and say.
func (s *scope) introduce(t *certificates) {
	var membersNow, clientsNow resources.Mount
	if s.set != nil {
		membersNow, clientsNow = resources.MountsOf(s.set.Spec.Template.Spec)
	}
	var told [2]string
	if list, ok := s.children["ConfigMap "+resources.MembersName(s.cluster)].(*corev1.ConfigMap); ok && s.owns(list) {
		told[0], told[1] = resources.Told(list.Data)
	}
	running := s.reachable()
	t.members.plan.Mount, t.clients.plan.Mount = membersNow, clientsNow
	t.members.facts = rollout.Use{Peers: true, Published: rollout.Mode(told[0])}
	t.clients.facts = rollout.Use{Published: rollout.Mode(told[1])}
	for _, u := range []*use{&t.members, &t.clients} {
		u.facts.Exists = s.set != nil
		u.facts.Mounted, u.facts.Same = u.plan.Mount.Secret != "", u.plan.Mount == u.target
	}
	for _, p := range s.pods {
		members, clients := resources.MountsOf(p.Spec)
		saidMembers, saidClients := s.saysOfTLS(p)
		_, runs := running[p.address]
		t.members.add(p.Name, members, saidMembers, runs)
		t.clients.add(p.Name, clients, saidClients, runs)
	}
}

func (u *use) add(pod string, mount resources.Mount, said report.TLSUse, running bool) {
	one := speaker{pod: pod, said: said, fault: said.Fault, Speaker: rollout.Speaker{
		Mounted: mount.Secret != "", Same: mount == u.target, Running: running,
		Mode: rollout.Mode(said.Mode), Good: said.Mode != "" && said.Fault == "",
	}}
	u.speakers = append(u.speakers, one)
	u.facts.Speakers = append(u.facts.Speakers, one.Speaker)
}

// saysOfTLS is what the member of p reports; empty while it is silent.
func (s *scope) saysOfTLS(p pod) (members, clients report.TLSUse) {
	said := s.reports[p.address].TLS
	if said != nil && said.Members != nil {
		members = *said.Members
	}
	if said != nil && said.Clients != nil {
		clients = *said.Clients
	}
	return members, clients
}

// shown is what is public of the Secrets that pods mount.
func (s *scope) shown(t certificates) (out []string) {
	made := map[string]map[string][]byte{}
	for name, read := range s.secrets {
		if read.found != nil {
			made[name] = read.found.Data
		}
	}
	for _, secret := range t.secrets {
		made[secret.Name] = secret.Data
	}
	for _, name := range []string{t.plan.Members.Mount.Secret, t.plan.Clients.Mount.Secret, t.plan.Clients.Mount.CA} {
		out = append(out, string(made[name][pki.CertKey]), string(made[name][pki.CAKey]))
	}
	if name := t.plan.Auth.Mount.Secret; name != "" {
		out = append(out, authFingerprint(made[name]))
	}
	return out
}

// recheckSecrets is how often the Secrets of a cluster are looked at that needs
// no other look: nobody tells of their changes.
const recheckSecrets = 5 * time.Minute

// recheck is when to look again.
func (s *scope) recheck(planned time.Duration) time.Duration {
	if planned == 0 && len(s.secrets) > 0 {
		return recheckSecrets
	}
	return planned
}
