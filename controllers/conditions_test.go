package controllers

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
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
		want: 3, list: 7, now: noon, updated: 3,
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
func answering(n int) func(*view)        { return func(v *view) { v.answers = v.answers[:n] } }
func wanting(n int32) func(*view)        { return func(v *view) { v.want = n } }
func lagging(v *view)                    { v.answers[1].Generation = 6 }
func differing(v *view)                  { v.answers[2].Digest = "other" }
func braked(v *view)                     { v.answers[1].Braked = 4 }
func paused(v *view)                     { v.paused = true }
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
		})
	}
}

func TestReady(t *testing.T) {
	check(t, view.ready, map[string]row{
		"everybody serves on the newest list": {with(), metav1.ConditionTrue, v1alpha1.ReasonClusterReady},
		"a new cluster needs all":             {with(serving(2)), metav1.ConditionFalse, v1alpha1.ReasonMembersNotReady},
		"one may be missing later":            {with(serving(2), wasReady), metav1.ConditionTrue, v1alpha1.ReasonClusterReady},
		"two may not":                         {with(serving(1), wasReady), metav1.ConditionFalse, v1alpha1.ReasonMembersNotReady},
		"the only member may not": {
			with(serving(0), wanting(1), wasReady), metav1.ConditionFalse, v1alpha1.ReasonMembersNotReady,
		},
		"an old list holds it up at first":       {with(lagging), metav1.ConditionFalse, v1alpha1.ReasonMemberLagging},
		"an old list is no alarm later":          {with(lagging, wasReady), metav1.ConditionTrue, v1alpha1.ReasonClusterReady},
		"silence towards the operator is no bar": {with(answering(0)), metav1.ConditionTrue, v1alpha1.ReasonClusterReady},
		"different registries are no bar":        {with(differing), metav1.ConditionTrue, v1alpha1.ReasonClusterReady},
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
		"nobody serves":       {with(serving(0)), metav1.ConditionUnknown, v1alpha1.ReasonNoMemberReady},
	})
}

func TestConverged(t *testing.T) {
	check(t, view.converged, map[string]row{
		"all agree":     {with(), metav1.ConditionTrue, v1alpha1.ReasonDigestsMatch},
		"one differs":   {with(differing), metav1.ConditionFalse, v1alpha1.ReasonDigestsDiffer},
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
		"paused":           {with(doing(rollout.RollingUpdate), paused), metav1.ConditionFalse, v1alpha1.ReasonPausedBySpec},
		"stalled":          {with(doing(rollout.RollingUpdate), foreign), metav1.ConditionFalse, v1alpha1.ReasonForeignObject},
	})
}

func TestDegraded(t *testing.T) {
	check(t, view.degraded, map[string]row{
		"all is well":           {with(), metav1.ConditionFalse, v1alpha1.ReasonHealthy},
		"a member cannot start": {with(faulty("demo-1", true)), metav1.ConditionTrue, v1alpha1.ReasonMemberDown},
		"the update cannot start": {
			with(faulty("demo-0", false), faulty("demo-2", true), rolling), metav1.ConditionTrue, v1alpha1.ReasonRolloutStuck,
		},
		"differing for long": {
			with(differing, before(v1alpha1.Converged, metav1.ConditionFalse, patience)),
			metav1.ConditionTrue, v1alpha1.ReasonDivergedTooLong,
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
	want := "b holds instances of 4 services as unhealthy, since too many were lost at once"
	if got != want {
		t.Errorf("message %q, want %q", got, want)
	}
}

func TestReconciling(t *testing.T) {
	check(t, view.reconciling, map[string]row{
		"up to date":        {with(), metav1.ConditionFalse, v1alpha1.ReasonUpToDate},
		"under way":         {with(doing(rollout.Draining)), metav1.ConditionTrue, v1alpha1.ReasonDraining},
		"trying again":      {with(transient), metav1.ConditionTrue, v1alpha1.ReasonApplyFailed},
		"not while stalled": {with(doing(rollout.Draining), foreign), metav1.ConditionFalse, v1alpha1.ReasonForeignObject},
		"not while paused":  {with(doing(rollout.Draining), paused), metav1.ConditionFalse, v1alpha1.ReasonPausedBySpec},
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

func TestTrouble(t *testing.T) {
	waiting := func(reason string) corev1.PodStatus {
		return corev1.PodStatus{InitContainerStatuses: []corev1.ContainerStatus{{
			Name: "distro", State: corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: reason, Message: "no such image"}},
		}}}
	}
	condition := func(kind corev1.PodConditionType, s corev1.ConditionStatus, since time.Duration) corev1.PodStatus {
		return corev1.PodStatus{Conditions: []corev1.PodCondition{{
			Type: kind, Status: s, Message: "0/1 nodes", LastTransitionTime: metav1.NewTime(noon.Add(-since)),
		}}}
	}
	tests := map[string]struct {
		status corev1.PodStatus
		want   string
	}{
		"a pod that starts":           {waiting("PodInitializing"), ""},
		"an image that is missing":    {waiting("ImagePullBackOff"), "container distro: ImagePullBackOff: no such image"},
		"no node fits":                {condition(corev1.PodScheduled, corev1.ConditionFalse, 0), "no node for it: 0/1 nodes"},
		"a pod that serves":           {condition(corev1.PodReady, corev1.ConditionTrue, time.Hour), ""},
		"a pod that does not for now": {condition(corev1.PodReady, corev1.ConditionFalse, time.Minute), ""},
		"a pod that does not for long": {
			condition(corev1.PodReady, corev1.ConditionFalse, patience), "it has not served clients for more than two minutes",
		},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			if got := (pod{Pod: &corev1.Pod{Status: tc.status}}).trouble(noon); got != tc.want {
				t.Errorf("trouble = %q, want %q", got, tc.want)
			}
		})
	}
}
