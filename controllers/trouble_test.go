package controllers

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"

	"github.com/distro-naming/naming-operator/api/v1alpha1"
	"github.com/distro-naming/naming-operator/controllers/resources"
	"github.com/distro-naming/naming-operator/sidecar/member"
	"github.com/distro-naming/naming-operator/sidecar/report"
)

// waiting is a pod whose registry's container waits.
func waiting(reason string) corev1.PodStatus {
	return corev1.PodStatus{InitContainerStatuses: []corev1.ContainerStatus{{
		Name: "distro", State: corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: reason, Message: "no such image"}},
	}}}
}

// killed is a pod whose registry's container was last ended for want of memory.
func killed(s corev1.PodStatus) corev1.PodStatus {
	s.InitContainerStatuses[0].LastTerminationState.Terminated = &corev1.ContainerStateTerminated{Reason: "OOMKilled"}
	return s
}

// runningFor is a pod whose registry's container has run for a while.
func runningFor(d time.Duration) corev1.PodStatus {
	return corev1.PodStatus{InitContainerStatuses: []corev1.ContainerStatus{{
		Name: "distro", State: corev1.ContainerState{Running: &corev1.ContainerStateRunning{StartedAt: metav1.NewTime(noon.Add(-d))}},
	}}}
}

// turned is a pod with one condition.
func turned(kind corev1.PodConditionType, s corev1.ConditionStatus, since time.Duration) corev1.PodStatus {
	return corev1.PodStatus{Conditions: []corev1.PodCondition{{
		Type: kind, Status: s, Message: "0/1 nodes", LastTransitionTime: metav1.NewTime(noon.Add(-since)),
	}}}
}

func TestTrouble(t *testing.T) {
	tests := map[string]struct {
		status   corev1.PodStatus
		answered bool
		warning  string
		want     string
	}{
		"a pod that starts": {status: waiting("PodInitializing")},
		"an image that is missing": {
			status: waiting("ImagePullBackOff"),
			want:   "container distro: ImagePullBackOff: no such image: correct the image, or let spec.imagePullSecrets name a Secret that may pull it",
		},
		"a Secret that is missing": {
			status: waiting("CreateContainerConfigError"),
			want: "container distro: CreateContainerConfigError: no such image: " +
				"create the Secret or ConfigMap that it refers to, or correct the reference",
		},
		"a pull Secret that is missing": {
			status: waiting("ErrImagePull"), warning: "FailedToRetrieveImagePullSecret: no keys: create it",
			want: "container distro: ErrImagePull: no such image: FailedToRetrieveImagePullSecret: no keys: create it",
		},
		"a crash, whatever happened to the image before": {
			status: waiting("CrashLoopBackOff"), warning: "FailedToRetrieveImagePullSecret: no keys",
			want: "container distro: CrashLoopBackOff: no such image: see kubectl logs --previous",
		},
		"a crash for want of memory": {
			status: killed(waiting("CrashLoopBackOff")),
			want: "container distro: CrashLoopBackOff: no such image: " +
				"it needed more memory than it may have: raise the limit in spec.resources",
		},
		"no node fits": {
			status: turned(corev1.PodScheduled, corev1.ConditionFalse, 0),
			want:   "no node for it: 0/1 nodes: free or add nodes, or change spec.resources and what else chooses nodes",
		},
		"what an event tells":                         {status: waiting("ContainerCreating"), warning: "FailedMount: no secret", want: "FailedMount: no secret"},
		"what an event told of a pod that now serves": {status: turned(corev1.PodReady, corev1.ConditionTrue, 0), warning: "FailedMount"},
		"a pod that serves":                           {status: turned(corev1.PodReady, corev1.ConditionTrue, time.Hour)},
		"a pod that does not for now":                 {status: turned(corev1.PodReady, corev1.ConditionFalse, time.Minute)},
		"a member that has just been started":         {status: runningFor(soon - time.Second)},
		"a member that answers and loads":             {status: runningFor(time.Minute), answered: true},
		"a member that does not answer": {
			status: runningFor(soon),
			want:   "it runs but does not answer on port 8080: see kubectl get node worker and kubectl logs demo-0 -c distro",
		},
		"a pod that does not for long": {
			status: turned(corev1.PodReady, corev1.ConditionFalse, patience),
			want:   "it has not served clients for more than two minutes: see kubectl describe pod demo-0",
		},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			p := pod{Pod: &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: "demo-0"}, Spec: corev1.PodSpec{NodeName: "worker"}, Status: tc.status}}
			if got := p.trouble(noon, tc.answered, tc.warning); got != tc.want {
				t.Errorf("trouble = %q, want %q", got, tc.want)
			}
		})
	}
}

func TestTheNextLookComesWhenAFaultIsRipe(t *testing.T) {
	tests := map[string]struct {
		member v1alpha1.Member // demo-2, as it was seen a second ago
		pod    *corev1.PodStatus
		want   time.Duration
	}{
		"nobody has started it":        {member: v1alpha1.Member{State: v1alpha1.MemberMissing}, want: soon - time.Second},
		"it is started, and is silent": {pod: new(runningFor(time.Second)), want: soon - time.Second},
		"it has had its time":          {pod: new(runningFor(soon))},
		"it serves but is silent": {
			member: v1alpha1.Member{State: v1alpha1.MemberServing}, pod: new(turned(corev1.PodReady, corev1.ConditionTrue, time.Hour)),
			want: unheard,
		},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			s := seen()
			delete(s.reports, s.pods[2].address)
			tc.member.Name, tc.member.Since = "demo-2", metav1.NewTime(noon.Add(-time.Second))
			s.cluster.Status.Members = []v1alpha1.Member{tc.member}
			if s.pods = s.pods[:2]; tc.pod != nil {
				s.pods = append(s.pods, pod{
					Pod:     &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: "demo-2"}, Status: *tc.pod},
					ordinal: 2, address: resources.Address(s.cluster, 2),
				})
			}
			if got := s.ripening(noon); got != tc.want {
				t.Errorf("ripening = %s, want %s", got, tc.want)
			}
		})
	}
}

// warned is an event about an object, some time before noon.
func warned(name, about, reason, message string, before time.Duration) *corev1.Event {
	return &corev1.Event{
		ObjectMeta:     metav1.ObjectMeta{Namespace: "prod", Name: name},
		InvolvedObject: corev1.ObjectReference{UID: types.UID(about)},
		Type:           corev1.EventTypeWarning, Reason: reason, Message: message, LastTimestamp: metav1.NewTime(noon.Add(-before)),
	}
}

func TestWarnings(t *testing.T) {
	const quota = `create Pod demo-2 in StatefulSet demo failed error: pods "demo-2" is forbidden: exceeded quota: small`
	events := []client.Object{
		warned("a", "set", "FailedCreate", quota, time.Minute),
		warned("b", "set", "FailedCreate", `create Pod demo-20 in StatefulSet demo failed error: other`, time.Second),
		warned("c", "set", "RecreatingFailedPod", `Pod demo-2 was recreated`, time.Second),
		warned("d", "pod-1", "FailedMount", `secret "keys" not found`, time.Minute),
		warned("e", "pod-1", "FailedMount", `secret "old" not found`, time.Hour),
		warned("f", "pod-1", "Unhealthy", `Startup probe failed`, time.Second),
		warned("g", "other", "FailedMount", `secret "theirs" not found`, time.Second),
	}
	scheme := runtime.NewScheme()
	if err := corev1.AddToScheme(scheme); err != nil {
		t.Fatal(err)
	}
	about := func(o client.Object) []string { return []string{string(o.(*corev1.Event).InvolvedObject.UID)} }
	kind := func(o client.Object) []string { return []string{o.(*corev1.Event).Type} }
	r := &Reconciler{Live: fake.NewClientBuilder().WithScheme(scheme).WithObjects(events...).
		WithIndex(&corev1.Event{}, "involvedObject.uid", about).WithIndex(&corev1.Event{}, "type", kind).Build()}

	s := seen()
	s.set.UID, s.warnings = "set", map[string]string{}
	s.pods = s.pods[:2] // demo-2 has no pod
	s.pods[1].UID = "pod-1"
	s.pods[1].CreationTimestamp = metav1.NewTime(noon.Add(-soon))
	s.pods[1].Status = turned(corev1.PodScheduled, corev1.ConditionTrue, soon)
	missing := v1alpha1.Member{Name: "demo-2", State: v1alpha1.MemberMissing, Since: metav1.NewTime(noon.Add(-soon))}
	s.cluster.Status.Members = []v1alpha1.Member{missing}

	r.observeWarnings(t.Context(), s, noon.Add(-time.Second))
	if len(s.warnings) > 0 {
		t.Errorf("warnings = %v before anybody has had time to start, want none", s.warnings)
	}
	r.observeWarnings(t.Context(), s, noon)
	want := map[string]string{
		"demo-1": `FailedMount: secret "keys" not found: ` + telling["FailedMount"],
		"demo-2": "FailedCreate: " + quota + ": " + telling["FailedCreate"],
	}
	if diff := cmp.Diff(want, s.warnings); diff != "" {
		t.Errorf("warnings (-want +got):\n%s", diff)
	}
}

func TestWhoAnswersNobodyIsNotCalledCutOff(t *testing.T) {
	s := seen()
	for i := range s.pods {
		s.pods[i].Status = turned(corev1.PodReady, corev1.ConditionTrue, time.Hour)
	}
	zero, two := s.pods[0].address, s.pods[2].address
	said := s.reports[zero]
	said.Peers = []report.Peer{{Member: string(two), State: string(member.Down)}}
	s.reports[zero] = said
	if got := s.cut(noon); len(got) != 1 {
		t.Errorf("cut = %q while the other answers the operator, want the pair", got)
	}
	delete(s.reports, two)
	if got := s.cut(noon); len(got) != 0 {
		t.Errorf("cut = %q while the other answers nobody, want none", got)
	}
}
