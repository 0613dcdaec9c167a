package controllers

import (
	"bytes"
	"fmt"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/distro-naming/naming-operator/api/v1alpha1"
	"github.com/distro-naming/naming-operator/controllers/pki"
	"github.com/distro-naming/naming-operator/controllers/resources"
	"github.com/distro-naming/naming-operator/controllers/rollout"
)

// verdict is what is to be said of certificates. The zero value is that TLS is off.
type verdict struct {
	status metav1.ConditionStatus
	reason string
	text   string
	help   bool // somebody has to act
}

// tlsReady says whether certificates are good and members insist on TLS as asked.
func (v view) tlsReady() metav1.Condition {
	if v.tls.reason == "" {
		return yes(v1alpha1.TLSReady, v1alpha1.ReasonTLSDisabled, "TLS is off: members and clients speak plaintext")
	}
	return metav1.Condition{Type: v1alpha1.TLSReady, Status: v.tls.status, Reason: v.tls.reason, Message: v.tls.text}
}

// judge sums up both uses: the first that is not as it should be, members first.
func (t certificates) judge(now time.Time) verdict {
	uses := []use{t.members, t.clients}
	for _, u := range uses {
		if found := u.fault(now); found.reason != "" {
			return found
		}
	}
	for _, u := range uses {
		if found := u.lag(); found.reason != "" {
			return found
		}
	}
	for _, u := range uses {
		if u.life.Ending(now) {
			return verdict{metav1.ConditionTrue, v1alpha1.ReasonCertificateExpiring, fmt.Sprintf(
				"the certificate in Secret %s expires at %s: renew it", u.plan.Mount.Secret, u.life.Until.UTC().Format(time.RFC3339)), true}
		}
	}
	if t.after.Rotating() && len(t.secrets) > 0 {
		return verdict{metav1.ConditionTrue, v1alpha1.ReasonAuthorityRotating, t.rotation(), false}
	}
	var parts []string
	for _, u := range uses {
		if u.wanted != rollout.Off {
			parts = append(parts, u.name+": "+u.plan.Mode)
		}
	}
	if len(parts) == 0 {
		return verdict{}
	}
	return verdict{metav1.ConditionTrue, v1alpha1.ReasonTLSApplied, strings.Join(parts, ", ") + "; certificates are good", false}
}

// fault is what does not get better by itself.
func (u use) fault(now time.Time) verdict {
	if u.trouble != nil {
		return verdict{metav1.ConditionFalse, u.trouble.reason, "spec.tls." + u.name + ": " + u.trouble.text, true}
	}
	for _, s := range u.speakers {
		if s.Mounted && s.Running && s.fault != "" {
			return verdict{metav1.ConditionFalse, v1alpha1.ReasonCertificateRefused, s.pod + ": " + s.fault, true}
		}
	}
	if !u.life.Until.IsZero() && now.After(u.life.Until) {
		return verdict{metav1.ConditionFalse, v1alpha1.ReasonCertificateExpired, fmt.Sprintf(
			"spec.tls.%s: the certificate in Secret %s expired at %s",
			u.name, u.target.Secret, u.life.Until.UTC().Format(time.RFC3339)), true}
	}
	return verdict{}
}

// lag is what members have not followed yet.
func (u use) lag() verdict {
	var without, with, behind []string
	for _, s := range u.speakers {
		if s.Mounted {
			with = append(with, s.pod)
		}
		if !s.Same || s.Running && u.wanted != rollout.Off && !s.Good {
			without = append(without, s.pod)
		}
		if s.Mounted && s.Running && s.said.Mode != u.plan.Mode {
			behind = append(behind, s.pod)
		}
	}
	switch {
	case u.wanted == rollout.Off && len(with) > 0:
		return switching("%s: certificates are taken from %s", u.name, strings.Join(with, ", "))
	case u.wanted == rollout.Off:
		return verdict{}
	case len(without) > 0:
		return verdict{metav1.ConditionFalse, v1alpha1.ReasonMembersPlaintext, fmt.Sprintf(
			"%s: %d of %d members use the certificates; not yet %s",
			u.name, len(u.speakers)-len(without), len(u.speakers), strings.Join(without, ", ")), false}
	case u.plan.Mode != string(u.wanted):
		return switching("%s: %s until all members use the certificates", u.name, u.plan.Mode)
	case len(behind) > 0:
		return switching("%s: told %s, but not followed yet by %s", u.name, u.plan.Mode, strings.Join(behind, ", "))
	}
	return verdict{}
}

func switching(format string, args ...any) verdict {
	return verdict{metav1.ConditionFalse, v1alpha1.ReasonTLSSwitching, fmt.Sprintf(format, args...), false}
}

// rotation says what a new authority waits for.
func (t certificates) rotation() string {
	if t.after.Members != nil {
		newest := pki.Fingerprint(t.after.Authority.Cert)
		var waits []string
		for _, s := range t.members.speakers {
			if s.Mounted && s.Running && s.said.Issuer != newest {
				waits = append(waits, s.pod)
			}
		}
		if len(waits) > 0 {
			return "members: the new authority is not trusted yet by " + strings.Join(waits, ", ")
		}
	}
	if t.after.ClientsWait() {
		return "clients are shown certificates by the new authority from " +
			pki.LifeOf(t.after.Authority.Cert).From.Add(pki.Overlap).UTC().Format(time.RFC3339) + " on: let them trust ca.crt of Secret " +
			t.clients.target.Secret + " until then"
	}
	return "members: certificates by the new authority are spreading"
}

// status is the part of the cluster's status about TLS; nil while it is off.
func (t certificates) status() *v1alpha1.TLSStatus {
	out := &v1alpha1.TLSStatus{Members: t.members.status(), Clients: t.clients.status()}
	if out.Members == nil && out.Clients == nil {
		return nil
	}
	if life := pki.LifeOf(t.after.Authority.Cert); !life.Until.IsZero() {
		out.AuthorityNotAfter = new(metav1.NewTime(life.Until).Rfc3339Copy())
	}
	return out
}

func (u use) status() *v1alpha1.TLSUse {
	if u.plan.Mode == "" {
		return nil
	}
	out := &v1alpha1.TLSUse{Mode: v1alpha1.TLSMode(u.plan.Mode), SecretName: u.plan.Mount.Secret}
	for _, s := range u.speakers {
		if s.Mounted && s.Good {
			out.ReadyMembers++
		}
	}
	if !u.life.Until.IsZero() {
		out.NotAfter = new(metav1.NewTime(u.life.Until).Rfc3339Copy())
	}
	return out
}

// issued are the events of a Secret of the operator's that has been written.
func (s *scope) issued(secret string) (out []event) {
	t := s.tls
	tell := func(reason, note string, args ...any) {
		out = append(out, event{corev1.EventTypeNormal, reason, "Certify", fmt.Sprintf(note, args...)})
	}
	for _, made := range []struct {
		use           use
		before, after *pki.Leaf
	}{{t.members, t.before.Members, t.after.Members}, {t.clients, t.before.Clients, t.after.Clients}} {
		unchanged := made.before != nil && made.after != nil && bytes.Equal(made.before.Cert, made.after.Cert)
		if made.use.target.Secret != secret || made.after == nil || unchanged {
			continue
		}
		reason := ReasonCertificateRenewed
		if made.before == nil {
			reason = ReasonCertificateIssued
		}
		tell(reason, "Secret %s has a certificate until %s", secret, made.use.life.Until.UTC().Format(time.RFC3339))
	}
	if secret != resources.AuthorityName(s.cluster) {
		return append(out, s.madeUsers(secret)...)
	}
	switch before, after := t.before.Authority, t.after.Authority; {
	case len(before.Cert) > 0 && !bytes.Equal(before.Cert, after.Cert):
		tell(v1alpha1.ReasonAuthorityRotating, "Secret %s has a new authority", secret)
	case len(before.Previous.Cert) > 0 && len(after.Previous.Cert) == 0:
		tell(ReasonAuthorityRotated, "nobody needs the old authority any more, and its key is gone")
	}
	return out
}

// switched are the events of a list by which members are told to insist on TLS, or on
// rights, in another way.
func (t certificates) switched() (out []event) {
	for _, told := range []struct {
		use                  use
		who, reason, because string
	}{
		{t.auth, "members", ReasonAuthModeChanged, "Authorize"},
		{t.members, t.members.name, ReasonTLSModeChanged, "Certify"},
		{t.clients, t.clients.name, ReasonTLSModeChanged, "Certify"},
	} {
		if mode := told.use.plan.Mode; mode != "" && mode != string(told.use.facts.Published) {
			out = append(out, event{corev1.EventTypeNormal, told.reason, told.because, told.who + " are told: " + mode})
		}
	}
	return out
}
