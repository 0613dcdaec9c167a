package controllers

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/distro-naming/naming-operator/api/v1alpha1"
	"github.com/distro-naming/naming-operator/controllers/resources"
	"github.com/distro-naming/naming-operator/controllers/rollout"
	"github.com/distro-naming/naming-operator/sidecar/member"
	"github.com/distro-naming/naming-operator/sidecar/report"
)

// seen is a scope of three members that have served for an hour and agree.
func seen() *scope {
	s := &scope{
		cluster: &v1alpha1.NamingCluster{ObjectMeta: metav1.ObjectMeta{Name: "demo", Namespace: "prod"}},
		set: &appsv1.StatefulSet{Spec: appsv1.StatefulSetSpec{
			Replicas: new(int32(3)),
			UpdateStrategy: appsv1.StatefulSetUpdateStrategy{
				Type:          appsv1.RollingUpdateStatefulSetStrategyType,
				RollingUpdate: &appsv1.RollingUpdateStatefulSetStrategy{Partition: new(int32(2))},
			},
		}},
		reports: map[member.Address]report.Report{},
	}
	for o := range int32(3) {
		a := resources.Address(s.cluster, o)
		p := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: resources.PodName(s.cluster, o)}}
		p.Status.Conditions = []corev1.PodCondition{{
			Type: corev1.PodReady, Status: corev1.ConditionTrue, LastTransitionTime: metav1.NewTime(noon.Add(-time.Hour)),
		}}
		s.pods = append(s.pods, pod{Pod: p, ordinal: o, address: a})
		s.reports[a] = says(string(a), 1, "d")
	}
	return s
}

// since records that members have agreed since some time before noon.
func (s *scope) since(before time.Duration) {
	s.cluster.Status.Convergence = &v1alpha1.Convergence{Since: new(metav1.NewTime(noon.Add(-before)))}
}

func (s *scope) turns(o int, before time.Duration) {
	s.pods[o].Status.Conditions[0].LastTransitionTime = metav1.NewTime(noon.Add(-before))
}

func (s *scope) says(o int, digest string) {
	a := s.pods[o].address
	s.reports[a] = says(string(a), 1, digest)
}

// sets lets each member tell a digest of its settings.
func (s *scope) sets(digests ...string) {
	for i, d := range digests {
		r := s.reports[s.pods[i].address]
		r.SettingsDigest = d
		s.reports[s.pods[i].address] = r
	}
}

func TestConvergence(t *testing.T) {
	at := func(before time.Duration) *metav1.Time { return new(metav1.NewTime(noon.Add(-before))) }
	tests := map[string]struct {
		change func(*scope)
		want   *v1alpha1.Convergence
	}{
		"members that came to agree just now":  {func(*scope) {}, &v1alpha1.Convergence{Digest: "d", Since: at(0)}},
		"members that have agreed for a while": {func(s *scope) { s.since(time.Minute) }, &v1alpha1.Convergence{Digest: "d", Since: at(time.Minute)}},
		"a member that has been replaced since": {
			func(s *scope) { s.since(time.Minute); s.turns(1, time.Second) }, &v1alpha1.Convergence{Digest: "d", Since: at(0)},
		},
		"a node whose clock is ahead": {
			func(s *scope) { s.turns(1, -time.Minute) }, &v1alpha1.Convergence{Digest: "d", Since: at(-time.Minute)},
		},
		"one that holds something else": {
			func(s *scope) { s.since(time.Minute); s.says(1, "other") },
			&v1alpha1.Convergence{Digest: "d", DivergentMembers: []string{"demo-1"}},
		},
		"the first that holds something else": {
			func(s *scope) { s.says(0, "other") }, &v1alpha1.Convergence{Digest: "d", DivergentMembers: []string{"demo-0"}},
		},
		"one that holds other settings": {
			func(s *scope) { s.since(time.Minute); s.sets("s", "t", "s") },
			&v1alpha1.Convergence{Digest: "d", SettingsDigest: "s", DivergentMembers: []string{"demo-1"}},
		},
		"one that holds other settings, and one that holds something else": {
			func(s *scope) { s.says(2, "other"); s.sets("s", "t", "s") },
			&v1alpha1.Convergence{Digest: "d", SettingsDigest: "s", DivergentMembers: []string{"demo-1", "demo-2"}},
		},
		"one that tells nothing of its settings": {
			func(s *scope) { s.sets("s", "", "s") }, &v1alpha1.Convergence{Digest: "d", SettingsDigest: "s", Since: at(0)},
		},
		"one that is silent": {
			func(s *scope) { s.since(time.Minute); delete(s.reports, s.pods[1].address) }, &v1alpha1.Convergence{Digest: "d"},
		},
		"nobody answers": {func(s *scope) { clear(s.reports) }, nil},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			s := seen()
			tc.change(s)
			if diff := cmp.Diff(tc.want, s.convergence(s.facts("image", noon).Agree(), nil, noon)); diff != "" {
				t.Errorf("convergence (-want +got):\n%s", diff)
			}
		})
	}
}

func TestFactsAboutTheUpdateStrategy(t *testing.T) {
	s := seen()
	s.since(time.Minute)
	s.cluster.Spec.MinConvergedSeconds = 30
	s.cluster.Spec.UpdateStrategy.RollingUpdate = &v1alpha1.RollingUpdate{Partition: 1, Paused: true}
	s.wishes.unchecked = true
	f := s.facts("image", noon)
	if f.Settle != 30*time.Second || f.Agreed != time.Minute || f.Keep != 1 || !f.Held || !f.Unchecked || f.OnDelete || f.Partition != 2 {
		t.Errorf("facts = %+v, want what the spec says", f)
	}

	s.cluster.Spec.UpdateStrategy = v1alpha1.UpdateStrategy{Type: appsv1.OnDeleteStatefulSetStrategyType}
	s.set.Spec.UpdateStrategy = appsv1.StatefulSetUpdateStrategy{Type: appsv1.OnDeleteStatefulSetStrategyType}
	if f := s.facts("image", noon); !f.OnDelete || f.Partition != 3 {
		t.Errorf("facts of a set with OnDelete = %+v, want a closed gate: coming back from there must open it for nobody", f)
	}
}

func TestEndpoints(t *testing.T) {
	s := seen()
	s.children = map[string]client.Object{}
	if diff := cmp.Diff(&v1alpha1.Endpoints{HTTP: "demo.prod.svc:8848", GRPC: "demo.prod.svc:9848"}, s.endpoints()); diff != "" {
		t.Errorf("endpoints without wishes (-want +got):\n%s", diff)
	}

	s.cluster.UID = "u"
	s.cluster.Spec.Service = &v1alpha1.Service{Port: 80}
	service := &corev1.Service{Status: corev1.ServiceStatus{LoadBalancer: corev1.LoadBalancerStatus{
		Ingress: []corev1.LoadBalancerIngress{{IP: "192.0.2.1"}, {IP: "2001:db8::1"}, {Hostname: "lb.example.org", IP: "192.0.2.2"}},
	}}}
	s.children["Service demo"] = service
	want := &v1alpha1.Endpoints{HTTP: "demo.prod.svc:80", GRPC: "demo.prod.svc:1080"}
	if diff := cmp.Diff(want, s.endpoints()); diff != "" {
		t.Errorf("endpoints of somebody else's Service (-want +got):\n%s", diff)
	}
	service.OwnerReferences = []metav1.OwnerReference{*metav1.NewControllerRef(s.cluster, v1alpha1.SchemeGroupVersion.WithKind("NamingCluster"))}
	want.External = []string{"192.0.2.1:80", "[2001:db8::1]:80", "lb.example.org:80"}
	if diff := cmp.Diff(want, s.endpoints()); diff != "" {
		t.Errorf("endpoints of a load balancer (-want +got):\n%s", diff)
	}
}

func TestUpdatedReplicas(t *testing.T) {
	tests := map[string]struct {
		facts rollout.Facts
		want  int32
	}{
		"all run what the set calls newest":                  {rollout.Facts{Settled: true}, 3},
		"nobody runs a template that is written now":         {rollout.Facts{Settled: true, Changed: true}, 0},
		"nobody is known to while the set has not been seen": {rollout.Facts{}, 0},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			if got := seen().updatedReplicas(tc.facts); got != tc.want {
				t.Errorf("updatedReplicas = %d, want %d", got, tc.want)
			}
		})
	}
}

func TestTheListShrinksOnlyWhenNobodyCanComeAnyMore(t *testing.T) {
	s := seen()
	published := s.list(3)
	s.published, s.pods = published, s.pods[:2]
	if got := s.list(2).Len(); got != 3 {
		t.Errorf("%d members are listed before the set is told that two are wanted, want 3", got)
	}
	s.set.Spec.Replicas, s.set.Generation = new(int32(2)), 2
	s.set.Status.ObservedGeneration = 1
	if got := s.list(2).Len(); got != 3 {
		t.Errorf("%d members are listed before the set's controller has seen that two are wanted, want 3", got)
	}
	s.set.Status.ObservedGeneration = 2
	if got := s.list(2).Len(); got != 2 {
		t.Errorf("%d members are listed in the end, want 2", got)
	}
}
