package controllers

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/distro-naming/naming-operator/api/v1alpha1"
	"github.com/distro-naming/naming-operator/controllers/resources"
	"github.com/distro-naming/naming-operator/controllers/rollout"
	"github.com/distro-naming/naming-operator/sidecar/member"
	"github.com/distro-naming/naming-operator/sidecar/report"
)

// told lets the second member of s say something else about itself.
func (s *scope) told(change func(*report.Report)) {
	a := s.pods[1].address
	r := s.reports[a]
	change(&r)
	s.reports[a] = r
}

func TestStatesOfMembers(t *testing.T) {
	const serving = v1alpha1.MemberServing
	tests := map[string]struct {
		change func(*scope)
		state  v1alpha1.MemberState // of the second member
		waits  string
	}{
		"it serves": {func(*scope) {}, serving, ""},
		"it has an old list": {
			func(s *scope) { s.told(func(r *report.Report) { r.Generation = 0 }) }, serving, "generation 1 of the member list",
		},
		"clients are kept from it": {
			func(s *scope) { s.pods[1].Labels = map[string]string{resources.FencedLabel: "true"} }, v1alpha1.MemberFenced, "",
		},
		"it says nothing": {
			func(s *scope) { delete(s.reports, s.pods[1].address) }, v1alpha1.MemberSilent, "an answer on port 8080",
		},
		"it drains": {
			func(s *scope) { s.told(func(r *report.Report) { r.Draining = true }) }, v1alpha1.MemberDraining, "its clients to be handed over",
		},
		"its pod is being deleted": {
			func(s *scope) { s.pods[1].DeletionTimestamp = new(metav1.NewTime(noon)) }, v1alpha1.MemberDraining, "its clients to be handed over",
		},
		"its pod has not started": {
			func(s *scope) { s.pods[1].Status = waiting("PodInitializing") }, v1alpha1.MemberPending, "its containers to start",
		},
		"its pod cannot start": {
			func(s *scope) { s.pods[1].Status = waiting("InvalidImageName") }, v1alpha1.MemberPending,
			"container distro: InvalidImageName: no such image: correct the image",
		},
		"it loads": {
			func(s *scope) {
				s.pods[1].Status = runningFor(time.Minute)
				s.told(func(r *report.Report) { r.Loaded = false })
			}, v1alpha1.MemberLoading, "the registry of the other members",
		},
		"a container beside it is not ready": {
			func(s *scope) { s.pods[1].Status = runningFor(time.Minute) }, v1alpha1.MemberNotReady, "all containers to be ready",
		},
		"it has no pod": {func(s *scope) { s.pods = append(s.pods[:1], s.pods[2]) }, v1alpha1.MemberMissing, "a pod"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			s := seen()
			s.published = member.NewList(1, []member.Address{s.pods[0].address}, nil)
			tc.change(s)
			all := s.look(noon)
			if len(all) != 3 {
				t.Fatalf("look = %d members, want 3", len(all))
			}
			if got := all[1]; got.Name != "demo-1" || got.State != tc.state || got.WaitsFor != tc.waits {
				t.Errorf("look = %s %s, waits for %q, want demo-1 %s, %q", got.Name, got.State, got.WaitsFor, tc.state, tc.waits)
			}
		})
	}
}

// A pod is Pending until the startup probe of its registry's container has passed,
// which is when the registry is loaded.
func TestMembersThatLoadAreAsked(t *testing.T) {
	s := seen()
	for i, status := range []corev1.PodStatus{runningFor(time.Second), waiting("PodInitializing"), {Phase: corev1.PodRunning}} {
		s.pods[i].Status = status
		s.pods[i].Status.PodIP = "192.0.2.1"
	}
	s.pods[0].Status.Phase = corev1.PodPending
	want := map[member.Address]string{s.pods[0].address: "192.0.2.1", s.pods[2].address: "192.0.2.1"}
	if diff := cmp.Diff(want, s.asked()); diff != "" {
		t.Errorf("asked (-want +got):\n%s", diff)
	}
}

func TestAStateHasABeginning(t *testing.T) {
	s := seen()
	earlier := metav1.NewTime(noon.Add(-time.Minute))
	s.cluster.Status.Members = []v1alpha1.Member{
		{Name: "demo-0", State: v1alpha1.MemberServing, Since: earlier},
		{Name: "demo-1", State: v1alpha1.MemberLoading, Since: earlier},
	}
	var got []time.Time
	for _, m := range s.look(noon) {
		got = append(got, m.Since.Time)
	}
	if diff := cmp.Diff([]time.Time{earlier.Time, noon, noon}, got); diff != "" {
		t.Errorf("since (-want +got):\n%s", diff)
	}
}

func TestAMissingPodBecomesAFault(t *testing.T) {
	s := seen()
	s.pods = s.pods[:2]
	missing := v1alpha1.Member{Name: "demo-2", State: v1alpha1.MemberMissing, Since: metav1.NewTime(noon)}
	s.cluster.Status.Members = []v1alpha1.Member{missing}
	if got := s.look(noon.Add(soon - time.Second))[2]; got.fault != "" {
		t.Errorf("fault while the pod may be on its way = %q, want none", got.fault)
	}
	if got := s.look(noon.Add(soon))[2]; got.fault != "the StatefulSet has made no pod for it: see kubectl describe statefulset demo" {
		t.Errorf("fault without an event = %q", got.fault)
	}
	s.warnings = map[string]string{"demo-2": "FailedCreate: exceeded quota"}
	if got := s.look(noon.Add(soon))[2]; got.fault != "FailedCreate: exceeded quota" || got.WaitsFor != got.fault {
		t.Errorf("fault with an event = %q, waits for %q", got.fault, got.WaitsFor)
	}
}

func TestMembersThatAreCutOff(t *testing.T) {
	tests := map[string]struct {
		there, back member.State // how demo-0 and demo-2 see each other
		since       time.Duration
		want        string
	}{
		"all is well":                            {member.Up, member.Up, time.Hour, ""},
		"one suspects the other":                 {member.Suspect, member.Up, time.Hour, ""},
		"both suspect each other":                {member.Suspect, member.Suspect, time.Hour, "demo-0 and demo-2 do not reach each other"},
		"one has given the other up":             {member.Up, member.Down, time.Hour, "demo-0 and demo-2 do not reach each other"},
		"one has given up what has just started": {member.Down, member.Up, soon - time.Second, ""},
		"one is leaving":                         {member.Draining, member.Up, time.Hour, ""},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			s := seen()
			s.turns(2, tc.since)
			for from, to := range map[int]int{0: 2, 2: 0} {
				r := s.reports[s.pods[from].address]
				state := tc.there
				if from == 2 {
					state = tc.back
				}
				r.Peers = []report.Peer{{Member: string(s.pods[to].address), State: string(state)}}
				s.reports[s.pods[from].address] = r
			}
			if got := strings.Join(s.cut(noon), "; "); got != tc.want {
				t.Errorf("cut = %q, want %q", got, tc.want)
			}
		})
	}
}

func TestViewOfMembers(t *testing.T) {
	s := seen()
	s.published = member.NewList(1, []member.Address{s.pods[0].address}, nil)
	s.pods[0].Labels = map[string]string{resources.FencedLabel: "true"}
	delete(s.reports, s.pods[1].address)
	s.pods[2].Status = corev1.PodStatus{}
	silent := v1alpha1.Member{Name: "demo-1", State: v1alpha1.MemberSilent, Since: metav1.NewTime(noon.Add(-soon))}
	s.cluster.Status.Members = []v1alpha1.Member{silent}

	f := s.facts("image", noon)
	v := newView(s, f, rollout.Decide(f), nil, noon)
	got := []any{v.serving, v.fenced, v.idle, v.silent, v.mute, len(v.answers)}
	want := []any{[]string{"demo-1"}, []string{"demo-0"}, []string{"demo-2 (Pending)"}, []string{"demo-1"}, []string{"demo-1"}, 1}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("serving, fenced, idle, silent, mute, answers (-want +got):\n%s", diff)
	}
	if got, want := v.count(), "1 of 3 members serve clients; clients are kept from demo-0; not demo-2 (Pending)"; got != want {
		t.Errorf("count = %q, want %q", got, want)
	}
}
