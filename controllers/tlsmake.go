package controllers

import (
	"cmp"
	"fmt"
	"io"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/distro-naming/naming-operator/api/v1alpha1"
	"github.com/distro-naming/naming-operator/controllers/pki"
	"github.com/distro-naming/naming-operator/controllers/resources"
	"github.com/distro-naming/naming-operator/sidecar/report"
)

// make decides about the certificates that the operator makes. A cluster that is
// paused keeps what it has.
func (s *scope) make(t *certificates, random io.Reader, domain string, now time.Time) error {
	if !t.members.own && !t.clients.own {
		return nil
	}
	authority := resources.AuthorityName(s.cluster)
	want := pki.Want{
		Name:            s.cluster.Namespace + "/" + s.cluster.Name,
		RotateLeaves:    s.cluster.Annotations[v1alpha1.RotateCertificatesAnnotation],
		RotateAuthority: s.cluster.Annotations[v1alpha1.RotateAuthorityAnnotation],
	}
	for _, u := range []*use{&t.members, &t.clients} {
		for _, name := range []string{authority, u.target.Secret} {
			if read := s.secrets[name]; u.own && read.forbidden != "" {
				u.trouble = read.trouble(name)
			}
		}
	}
	t.before.Authority = s.authority(s.ours(authority))
	if t.members.own {
		want.Members = resources.MemberNames(s.cluster, domain)
		t.before.Members = s.leaf(s.ours(t.members.target.Secret))
	}
	if t.clients.own {
		want.Clients = resources.ClientNames(s.cluster, domain, s.outside())
		t.before.Clients = s.leaf(s.ours(t.clients.target.Secret))
	}
	t.after = t.before
	if t.members.trouble == nil && t.clients.trouble == nil && s.wishes.paused == "" {
		var err error
		if t.after, err = t.before.Next(random, want, s.seen(), now); err != nil {
			return fmt.Errorf("make certificates: %w", err)
		}
		t.secrets = s.secretsOf(t)
	}
	for u, leaf := range map[*use]*pki.Leaf{&t.members: t.after.Members, &t.clients: t.after.Clients} {
		if leaf != nil {
			u.life = pki.LifeOf(leaf.Cert)
		}
	}
	return nil
}

// ours returns a Secret of the cluster, or nil. What is somebody else's is never
// used; applying refuses it.
func (s *scope) ours(name string) *corev1.Secret {
	if found := s.secrets[name].found; found != nil && s.owns(found) {
		return found
	}
	return nil
}

// Keys of the authority's Secret, beside tls.crt and tls.key.
const (
	previousCert = "previous.crt"
	previousKey  = "previous.key"
)

func (s *scope) authority(found *corev1.Secret) pki.Authority {
	if found == nil {
		return pki.Authority{}
	}
	return pki.Authority{
		Pair:     pki.Pair{Cert: found.Data[pki.CertKey], Key: found.Data[pki.KeyKey]},
		Previous: pki.Pair{Cert: found.Data[previousCert], Key: found.Data[previousKey]},
		Asked:    found.Annotations[resources.AskedAnnotation],
	}
}

func (s *scope) leaf(found *corev1.Secret) *pki.Leaf {
	if found == nil {
		return nil
	}
	return &pki.Leaf{
		Pair:   pki.Pair{Cert: found.Data[pki.CertKey], Key: found.Data[pki.KeyKey]},
		Bundle: found.Data[pki.CAKey],
		Asked:  found.Annotations[resources.AskedAnnotation],
	}
}

// secretsOf are the Secrets that hold what the operator makes; the authority first,
// since the others come from it.
func (s *scope) secretsOf(t *certificates) []resources.Secret {
	a := t.after.Authority
	data := map[string][]byte{pki.CertKey: a.Cert, pki.KeyKey: a.Key}
	if len(a.Previous.Cert) > 0 {
		data[previousCert], data[previousKey] = a.Previous.Cert, a.Previous.Key
	}
	out := []resources.Secret{{Name: resources.AuthorityName(s.cluster), Data: data, Asked: a.Asked}}
	for _, made := range []struct {
		name string
		leaf *pki.Leaf
	}{{t.members.target.Secret, t.after.Members}, {t.clients.target.Secret, t.after.Clients}} {
		if l := made.leaf; l != nil {
			out = append(out, resources.Secret{Name: made.name, Asked: l.Asked, Data: map[string][]byte{
				pki.CertKey: l.Cert, pki.KeyKey: l.Key, pki.CAKey: l.Bundle,
			}})
		}
	}
	return out
}

// outside are the names and addresses that lead to the client Service from outside.
func (s *scope) outside() (out []string) {
	service, ok := s.children["Service "+s.cluster.Name].(*corev1.Service)
	if !ok || !s.owns(service) {
		return nil
	}
	for _, at := range service.Status.LoadBalancer.Ingress {
		if name := cmp.Or(at.Hostname, at.IP); name != "" {
			out = append(out, name)
		}
	}
	return out
}

// seen is what members that run say of their certificates.
func (s *scope) seen() (out pki.Seen) {
	running := s.reachable()
	for _, p := range s.pods {
		if _, runs := running[p.address]; !runs {
			continue
		}
		members, clients := resources.MountsOf(p.Spec)
		saidMembers, saidClients := s.saysOfTLS(p)
		if members.Secret != "" {
			out.Members = append(out.Members, shown(saidMembers))
		}
		if clients.Secret != "" {
			out.Clients = append(out.Clients, shown(saidClients))
		}
	}
	return out
}

func shown(said report.TLSUse) pki.Shown {
	out := pki.Shown{Trusts: said.Issuer}
	if said.NotAfter != nil {
		out.NotAfter = *said.NotAfter
	}
	return out
}
