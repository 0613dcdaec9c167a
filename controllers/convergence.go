package controllers

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/distro-naming/naming-operator/api/v1alpha1"
	"github.com/distro-naming/naming-operator/sidecar/report"
)

// blurred is how long registries may change at each look until it is no longer
// taken for granted that members agree.
const blurred = 15 * time.Second

// converged says whether serving members hold the same registry and settings. A silent
// member makes the answer unknown, not false. Registries that change while they are
// compared change the answer only after a while, and then to unknown.
func (v view) converged() metav1.Condition {
	switch {
	case v.holders() == 0:
		return unknown(v1alpha1.Converged, v1alpha1.ReasonNoMemberReady, "no member serves clients")
	case len(v.answers) < v.holders():
		return unknown(v1alpha1.Converged, v1alpha1.ReasonMemberUnreachable, v.silence())
	case len(v.answers) == 1:
		return yes(v1alpha1.Converged, v1alpha1.ReasonSingleMember, "one member serves, and it agrees with itself")
	case report.Agree(v.answers):
		return yes(v1alpha1.Converged, v1alpha1.ReasonDigestsMatch,
			fmt.Sprintf("%d members hold the same registry", len(v.answers)))
	case v.blurs() && meta.IsStatusConditionTrue(v.before, v1alpha1.Converged):
		return yes(v1alpha1.Converged, v1alpha1.ReasonDigestsMatch,
			fmt.Sprintf("%d members held the same registry when it last could be told; it is changing", len(v.answers)))
	case v.changing != nil && (!v.blurs() || !meta.IsStatusConditionFalse(v.before, v1alpha1.Converged)):
		return unknown(v1alpha1.Converged, v1alpha1.ReasonRegistryChanging,
			fmt.Sprintf("registries of %d members change faster than they can be compared, since %s",
				len(v.answers), v.changing.UTC().Format(time.RFC3339)))
	default:
		return v.apart()
	}
}

// apart names the pods that hold something else than most. Settings are the reason
// only where registries are the same.
func (v view) apart() metav1.Condition {
	reason, texts := v1alpha1.ReasonSettingsDiffer, []string{}
	if registry := podsOf(report.Minority(v.answers)); registry != "" {
		reason, texts = v1alpha1.ReasonDigestsDiffer, append(texts, "out of step: "+registry)
	}
	if settings := podsOf(report.SettingsMinority(v.answers)); settings != "" {
		texts = append(texts, "holds other settings of services or instances than most, so clients of it may be told other "+
			"weights or metadata: "+settings)
	}
	return no(v1alpha1.Converged, reason, strings.Join(texts, "; "))
}

// blurs reports whether registries have begun to change so fast that the last
// answer may still be the right one.
func (v view) blurs() bool { return v.changing != nil && v.now.Sub(v.changing.Time) < blurred }

// podsOf names the pods of members.
func podsOf(members []string) string {
	for i, name := range members {
		members[i], _, _ = strings.Cut(name, ".")
	}
	return strings.Join(members, ", ")
}

// holding are the reports of the members that hold a registry, under the names of their pods.
func (s *scope) holding() (out []report.Report) {
	for _, p := range s.pods {
		if said, ok := s.reports[p.address]; ok && p.ready() {
			said.Member = p.Name
			out = append(out, said)
		}
	}
	return out
}

// changing is since when members differ and change from look to look, or nil if
// they are equal, or differ at rest. Members are not asked at the same instant, so
// only what two looks have found, with nothing changed in between, is a difference.
func (s *scope) changing(now time.Time) *metav1.Time {
	answers := s.holding()
	if report.Agree(answers) || !slices.ContainsFunc(answers, s.moved) {
		return nil
	}
	if seen := s.cluster.Status.Convergence; seen != nil && seen.ChangingSince != nil {
		return seen.ChangingSince
	}
	return new(metav1.NewTime(now).Rfc3339Copy())
}

// moved reports whether a pod's member holds something else than at the look before.
func (s *scope) moved(r report.Report) bool {
	return !slices.ContainsFunc(s.cluster.Status.Members, func(m v1alpha1.Member) bool {
		return m.Name == r.Member && m.Digest == r.Digest && m.SettingsDigest == r.SettingsDigest
	})
}

// convergence says what most hold and, if all agree, since when; nil while nobody answers.
func (s *scope) convergence(agree bool, changing *metav1.Time, now time.Time) *v1alpha1.Convergence {
	answers := s.holding()
	if len(answers) == 0 {
		return nil
	}
	registry, settings := report.Minority(answers), report.SettingsMinority(answers)
	out := &v1alpha1.Convergence{ChangingSince: changing}
	for _, a := range answers {
		apart, unset := slices.Contains(registry, a.Member), slices.Contains(settings, a.Member)
		if !apart {
			out.Digest = a.Digest
		}
		if !unset {
			out.SettingsDigest = cmp.Or(a.SettingsDigest, out.SettingsDigest)
		}
		if changing == nil && (apart || unset) {
			out.DivergentMembers = append(out.DivergentMembers, a.Member)
		}
	}
	if agree {
		out.Since = s.agreedSince()
		if out.Since == nil {
			if turned := s.lastTurn(); turned.After(now) {
				now = turned // the node's clock is ahead of ours
			}
			out.Since = new(metav1.NewTime(now).Rfc3339Copy())
		}
	}
	return out
}

// agreedSince is when members came to agree, as far as status tells, or nil. A
// pod that has become ready after that makes it worthless: nobody may have
// looked in between.
func (s *scope) agreedSince() *metav1.Time {
	seen := s.cluster.Status.Convergence
	if seen == nil || seen.Since == nil || s.lastTurn().After(seen.Since.Time) {
		return nil
	}
	return seen.Since
}

// lastTurn is when a pod has last become ready, or not.
func (s *scope) lastTurn() time.Time {
	var last time.Time
	for _, p := range s.pods {
		if turned := p.condition(corev1.PodReady).LastTransitionTime.Time; turned.After(last) {
			last = turned
		}
	}
	return last
}
