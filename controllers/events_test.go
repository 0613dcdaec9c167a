package controllers

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/distro-naming/naming-operator/api/v1alpha1"
)

func TestTransitions(t *testing.T) {
	const (
		ready, progressing, degraded = v1alpha1.Ready, v1alpha1.Progressing, v1alpha1.Degraded
		stalled, paused, converged   = v1alpha1.Stalled, v1alpha1.Paused, v1alpha1.Converged
	)
	tests := map[string]struct {
		before, after metav1.Condition
		want          []string
	}{
		"a cluster becomes ready":      {unknown(ready, "A", ""), yes(ready, "B", ""), []string{"Normal B"}},
		"a cluster is no longer ready": {yes(ready, "A", ""), no(ready, "B", ""), []string{"Warning B"}},
		"a cluster is not ready yet":   {unknown(ready, "A", ""), no(ready, "B", ""), nil},
		"nothing but the message":      {yes(ready, "A", "old"), yes(ready, "A", "new"), nil},
		"a rollout begins": {
			no(progressing, "Idle", ""), yes(progressing, "RollingUpdate", ""), []string{"Normal RollingUpdate"},
		},
		"a rollout takes a step": {yes(progressing, "RollingUpdate", ""), yes(progressing, "WaitingForMembers", ""), nil},
		"a rollout is held up": {
			yes(progressing, "RollingUpdate", ""), yes(progressing, "WaitingForConvergence", ""), []string{"Normal WaitingForConvergence"},
		},
		"a rollout ends": {yes(progressing, "RollingUpdate", ""), no(progressing, "Idle", ""), nil},
		"a member fails": {
			no(degraded, "Healthy", ""), yes(degraded, "MemberDown", ""), []string{"Warning MemberDown"},
		},
		"a member recovers": {yes(degraded, "MemberDown", ""), no(degraded, "Healthy", ""), []string{"Normal Recovered"}},
		"a foreign object is met": {
			no(stalled, "Proceeding", ""), yes(stalled, "ForeignObject", ""), []string{"Warning ForeignObject"},
		},
		"it is gone": {yes(stalled, "ForeignObject", ""), no(stalled, "Proceeding", ""), nil},
		"a user pauses": {
			no(paused, "NotPaused", ""), yes(paused, "PausedBySpec", ""), []string{"Normal PausedBySpec"},
		},
		"a user resumes":                 {yes(paused, "PausedBySpec", ""), no(paused, "NotPaused", ""), []string{"Normal Resumed"}},
		"registries differ now and then": {yes(converged, "DigestsMatch", ""), no(converged, "DigestsDiffer", ""), nil},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			var got []string
			for _, e := range transitions([]metav1.Condition{tc.before}, []metav1.Condition{tc.after}) {
				got = append(got, e.kind+" "+e.reason)
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("transitions (-want +got):\n%s", diff)
			}
		})
	}
}

func TestFirstStatusIsNoNews(t *testing.T) {
	first := firstStatus(new(v1alpha1.NamingCluster), noon)
	if got := transitions(nil, first.Conditions); len(got) > 0 {
		t.Errorf("transitions of the first status = %v, want none", got)
	}
}
