package controllers

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/distro-naming/naming-operator/api/v1alpha1"
	"github.com/distro-naming/naming-operator/controllers/resources"
	"github.com/distro-naming/naming-operator/controllers/rollout"
	"github.com/distro-naming/naming-operator/sidecar/member"
	"github.com/distro-naming/naming-operator/sidecar/report"
)

const (
	// soon is how long a member may show nothing at all before that is called a fault.
	soon = 8 * time.Second

	// unheard is how long a ready member may leave the operator without an answer
	// before that is called a fault: two questions, not one that came at a bad time.
	// With what they wait for an answer that is five seconds, about what the
	// kubelet takes to call a member not ready.
	unheard = time.Second

	// patience is how long members may differ, or not serve although they run,
	// before that is called a fault.
	patience = 2 * time.Minute
)

// view is what conditions are computed from. Each condition is a function of it.
type view struct {
	want     int32
	joined   int32 // of those wanted, the ones that have served before
	wishes   wishes
	list     int64           // generation of the list that members should run on
	serving  []string        // pods that clients use
	fenced   []string        // pods that clients could use but are kept from
	answers  []report.Report // of both, in order of ordinal; shorter if some are silent
	updated  int32           // pods that run the newest template
	faults   []fault
	idle     []string     // members that do not serve though nobody keeps clients from them, with their states
	silent   []string     // ready pods that do not answer
	mute     []string     // of those, the ones that have not answered for a while
	cut      []string     // pairs of members that serve and cannot reach each other
	tls      verdict      // about certificates
	auth     verdict      // about users and keys
	changing *metav1.Time // since when registries change faster than they are compared, or nil
	loose    []string     // volumes that no container mounts
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

func newView(s *scope, f rollout.Facts, d rollout.Decision, applyErr error, now time.Time) view {
	v := view{
		want: resources.Replicas(s.cluster), wishes: s.wishes,
		list: s.list(d.Replicas).Generation(), decision: d, err: applyErr,
		before: s.cluster.Status.Conditions, now: now,
	}
	if v.wishes.paused != "" {
		v.list = s.published.Generation()
	}
	for _, m := range s.look(now) {
		if o, ok := resources.Ordinal(s.cluster, m.Name); ok && o < v.want && m.Joined != nil {
			v.joined++
		}
		v.add(m, s.updatedNamed(m.Name), now)
		if said, ok := s.reports[member.Address(m.Address)]; ok && m.holds() {
			v.answers = append(v.answers, said)
		}
	}
	v.updated = s.updatedReplicas(f)
	v.rolling = v.updated < int32(len(s.pods))
	v.cut = s.cut(now)
	v.tls = s.tls.judge(now)
	v.auth = s.tls.auth.judgeAuth()
	v.changing = s.changing(now)
	v.loose = resources.Loose(s.cluster)
	return v
}

// add takes one member into account.
func (v *view) add(m sighting, updated bool, now time.Time) {
	switch {
	case m.holds() && m.Fenced:
		v.fenced = append(v.fenced, m.Name)
	case m.holds():
		v.serving = append(v.serving, m.Name)
	default:
		v.idle = append(v.idle, fmt.Sprintf("%s (%s)", m.Name, m.State))
	}
	if m.State == v1alpha1.MemberSilent {
		v.silent = append(v.silent, m.Name)
		if now.Sub(m.Since.Time) >= unheard {
			v.mute = append(v.mute, m.Name)
		}
	}
	if m.fault != "" {
		v.faults = append(v.faults, fault{pod: m.Name, cause: m.fault, updated: updated})
	}
}

// conditions returns all conditions, in the order of v1alpha1.ConditionTypes.
func (v view) conditions() []metav1.Condition {
	return []metav1.Condition{
		v.ready(), v.available(), v.allReplicasReady(), v.membershipCurrent(), v.converged(), v.tlsReady(), v.authReady(),
		v.progressing(), v.degraded(), v.reconciling(), v.stalled(), v.pausedCondition(),
	}
}

// ready turns True when everybody serves that may, and nobody is known to run
// on an old list, and then endures one missing member: that is what a rolling
// update or a node's maintenance takes, and no reason to alarm anyone. Who has
// not served yet is not missed: growing takes nothing from anybody.
func (v view) ready() metav1.Condition {
	serving, list := int32(len(v.serving)), v.membershipCurrent()
	was := meta.IsStatusConditionTrue(v.before, v1alpha1.Ready)
	switch {
	case v.want == 0:
		return no(v1alpha1.Ready, v1alpha1.ReasonScaledToZero, "no members are wanted")
	case was && serving >= max(1, v.joined-max(1, int32(len(v.fenced)))):
		return yes(v1alpha1.Ready, v1alpha1.ReasonClusterReady, v.count())
	case serving < max(1, v.want-int32(len(v.fenced))):
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
	case int32(v.holders()) >= v.want:
		return no(v1alpha1.AllReplicasReady, v1alpha1.ReasonMembersFenced, v.count())
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
			text := fmt.Sprintf("%s has generation %d", podOf(r), r.Generation)
			if r.Fault != "" {
				text += " and refuses the newest list: " + r.Fault
			}
			lagging = append(lagging, text)
		}
	}
	switch {
	case len(lagging) > 0:
		return no(v1alpha1.MembershipCurrent, v1alpha1.ReasonMemberLagging,
			fmt.Sprintf("the list has generation %d, but %s", v.list, strings.Join(lagging, ", ")))
	case v.holders() == 0:
		return unknown(v1alpha1.MembershipCurrent, v1alpha1.ReasonNoMemberReady, "no member serves clients")
	case len(v.answers) < v.holders():
		return unknown(v1alpha1.MembershipCurrent, v1alpha1.ReasonMemberUnreachable, v.silence())
	default:
		return yes(v1alpha1.MembershipCurrent, v1alpha1.ReasonListApplied,
			fmt.Sprintf("every serving member runs on generation %d of the list", v.list))
	}
}

// doings say what each reason of the planner means.
var doings = map[rollout.Reason]string{
	rollout.Idle:              "the cluster has the wanted shape",
	rollout.ScalingUp:         "members are being added",
	rollout.Draining:          "a member is leaving and hands its clients over",
	rollout.RollingUpdate:     "members are being replaced one at a time",
	rollout.WaitingForMembers: "the next step waits until all members serve clients",
	rollout.WaitingForConvergence: "the next step waits until all members hold the same registry and settings " +
		"and run on the newest list",
	rollout.Settling:           "the next step waits until all members have held the same for spec.minConvergedSeconds",
	rollout.RolloutPaused:      "spec.updateStrategy.rollingUpdate.paused is true: no further member is replaced",
	rollout.PartitionReached:   "spec.updateStrategy.rollingUpdate.partition keeps the other members as they are",
	rollout.WaitingForDeletion: "the update strategy is OnDelete: delete a pod to have its member replaced",
	rollout.WaitingForStatefulSet: "the StatefulSet has not taken up its newest shape: " +
		"a pod that is deleted now may come back as it was",
}

func (v view) progressing() metav1.Condition {
	reason, text := string(v.decision.Reason), doings[v.decision.Reason]
	switch {
	case v.wishes.paused != "":
		return no(v1alpha1.Progressing, v.wishes.paused, v.pause())
	case stalled(v.err):
		return no(v1alpha1.Progressing, stalledReason(v.err), v.err.Error())
	case v.decision.Reason == rollout.Idle:
		return no(v1alpha1.Progressing, reason, text)
	case v.rolling:
		text = fmt.Sprintf("%s; %d of %d have the newest template", text, v.updated, v.want)
	default:
		text = fmt.Sprintf("%s; %s", text, v.count())
	}
	if v.decision.Reason.Resting() {
		return no(v1alpha1.Progressing, reason, text)
	}
	return yes(v1alpha1.Progressing, reason, text)
}

// degraded has the first trouble for its reason and all of them in its message: one
// that passes by itself hides none that waits for somebody.
func (v view) degraded() metav1.Condition {
	all := v.troubles()
	if len(all) == 0 {
		return no(v1alpha1.Degraded, v1alpha1.ReasonHealthy, "nothing needs attention")
	}
	var texts []string
	for _, t := range all {
		texts = append(texts, t.text)
	}
	return yes(v1alpha1.Degraded, all[0].reason, strings.Join(texts, "; also: "))
}

// troubles are what needs attention, what takes most from clients first.
func (v view) troubles() (out []trouble) {
	add := func(is bool, reason, text string) {
		if is {
			out = append(out, trouble{reason, text})
		}
	}
	if len(v.faults) > 0 {
		out = append(out, v.worst())
	}
	add(len(v.cut) > 0, v1alpha1.ReasonPeersUnreachable, strings.Join(v.cut, "; ")+
		": check the network between their pods, port 9849, and NetworkPolicies")
	add(len(v.mute) > 0, v1alpha1.ReasonMemberUnreachable, v.silence())
	before, now := meta.FindStatusCondition(v.before, v1alpha1.Converged), v.converged()
	add(now.Status == metav1.ConditionFalse && before != nil && before.Status == metav1.ConditionFalse &&
		v.now.Sub(before.LastTransitionTime.Time) >= patience, v1alpha1.ReasonDivergedTooLong, now.Message)
	held := v.braked()
	add(held != "", v1alpha1.ReasonMassLoss, held)
	add(v.tls.help, v1alpha1.ReasonTLSNotReady, v.tls.text)
	add(v.auth.help, v1alpha1.ReasonAuthNotReady, v.auth.text)
	add(len(v.wishes.problems) > 0, v1alpha1.ReasonInvalidAnnotation, strings.Join(v.wishes.problems, "; "))
	add(v.wishes.unchecked, v1alpha1.ReasonConvergenceCheckSkipped, "members are replaced and removed without having agreed: "+
		"remove the annotation "+v1alpha1.SkipCheckAnnotation+" when the emergency is over")
	return out
}

// worst is what is said of members that cannot start or keep failing: of one that
// holds a rollout up, if there is one.
func (v view) worst() trouble {
	for _, f := range v.faults {
		if f.updated && v.rolling {
			return trouble{v1alpha1.ReasonRolloutStuck, f.pod + " has the newest template: " + f.cause}
		}
	}
	return trouble{v1alpha1.ReasonMemberDown, v.faults[0].pod + ": " + v.faults[0].cause}
}

// braked names the members that hold what services lost at once, or is empty.
func (v view) braked() string {
	var holding []string
	for _, r := range v.answers {
		if r.Braked > 0 {
			holding = append(holding, fmt.Sprintf("%s holds instances of %d of %d services as unhealthy", podOf(r), r.Braked, r.Services))
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
	case v.wishes.paused != "":
		return no(v1alpha1.Reconciling, v.wishes.paused, v.pause())
	case stalled(v.err):
		return no(v1alpha1.Reconciling, stalledReason(v.err), v.err.Error())
	case v.err != nil:
		return yes(v1alpha1.Reconciling, v1alpha1.ReasonApplyFailed, v.err.Error()+"; trying again")
	case progress.Status == metav1.ConditionTrue:
		return yes(v1alpha1.Reconciling, progress.Reason, progress.Message)
	default:
		return no(v1alpha1.Reconciling, v1alpha1.ReasonUpToDate, "the newest spec is applied"+v.remark())
	}
}

// remark tells of volumes that no container mounts: the kubelet does not look at
// them, so whatever is wrong with them shows nowhere.
func (v view) remark() string {
	if len(v.loose) == 0 {
		return ""
	}
	return "; no container mounts what spec.template.volumes has as " + strings.Join(v.loose, ", ") +
		", so nobody notices if it is missing: mount it or remove it"
}

func (v view) stalled() metav1.Condition {
	if stalled(v.err) {
		return yes(v1alpha1.Stalled, stalledReason(v.err), v.err.Error())
	}
	return no(v1alpha1.Stalled, v1alpha1.ReasonProceeding, "nothing needs a human")
}

func (v view) pausedCondition() metav1.Condition {
	if v.wishes.paused != "" {
		return yes(v1alpha1.Paused, v.wishes.paused, v.pause())
	}
	return no(v1alpha1.Paused, v1alpha1.ReasonNotPaused, "the operator acts")
}

// pause says what holds the operator back.
func (v view) pause() string {
	what := "spec.paused is true"
	if v.wishes.paused == v1alpha1.ReasonPausedByAnnotation {
		what = `the annotation ` + v1alpha1.PauseAnnotation + ` is "true"`
	}
	return what + ": nothing is changed, status is reported"
}

// holders is the number of members that hold a registry, fenced or not.
func (v view) holders() int { return len(v.serving) + len(v.fenced) }

func (v view) count() string {
	text := fmt.Sprintf("%d of %d members serve clients", len(v.serving), v.want)
	if len(v.fenced) > 0 {
		text += "; clients are kept from " + strings.Join(v.fenced, ", ")
	}
	if len(v.idle) > 0 {
		text += "; not " + strings.Join(v.idle, ", ")
	}
	return text
}

// podOf is the name of the pod that r is from.
func podOf(r report.Report) string {
	name, _, _ := strings.Cut(r.Member, ".")
	return name
}

func (v view) silence() string {
	return fmt.Sprintf("%d of %d members answered the operator; silent: %s: "+
		"look at their nodes and logs, and whether NetworkPolicies let the operator reach port 8080",
		len(v.answers), v.holders(), strings.Join(v.silent, ", "))
}

func stalledReason(err error) string {
	if errors.Is(err, errForeign) {
		return v1alpha1.ReasonForeignObject
	}
	return v1alpha1.ReasonInvalidSpec
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
