package controllers

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/distro-naming/naming-operator/api/v1alpha1"
	"github.com/distro-naming/naming-operator/controllers/rollout"
	"github.com/distro-naming/naming-operator/sidecar/report"
)

var noon = time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)

// says is the report of a member that runs on generation g of the list.
func says(name string, g int64, digest string) report.Report {
	return report.Report{Member: name, Generation: g, Digest: digest, Loaded: true}
}

// healthy is a cluster of three that is all right.
func healthy() view {
	return view{
		want: 3, joined: 3, list: 7, now: noon, updated: 3,
		serving:  []string{"demo-0", "demo-1", "demo-2"},
		answers:  []report.Report{says("a", 7, "d"), says("b", 7, "d"), says("c", 7, "d")},
		decision: rollout.Decision{Replicas: 3, Reason: rollout.Idle},
	}
}

// with returns a healthy view after the changes.
func with(changes ...func(*view)) view {
	v := healthy()
	for _, change := range changes {
		change(&v)
	}
	return v
}

func serving(n int) func(*view) {
	return func(v *view) { v.serving, v.answers = v.serving[:n], v.answers[:min(n, len(v.answers))] }
}

// fencing keeps clients from the last n members; they still answer.
func fencing(n int) func(*view) {
	return func(v *view) {
		v.fenced, v.serving = v.serving[len(v.serving)-n:], v.serving[:len(v.serving)-n]
	}
}
func answering(n int) func(*view) { return func(v *view) { v.answers = v.answers[:n] } }
func wanting(n int32) func(*view) { return func(v *view) { v.want, v.joined = n, n } }
func joined(n int32) func(*view)  { return func(v *view) { v.joined = n } }
func lagging(v *view)             { v.answers[1].Generation = 6 }
func differing(v *view)           { v.answers[2].Digest = "other" }
func settled(digests ...string) func(*view) {
	return func(v *view) {
		for i, d := range digests {
			v.answers[i].SettingsDigest = d
		}
	}
}

func changing(since time.Duration) func(*view) {
	return func(v *view) { v.changing = new(metav1.NewTime(noon.Add(-since))) }
}
func braked(v *view)                     { v.answers[1].Braked, v.answers[1].Services = 1, 4 }
func paused(v *view)                     { v.wishes.paused = v1alpha1.ReasonPausedBySpec }
func noted(v *view)                      { v.wishes.paused = v1alpha1.ReasonPausedByAnnotation }
func apart(v *view)                      { v.cut = []string{"demo-0 and demo-2 do not reach each other"} }
func mute(v *view)                       { v.mute = []string{"demo-2"} }
func unchecked(v *view)                  { v.wishes.unchecked = true }
func puzzled(v *view)                    { v.wishes.problems = []string{"annotation pause is \"maybe\""} }
func rolling(v *view)                    { v.rolling, v.updated = true, 1 }
func doing(r rollout.Reason) func(*view) { return func(v *view) { v.decision.Reason = r } }
func failing(err error) func(*view)      { return func(v *view) { v.err = err } }
func faulty(pod string, updated bool) func(*view) {
	return func(v *view) {
		v.faults = append(v.faults, fault{pod: pod, cause: "ImagePullBackOff", updated: updated})
	}
}

func before(kind string, s metav1.ConditionStatus, since time.Duration) func(*view) {
	return func(v *view) {
		v.before = []metav1.Condition{{Type: kind, Status: s, LastTransitionTime: metav1.NewTime(noon.Add(-since))}}
	}
}

var (
	wasReady = before(v1alpha1.Ready, metav1.ConditionTrue, 0)
	foreign  = failing(fmt.Errorf("apply Service demo: %w", errForeign))
	invalid  = failing(fmt.Errorf("apply Service demo: %w",
		apierrors.NewInvalid(schema.GroupKind{Kind: "Service"}, "demo", nil)))
	transient = failing(errors.New("apply Service demo: no connection"))
)

// row is one view and what a condition says about it.
type row struct {
	view   view
	status metav1.ConditionStatus
	reason string
}

// check runs rows against one condition.
func check(t *testing.T, condition func(view) metav1.Condition, rows map[string]row) {
	t.Helper()
	for name, tc := range rows {
		t.Run(name, func(t *testing.T) {
			got := condition(tc.view)
			if got.Status != tc.status || got.Reason != tc.reason {
				t.Errorf("%s = %s, %s (%s), want %s, %s", got.Type, got.Status, got.Reason, got.Message, tc.status, tc.reason)
			}
			if got.Message == "" {
				t.Errorf("%s has no message", got.Type)
			}
			note(t, got)
		})
	}
}

// written collects the conditions that tests have seen, so that
// TestEveryMeaningIsTested knows which rows of the reference are true.
var written = map[v1alpha1.Meaning]bool{}

// note wants a row of the reference for a condition that was written.
func note(t *testing.T, c metav1.Condition) {
	t.Helper()
	for _, m := range v1alpha1.Meanings {
		if m.Type == c.Type && m.Status == c.Status && m.Reason == c.Reason {
			written[m] = true
			return
		}
	}
	t.Errorf("the reference has no row for %s=%s, %s", c.Type, c.Status, c.Reason)
}

func TestReady(t *testing.T) {
	check(t, view.ready, map[string]row{
		"everybody serves on the newest list": {with(), metav1.ConditionTrue, v1alpha1.ReasonClusterReady},
		"a new cluster needs all":             {with(serving(2)), metav1.ConditionFalse, v1alpha1.ReasonMembersNotReady},
		"one may be missing later":            {with(serving(2), wasReady), metav1.ConditionTrue, v1alpha1.ReasonClusterReady},
		"new ones are not missing yet":        {with(wanting(9), joined(3), wasReady), metav1.ConditionTrue, v1alpha1.ReasonClusterReady},
		"while one of the others may be":      {with(wanting(9), joined(3), serving(2), wasReady), metav1.ConditionTrue, v1alpha1.ReasonClusterReady},
		"and two may not":                     {with(wanting(9), joined(3), serving(1), wasReady), metav1.ConditionFalse, v1alpha1.ReasonMembersNotReady},
		"two may not":                         {with(serving(1), wasReady), metav1.ConditionFalse, v1alpha1.ReasonMembersNotReady},
		"the only member may not": {
			with(serving(0), wanting(1), wasReady), metav1.ConditionFalse, v1alpha1.ReasonMembersNotReady,
		},
		"an old list holds it up at first":       {with(lagging), metav1.ConditionFalse, v1alpha1.ReasonMemberLagging},
		"an old list is no alarm later":          {with(lagging, wasReady), metav1.ConditionTrue, v1alpha1.ReasonClusterReady},
		"silence towards the operator is no bar": {with(answering(0)), metav1.ConditionTrue, v1alpha1.ReasonClusterReady},
		"different registries are no bar":        {with(differing), metav1.ConditionTrue, v1alpha1.ReasonClusterReady},
		"those that may serve do":                {with(fencing(1)), metav1.ConditionTrue, v1alpha1.ReasonClusterReady},
		"a fence around all but one":             {with(fencing(2), wasReady), metav1.ConditionTrue, v1alpha1.ReasonClusterReady},
		"a fence around all":                     {with(fencing(3), wasReady), metav1.ConditionFalse, v1alpha1.ReasonMembersNotReady},
		"nobody is wanted": {
			with(serving(0), wanting(0), wasReady), metav1.ConditionFalse, v1alpha1.ReasonScaledToZero,
		},
	})
}

func TestAvailable(t *testing.T) {
	check(t, view.available, map[string]row{
		"one serves":       {with(serving(1)), metav1.ConditionTrue, v1alpha1.ReasonAtLeastOneMemberReady},
		"none serves":      {with(serving(0)), metav1.ConditionFalse, v1alpha1.ReasonNoMemberReady},
		"nobody is wanted": {with(serving(0), wanting(0)), metav1.ConditionFalse, v1alpha1.ReasonScaledToZero},
	})
}

func TestAllReplicasReady(t *testing.T) {
	check(t, view.allReplicasReady, map[string]row{
		"all are":          {with(), metav1.ConditionTrue, v1alpha1.ReasonAllPodsAreReady},
		"one is not":       {with(serving(2), wasReady), metav1.ConditionFalse, v1alpha1.ReasonNotAllPodsReady},
		"one is fenced":    {with(fencing(1)), metav1.ConditionFalse, v1alpha1.ReasonMembersFenced},
		"more than wanted": {with(wanting(2)), metav1.ConditionTrue, v1alpha1.ReasonAllPodsAreReady},
		"all of none":      {with(serving(0), wanting(0)), metav1.ConditionTrue, v1alpha1.ReasonScaledToZero},
	})
}

func TestMembershipCurrent(t *testing.T) {
	check(t, view.membershipCurrent, map[string]row{
		"all have it":         {with(), metav1.ConditionTrue, v1alpha1.ReasonListApplied},
		"one lags":            {with(lagging), metav1.ConditionFalse, v1alpha1.ReasonMemberLagging},
		"one is silent":       {with(answering(2)), metav1.ConditionUnknown, v1alpha1.ReasonMemberUnreachable},
		"a laggard outweighs": {with(lagging, answering(2)), metav1.ConditionFalse, v1alpha1.ReasonMemberLagging},
		"a fenced one counts": {with(lagging, fencing(2)), metav1.ConditionFalse, v1alpha1.ReasonMemberLagging},
		"nobody serves":       {with(serving(0)), metav1.ConditionUnknown, v1alpha1.ReasonNoMemberReady},
	})
}

func TestConverged(t *testing.T) {
	check(t, view.converged, map[string]row{
		"all agree":            {with(), metav1.ConditionTrue, v1alpha1.ReasonDigestsMatch},
		"one differs":          {with(differing), metav1.ConditionFalse, v1alpha1.ReasonDigestsDiffer},
		"a fenced one differs": {with(differing, fencing(1)), metav1.ConditionFalse, v1alpha1.ReasonDigestsDiffer},
		"settings agree":       {with(settled("s", "s", "s")), metav1.ConditionTrue, v1alpha1.ReasonDigestsMatch},
		"settings differ":      {with(settled("s", "s", "t")), metav1.ConditionFalse, v1alpha1.ReasonSettingsDiffer},
		"registries as well":   {with(settled("s", "t", "s"), differing), metav1.ConditionFalse, v1alpha1.ReasonDigestsDiffer},
		"one tells none":       {with(settled("s", "", "s")), metav1.ConditionTrue, v1alpha1.ReasonDigestsMatch},
		"settings differ, and are changing": {
			with(settled("s", "s", "t"), changing(blurred-1), before(v1alpha1.Converged, metav1.ConditionTrue, 0)),
			metav1.ConditionTrue, v1alpha1.ReasonDigestsMatch,
		},
		"they agreed, and are changing": {
			with(differing, changing(blurred-1), before(v1alpha1.Converged, metav1.ConditionTrue, 0)), metav1.ConditionTrue, v1alpha1.ReasonDigestsMatch,
		},
		"they differed, and are changing": {
			with(differing, changing(blurred-1), before(v1alpha1.Converged, metav1.ConditionFalse, 0)), metav1.ConditionFalse, v1alpha1.ReasonDigestsDiffer,
		},
		"nobody has known yet": {with(differing, changing(0)), metav1.ConditionUnknown, v1alpha1.ReasonRegistryChanging},
		"they have been changing for long": {
			with(differing, changing(blurred), before(v1alpha1.Converged, metav1.ConditionTrue, time.Hour)),
			metav1.ConditionUnknown, v1alpha1.ReasonRegistryChanging,
		},
		"one is silent": {with(differing, answering(2)), metav1.ConditionUnknown, v1alpha1.ReasonMemberUnreachable},
		"one serves":    {with(serving(1)), metav1.ConditionTrue, v1alpha1.ReasonSingleMember},
		"nobody serves": {with(serving(0)), metav1.ConditionUnknown, v1alpha1.ReasonNoMemberReady},
	})
}

func TestProgressing(t *testing.T) {
	check(t, view.progressing, map[string]row{
		"nothing to do":    {with(), metav1.ConditionFalse, v1alpha1.ReasonIdle},
		"members added":    {with(doing(rollout.ScalingUp)), metav1.ConditionTrue, v1alpha1.ReasonScalingUp},
		"a member leaves":  {with(doing(rollout.Draining)), metav1.ConditionTrue, v1alpha1.ReasonDraining},
		"one by one":       {with(doing(rollout.RollingUpdate), rolling), metav1.ConditionTrue, v1alpha1.ReasonRollingUpdate},
		"wait for members": {with(doing(rollout.WaitingForMembers)), metav1.ConditionTrue, v1alpha1.ReasonWaitingForMembers},
		"wait for digests": {with(doing(rollout.WaitingForConvergence)), metav1.ConditionTrue, v1alpha1.ReasonWaitingForConvergence},
		"wait for time":    {with(doing(rollout.Settling)), metav1.ConditionTrue, v1alpha1.ReasonSettling},
		"held back":        {with(doing(rollout.RolloutPaused), rolling), metav1.ConditionFalse, v1alpha1.ReasonRolloutPaused},
		"as far as wanted": {with(doing(rollout.PartitionReached), rolling), metav1.ConditionFalse, v1alpha1.ReasonPartitionReached},
		"wait for the set": {with(doing(rollout.WaitingForStatefulSet)), metav1.ConditionTrue, v1alpha1.ReasonWaitingForStatefulSet},
		"left to users":    {with(doing(rollout.WaitingForDeletion), rolling), metav1.ConditionFalse, v1alpha1.ReasonWaitingForDeletion},
		"paused":           {with(doing(rollout.RollingUpdate), paused), metav1.ConditionFalse, v1alpha1.ReasonPausedBySpec},
		"paused by a note": {with(doing(rollout.RollingUpdate), noted), metav1.ConditionFalse, v1alpha1.ReasonPausedByAnnotation},
		"stalled":          {with(doing(rollout.RollingUpdate), foreign), metav1.ConditionFalse, v1alpha1.ReasonForeignObject},
		"refused":          {with(doing(rollout.RollingUpdate), invalid), metav1.ConditionFalse, v1alpha1.ReasonInvalidSpec},
	})
}

func TestDegraded(t *testing.T) {
	check(t, view.degraded, map[string]row{
		"all is well":           {with(), metav1.ConditionFalse, v1alpha1.ReasonHealthy},
		"a member cannot start": {with(faulty("demo-1", true)), metav1.ConditionTrue, v1alpha1.ReasonMemberDown},
		"the update cannot start": {
			with(faulty("demo-0", false), faulty("demo-2", true), rolling), metav1.ConditionTrue, v1alpha1.ReasonRolloutStuck,
		},
		"members that are cut off": {with(apart), metav1.ConditionTrue, v1alpha1.ReasonPeersUnreachable},
		"a member that says nothing for a while": {
			with(answering(2), mute), metav1.ConditionTrue, v1alpha1.ReasonMemberUnreachable,
		},
		"differing for long": {
			with(differing, before(v1alpha1.Converged, metav1.ConditionFalse, patience)),
			metav1.ConditionTrue, v1alpha1.ReasonDivergedTooLong,
		},
		"a note that means nothing": {with(puzzled), metav1.ConditionTrue, v1alpha1.ReasonInvalidAnnotation},
		"nobody has to agree":       {with(unchecked), metav1.ConditionTrue, v1alpha1.ReasonConvergenceCheckSkipped},
		"a member outweighs notes": {
			with(puzzled, unchecked, faulty("demo-1", true)), metav1.ConditionTrue, v1alpha1.ReasonMemberDown,
		},
		"not yet": {
			with(differing, before(v1alpha1.Converged, metav1.ConditionFalse, patience-time.Second)),
			metav1.ConditionFalse, v1alpha1.ReasonHealthy,
		},
		"many instances were lost at once": {with(braked), metav1.ConditionTrue, v1alpha1.ReasonMassLoss},
		"a member that is down tells more": {with(braked, faulty("demo-1", true)), metav1.ConditionTrue, v1alpha1.ReasonMemberDown},
		"it was another difference": {
			with(differing, before(v1alpha1.Converged, metav1.ConditionTrue, time.Hour)), metav1.ConditionFalse, v1alpha1.ReasonHealthy,
		},
	})
}

func TestMassLossNamesMembersAndServices(t *testing.T) {
	got := with(braked).degraded().Message
	want := "b holds instances of 1 of 4 services as unhealthy, since too many were lost at once"
	if got != want {
		t.Errorf("message %q, want %q", got, want)
	}
}

// What passes by itself within a minute hides nothing that a human has to mend.
func TestDegradedTellsAllThatNeedsAttention(t *testing.T) {
	got := with(braked, puzzled, func(v *view) { v.auth = verdict{text: "Secret demo-auth: users are missing", help: true} }).degraded()
	want := "b holds instances of 1 of 4 services as unhealthy, since too many were lost at once" +
		"; also: Secret demo-auth: users are missing; also: annotation pause is \"maybe\""
	if got.Reason != v1alpha1.ReasonMassLoss || got.Message != want {
		t.Errorf("%s: %q, want %s: %q", got.Reason, got.Message, v1alpha1.ReasonMassLoss, want)
	}
}

func TestReconciling(t *testing.T) {
	check(t, view.reconciling, map[string]row{
		"up to date":        {with(), metav1.ConditionFalse, v1alpha1.ReasonUpToDate},
		"under way":         {with(doing(rollout.Draining)), metav1.ConditionTrue, v1alpha1.ReasonDraining},
		"members added":     {with(doing(rollout.ScalingUp)), metav1.ConditionTrue, v1alpha1.ReasonScalingUp},
		"one by one":        {with(doing(rollout.RollingUpdate), rolling), metav1.ConditionTrue, v1alpha1.ReasonRollingUpdate},
		"wait for members":  {with(doing(rollout.WaitingForMembers)), metav1.ConditionTrue, v1alpha1.ReasonWaitingForMembers},
		"wait for digests":  {with(doing(rollout.WaitingForConvergence)), metav1.ConditionTrue, v1alpha1.ReasonWaitingForConvergence},
		"wait for time":     {with(doing(rollout.Settling)), metav1.ConditionTrue, v1alpha1.ReasonSettling},
		"wait for the set":  {with(doing(rollout.WaitingForStatefulSet)), metav1.ConditionTrue, v1alpha1.ReasonWaitingForStatefulSet},
		"refused":           {with(doing(rollout.Draining), invalid), metav1.ConditionFalse, v1alpha1.ReasonInvalidSpec},
		"trying again":      {with(transient), metav1.ConditionTrue, v1alpha1.ReasonApplyFailed},
		"not while stalled": {with(doing(rollout.Draining), foreign), metav1.ConditionFalse, v1alpha1.ReasonForeignObject},
		"not while paused":  {with(doing(rollout.Draining), paused), metav1.ConditionFalse, v1alpha1.ReasonPausedBySpec},
		"nor by a note":     {with(doing(rollout.Draining), noted), metav1.ConditionFalse, v1alpha1.ReasonPausedByAnnotation},
		"not while held":    {with(doing(rollout.RolloutPaused), rolling), metav1.ConditionFalse, v1alpha1.ReasonUpToDate},
	})
}

func TestStalled(t *testing.T) {
	check(t, view.stalled, map[string]row{
		"all is well":      {with(), metav1.ConditionFalse, v1alpha1.ReasonProceeding},
		"trying again":     {with(transient), metav1.ConditionFalse, v1alpha1.ReasonProceeding},
		"a foreign object": {with(foreign), metav1.ConditionTrue, v1alpha1.ReasonForeignObject},
		"refused":          {with(invalid), metav1.ConditionTrue, v1alpha1.ReasonInvalidSpec},
	})
}

func TestPaused(t *testing.T) {
	check(t, view.pausedCondition, map[string]row{
		"it is":     {with(paused), metav1.ConditionTrue, v1alpha1.ReasonPausedBySpec},
		"by a note": {with(noted), metav1.ConditionTrue, v1alpha1.ReasonPausedByAnnotation},
		"it is not": {with(), metav1.ConditionFalse, v1alpha1.ReasonNotPaused},
	})
}

func TestEveryViewGivesEveryCondition(t *testing.T) {
	for name, v := range map[string]view{
		"healthy": with(), "paused": with(paused), "stalled": with(foreign), "empty": with(serving(0), wanting(0)), "blank": {},
	} {
		var got []string
		for _, c := range v.conditions() {
			got = append(got, c.Type)
		}
		if !slices.Equal(got, v1alpha1.ConditionTypes) {
			t.Errorf("%s: conditions = %v, want %v", name, got, v1alpha1.ConditionTypes)
		}
	}
}

func TestStalledAndReconcilingExcludeEachOther(t *testing.T) {
	for _, why := range []rollout.Reason{rollout.Idle, rollout.Draining, rollout.RollingUpdate} {
		for _, err := range []func(*view){foreign, invalid, transient} {
			v := with(doing(why), err)
			if v.stalled().Status == metav1.ConditionTrue && v.reconciling().Status == metav1.ConditionTrue {
				t.Errorf("both are True while %s, %v", why, v.err)
			}
		}
	}
}

// TestEveryMeaningIsTested runs last in this file and fails for a row of the
// reference that no test has seen the operator write.
func TestEveryMeaningIsTested(t *testing.T) {
	for _, m := range v1alpha1.Meanings {
		if !written[m] {
			t.Errorf("no test has seen %s=%s, %s", m.Type, m.Status, m.Reason)
		}
		if v1alpha1.Questions[m.Type] == "" {
			t.Errorf("condition type %s has no question", m.Type)
		}
	}
}
