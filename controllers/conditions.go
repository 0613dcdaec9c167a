package controllers

import (
	"errors"
	"fmt"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/distro-naming/naming-operator/api/v1alpha1"
	"github.com/distro-naming/naming-operator/controllers/resources"
	"github.com/distro-naming/naming-operator/controllers/rollout"
	"github.com/distro-naming/naming-operator/sidecar/report"
)

// patience is how long members may differ, or be down for no visible reason,
// before that is called a fault.
const patience = 2 * time.Minute

// view is what conditions are computed from. Each condition is a function of it.
type view struct {
	want     int32
	paused   bool
	list     int64           // generation of the list that members should run on
	serving  []string        // pods that clients use
	answers  []report.Report // of those, in order; shorter if some are silent
	updated  int             // pods that run the newest template
	faults   []fault
	rolling  bool
	decision rollout.Decision
	err      error // of applying
	before   []metav1.Condition
	now      time.Time
}

// fault is a member that cannot start or keeps failing, and why.
type fault struct {
	pod     string
	cause   string
	updated bool // it runs the newest template
}

func newView(s *scope, d rollout.Decision, applyErr error, now time.Time) view {
	v := view{
		want: resources.Replicas(s.cluster), paused: s.cluster.Spec.Paused,
		list: s.list(d.Replicas).Generation(), decision: d, err: applyErr,
		before: s.cluster.Status.Conditions, now: now,
	}
	if v.paused {
		v.list = s.published.Generation()
	}
	for _, p := range s.pods {
		if s.updated(p) {
			v.updated++
		}
		v.rolling = v.rolling || !s.updated(p)
		if cause := p.trouble(now); cause != "" {
			v.faults = append(v.faults, fault{pod: p.Name, cause: cause, updated: s.updated(p)})
		}
		if !p.serves() {
			continue
		}
		v.serving = append(v.serving, p.Name)
		if said, ok := s.reports[p.address]; ok {
			v.answers = append(v.answers, said)
		}
	}
	return v
}

// conditions returns all conditions, in the order of v1alpha1.ConditionTypes.
func (v view) conditions() []metav1.Condition {
	return []metav1.Condition{
		v.ready(), v.available(), v.allReplicasReady(), v.membershipCurrent(), v.converged(),
		v.progressing(), v.degraded(), v.reconciling(), v.stalled(), v.pausedCondition(),
	}
}

// ready turns True when everybody serves and nobody is known to run on an old
// list, and then endures one missing member: that is what a rolling update or
// a node's maintenance takes, and no reason to alarm anyone.
func (v view) ready() metav1.Condition {
	serving, list := int32(len(v.serving)), v.membershipCurrent()
	was := meta.IsStatusConditionTrue(v.before, v1alpha1.Ready)
	switch {
	case v.want == 0:
		return no(v1alpha1.Ready, v1alpha1.ReasonScaledToZero, "no members are wanted")
	case was && serving >= max(1, v.want-1):
		return yes(v1alpha1.Ready, v1alpha1.ReasonClusterReady, v.count())
	case serving < v.want:
		return no(v1alpha1.Ready, v1alpha1.ReasonMembersNotReady, v.count())
	case list.Status == metav1.ConditionFalse:
		return no(v1alpha1.Ready, list.Reason, list.Message)
	default:
		return yes(v1alpha1.Ready, v1alpha1.ReasonClusterReady, v.count())
	}
}

func (v view) available() metav1.Condition {
	switch {
	case len(v.serving) > 0:
		return yes(v1alpha1.Available, v1alpha1.ReasonAtLeastOneMemberReady, "clients are served")
	case v.want == 0:
		return no(v1alpha1.Available, v1alpha1.ReasonScaledToZero, "no members are wanted")
	default:
		return no(v1alpha1.Available, v1alpha1.ReasonNoMemberReady, "no member serves clients")
	}
}

func (v view) allReplicasReady() metav1.Condition {
	switch {
	case v.want == 0:
		return yes(v1alpha1.AllReplicasReady, v1alpha1.ReasonScaledToZero, "no members are wanted")
	case int32(len(v.serving)) >= v.want:
		return yes(v1alpha1.AllReplicasReady, v1alpha1.ReasonAllPodsAreReady, v.count())
	default:
		return no(v1alpha1.AllReplicasReady, v1alpha1.ReasonNotAllPodsReady, v.count())
	}
}

// membershipCurrent says whether serving members run on the newest list. A
// member that is known to lag outweighs one that is silent.
func (v view) membershipCurrent() metav1.Condition {
	var lagging []string
	for _, r := range v.answers {
		if r.Generation != v.list {
			lagging = append(lagging, fmt.Sprintf("%s has generation %d", r.Member, r.Generation))
		}
	}
	switch {
	case len(lagging) > 0:
		return no(v1alpha1.MembershipCurrent, v1alpha1.ReasonMemberLagging,
			fmt.Sprintf("the list has generation %d, but %s", v.list, strings.Join(lagging, ", ")))
	case len(v.serving) == 0:
		return unknown(v1alpha1.MembershipCurrent, v1alpha1.ReasonNoMemberReady, "no member serves clients")
	case len(v.answers) < len(v.serving):
		return unknown(v1alpha1.MembershipCurrent, v1alpha1.ReasonMemberUnreachable, v.silence())
	default:
		return yes(v1alpha1.MembershipCurrent, v1alpha1.ReasonListApplied,
			fmt.Sprintf("every serving member runs on generation %d of the list", v.list))
	}
}

// converged says whether serving members hold the same registry. A silent
// member makes the answer unknown, not false.
func (v view) converged() metav1.Condition {
	switch {
	case len(v.serving) == 0:
		return unknown(v1alpha1.Converged, v1alpha1.ReasonNoMemberReady, "no member serves clients")
	case len(v.answers) < len(v.serving):
		return unknown(v1alpha1.Converged, v1alpha1.ReasonMemberUnreachable, v.silence())
	case len(v.answers) == 1:
		return yes(v1alpha1.Converged, v1alpha1.ReasonSingleMember, "one member serves, and it agrees with itself")
	case report.SameDigest(v.answers):
		return yes(v1alpha1.Converged, v1alpha1.ReasonDigestsMatch,
			fmt.Sprintf("%d members hold the same registry", len(v.answers)))
	default:
		return no(v1alpha1.Converged, v1alpha1.ReasonDigestsDiffer,
			"out of step: "+strings.Join(report.Minority(v.answers), ", "))
	}
}

func (v view) progressing() metav1.Condition {
	texts := map[rollout.Reason]string{
		rollout.ScalingUp:         "members are being added",
		rollout.Draining:          "a member is leaving and hands its clients over",
		rollout.RollingUpdate:     "members are being replaced one at a time",
		rollout.WaitingForMembers: "the next step waits until all members serve clients",
		rollout.WaitingForConvergence: "the next step waits until all members hold the same registry " +
			"and run on the newest list",
	}
	reason := string(v.decision.Reason)
	switch text, busy := texts[v.decision.Reason]; {
	case v.paused:
		return no(v1alpha1.Progressing, v1alpha1.ReasonPausedBySpec, "nothing is changed while spec.paused is true")
	case stalled(v.err):
		return no(v1alpha1.Progressing, stalledReason(v.err), v.err.Error())
	case !busy:
		return no(v1alpha1.Progressing, v1alpha1.ReasonIdle, "the cluster has the wanted shape")
	case v.rolling:
		return yes(v1alpha1.Progressing, reason, fmt.Sprintf("%s; %d of %d have the newest template", text, v.updated, v.want))
	default:
		return yes(v1alpha1.Progressing, reason, fmt.Sprintf("%s; %s", text, v.count()))
	}
}

func (v view) degraded() metav1.Condition {
	for _, f := range v.faults {
		if f.updated && v.rolling {
			return yes(v1alpha1.Degraded, v1alpha1.ReasonRolloutStuck, f.pod+" has the newest template: "+f.cause)
		}
	}
	if len(v.faults) > 0 {
		return yes(v1alpha1.Degraded, v1alpha1.ReasonMemberDown, v.faults[0].pod+": "+v.faults[0].cause)
	}
	before := meta.FindStatusCondition(v.before, v1alpha1.Converged)
	differ := v.converged().Status == metav1.ConditionFalse
	if differ && before != nil && before.Status == metav1.ConditionFalse && v.now.Sub(before.LastTransitionTime.Time) >= patience {
		return yes(v1alpha1.Degraded, v1alpha1.ReasonDivergedTooLong, v.converged().Message)
	}
	if held := v.braked(); held != "" {
		return yes(v1alpha1.Degraded, v1alpha1.ReasonMassLoss, held)
	}
	return no(v1alpha1.Degraded, v1alpha1.ReasonHealthy, "nothing needs attention")
}

// braked names the members that hold what services lost at once, or is empty.
func (v view) braked() string {
	var holding []string
	for _, r := range v.answers {
		if r.Braked > 0 {
			holding = append(holding, fmt.Sprintf("%s holds instances of %d services as unhealthy", r.Member, r.Braked))
		}
	}
	if len(holding) == 0 {
		return ""
	}
	return strings.Join(holding, ", ") + ", since too many were lost at once"
}

func (v view) reconciling() metav1.Condition {
	progress := v.progressing()
	switch {
	case v.paused:
		return no(v1alpha1.Reconciling, v1alpha1.ReasonPausedBySpec, "nothing is changed while spec.paused is true")
	case stalled(v.err):
		return no(v1alpha1.Reconciling, stalledReason(v.err), v.err.Error())
	case v.err != nil:
		return yes(v1alpha1.Reconciling, v1alpha1.ReasonApplyFailed, v.err.Error()+"; trying again")
	case progress.Status == metav1.ConditionTrue:
		return yes(v1alpha1.Reconciling, progress.Reason, progress.Message)
	default:
		return no(v1alpha1.Reconciling, v1alpha1.ReasonUpToDate, "the newest spec is applied")
	}
}

func (v view) stalled() metav1.Condition {
	if stalled(v.err) {
		return yes(v1alpha1.Stalled, stalledReason(v.err), v.err.Error())
	}
	return no(v1alpha1.Stalled, v1alpha1.ReasonProceeding, "nothing needs a human")
}

func (v view) pausedCondition() metav1.Condition {
	if v.paused {
		return yes(v1alpha1.Paused, v1alpha1.ReasonPausedBySpec, "spec.paused is true: nothing is changed, status is reported")
	}
	return no(v1alpha1.Paused, v1alpha1.ReasonNotPaused, "the operator acts")
}

func (v view) count() string {
	return fmt.Sprintf("%d of %d members serve clients", len(v.serving), v.want)
}

func (v view) silence() string {
	return fmt.Sprintf("%d of %d serving members answered", len(v.answers), len(v.serving))
}

func stalledReason(err error) string {
	if errors.Is(err, errForeign) {
		return v1alpha1.ReasonForeignObject
	}
	return v1alpha1.ReasonInvalidSpec
}

// fatal are the reasons of waiting containers that time alone does not cure.
var fatal = map[string]bool{
	"CrashLoopBackOff": true, "ErrImagePull": true, "ImagePullBackOff": true, "InvalidImageName": true,
	"ErrImageNeverPull": true, "CreateContainerConfigError": true, "CreateContainerError": true, "RunContainerError": true,
}

// trouble says why p cannot serve, or "" if nothing is known to be wrong.
func (p pod) trouble(now time.Time) string {
	if !p.DeletionTimestamp.IsZero() || p.serves() {
		return ""
	}
	if c := p.condition(corev1.PodScheduled); c.Status == corev1.ConditionFalse {
		return "no node for it: " + c.Message
	}
	for _, statuses := range [][]corev1.ContainerStatus{p.Status.InitContainerStatuses, p.Status.ContainerStatuses} {
		for _, c := range statuses {
			if w := c.State.Waiting; w != nil && fatal[w.Reason] {
				return fmt.Sprintf("container %s: %s: %s", c.Name, w.Reason, w.Message)
			}
		}
	}
	if c := p.condition(corev1.PodReady); c.Status == corev1.ConditionFalse && now.Sub(c.LastTransitionTime.Time) >= patience {
		return "it has not served clients for more than two minutes"
	}
	return ""
}

func yes(kind, reason, message string) metav1.Condition {
	return metav1.Condition{Type: kind, Status: metav1.ConditionTrue, Reason: reason, Message: message}
}

func no(kind, reason, message string) metav1.Condition {
	return metav1.Condition{Type: kind, Status: metav1.ConditionFalse, Reason: reason, Message: message}
}

func unknown(kind, reason, message string) metav1.Condition {
	return metav1.Condition{Type: kind, Status: metav1.ConditionUnknown, Reason: reason, Message: message}
}
