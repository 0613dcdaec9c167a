package controllers

import (
	"bytes"
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/distro-naming/naming-operator/api/v1alpha1"
	"github.com/distro-naming/naming-operator/controllers/rollout"
)

// authReady says whether users and keys are good and members insist on rights as asked.
func (v view) authReady() metav1.Condition {
	if v.auth.reason == "" {
		return yes(v1alpha1.AuthReady, v1alpha1.ReasonAuthDisabled, "auth is off: who reaches the ports may do everything")
	}
	return metav1.Condition{Type: v1alpha1.AuthReady, Status: v.auth.status, Reason: v.auth.reason, Message: v.auth.text}
}

// judgeAuth sums up users and keys: what does not get better by itself first.
func (u use) judgeAuth() verdict {
	if u.trouble != nil {
		return verdict{metav1.ConditionFalse, u.trouble.reason, "spec.auth: " + u.trouble.text, true}
	}
	var with, without, behind []string
	for _, s := range u.speakers {
		switch {
		case s.Mounted && s.Running && s.fault != "":
			return verdict{metav1.ConditionFalse, v1alpha1.ReasonSecretRefused, s.pod + ": " + s.fault, true}
		case s.Mounted:
			with = append(with, s.pod)
		}
		if !s.Same || s.Running && u.wanted != rollout.Off && !s.Good {
			without = append(without, s.pod)
		}
		if s.Mounted && s.Running && s.said.Mode != u.plan.Mode {
			behind = append(behind, s.pod)
		}
	}
	late := func(format string, args ...any) verdict {
		return verdict{metav1.ConditionFalse, v1alpha1.ReasonAuthSwitching, fmt.Sprintf(format, args...), false}
	}
	switch {
	case u.wanted == rollout.Off && len(with) > 0:
		return late("users are taken from %s", strings.Join(with, ", "))
	case u.wanted == rollout.Off:
		return verdict{}
	case len(without) > 0:
		return verdict{metav1.ConditionFalse, v1alpha1.ReasonMembersOpen, fmt.Sprintf("%d of %d members have the users; not yet %s",
			len(u.speakers)-len(without), len(u.speakers), strings.Join(without, ", ")), false}
	case u.plan.Mode != string(u.wanted):
		return late("%s until all members have the users", u.plan.Mode)
	case len(behind) > 0:
		return late("told %s, but not followed yet by %s", u.plan.Mode, strings.Join(behind, ", "))
	}
	text := u.plan.Mode + "; users and keys are in Secret " + u.target.Secret + u.told()
	return verdict{metav1.ConditionTrue, v1alpha1.ReasonAuthApplied, text, false}
}

// told says where the first user's password is.
func (u use) told() string {
	if u.admin == "" {
		return ""
	}
	return ", the password of " + firstUser + " in " + u.admin
}

// authStatus is the part of the cluster's status about auth; nil while it is off.
func (u use) authStatus() *v1alpha1.AuthStatus {
	if u.plan.Mode == "" {
		return nil
	}
	out := &v1alpha1.AuthStatus{Mode: v1alpha1.AuthMode(u.plan.Mode), SecretName: u.plan.Mount.Secret, AdminSecretName: u.admin}
	for _, s := range u.speakers {
		if s.Mounted && s.Good {
			out.ReadyMembers++
		}
	}
	return out
}

// madeUsers is the event of new users and keys, or a new password: of the Secret that
// is written last of those that change.
func (s *scope) madeUsers(secret string) []event {
	u := s.tls.auth
	last := u.target.Secret
	if s.renews(u.admin) {
		last = u.admin
	}
	if !u.own || secret != last || !s.renews(last) {
		return nil
	}
	return []event{{
		corev1.EventTypeNormal, ReasonUsersMade, "Authorize",
		fmt.Sprintf("Secret %s has users and keys, %s the password of %s", u.target.Secret, u.admin, firstUser),
	}}
}

// renews reports whether what is decided for a Secret is something else than it has.
func (s *scope) renews(secret string) bool {
	for _, made := range s.tls.secrets {
		for key, value := range made.Data {
			if made.Name == secret && !bytes.Equal(value, s.kept(secret, key)) {
				return true
			}
		}
	}
	return false
}
