//go:build envtest

package controllers

import (
	"fmt"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/distro-naming/naming-operator/api/v1alpha1"
	"github.com/distro-naming/naming-operator/controllers/resources"
)

// reachable waits until the client Service selects just these pods.
func (f *fixture) reachable(want ...string) {
	f.t.Helper()
	eventually(f.t, func() error {
		service := new(corev1.Service)
		f.get("demo", service)
		var pods corev1.PodList
		err := admin.List(f.t.Context(), &pods, client.InNamespace(f.cluster.Namespace),
			client.MatchingLabelsSelector{Selector: labels.SelectorFromSet(service.Spec.Selector)})
		if err != nil {
			return err
		}
		var got []string
		for _, p := range pods.Items {
			got = append(got, p.Name)
		}
		if fmt.Sprint(got) != fmt.Sprint(want) {
			return fmt.Errorf("the client Service leads to %v, want %v", got, want)
		}
		return nil
	})
}

func TestAFencedMemberStaysAMember(t *testing.T) {
	f := ready(t)
	f.reachable("demo-0", "demo-1", "demo-2")
	f.annotate(v1alpha1.FencedAnnotation, `["demo-1"]`)
	f.reachable("demo-0", "demo-2")
	f.reaches(v1alpha1.AllReplicasReady, metav1.ConditionFalse, v1alpha1.ReasonMembersFenced)
	f.reaches(v1alpha1.Ready, metav1.ConditionTrue, v1alpha1.ReasonClusterReady)
	f.reaches(v1alpha1.Converged, metav1.ConditionTrue, v1alpha1.ReasonDigestsMatch)
	f.told(ReasonFenced)
	if got := f.published(); got.Len() != 3 || got.Generation() != 1 {
		t.Errorf("list while one is fenced = %d members at generation %d, want 3 at 1", got.Len(), got.Generation())
	}
	c := f.read()
	if m := c.Status.Members[1]; !m.Fenced || m.Ready || c.Status.ReadyReplicas != 2 {
		t.Errorf("status = %+v and %d ready, want demo-1 fenced and 2 ready", m, c.Status.ReadyReplicas)
	}

	f.annotate(v1alpha1.FencedAnnotation, "demo-1, demo-2")
	f.reaches(v1alpha1.Degraded, metav1.ConditionTrue, v1alpha1.ReasonInvalidAnnotation)
	f.reachable("demo-0", "demo-2")

	f.annotate(v1alpha1.FencedAnnotation, "[]")
	f.settled()
	f.reachable("demo-0", "demo-1", "demo-2")
	f.told(ReasonUnfenced)
}

func TestAFenceIsKept(t *testing.T) {
	f := ready(t)
	f.annotate(v1alpha1.FencedAnnotation, `["demo-2"]`)
	f.reachable("demo-0", "demo-1")

	// Over a rollout: the new pod is fenced as well, and the others wait for it.
	f.edit(func(c *v1alpha1.NamingCluster) { c.Spec.Image = "newer" })
	eventually(t, func() error {
		c := f.read()
		for _, m := range c.Status.Members {
			if m.Image != "newer" || m.State != v1alpha1.MemberServing && m.State != v1alpha1.MemberFenced {
				return fmt.Errorf("%s is %s with image %s, want it to have the newer one", m.Name, m.State, m.Image)
			}
		}
		return nil
	})
	f.requireReplaced("demo-2", "demo-1", "demo-0")
	f.reachable("demo-0", "demo-1")

	// Against a user who edits the pod.
	for _, p := range f.pods() {
		if p.Name != "demo-2" {
			continue
		}
		alter(t, &p, func(p *corev1.Pod) { p.Labels[resources.FencedLabel] = "false" })
	}
	f.reachable("demo-0", "demo-1")
}

func TestAMemberWithoutTheLabelIsNotCutOff(t *testing.T) {
	f := ready(t)
	for _, p := range f.pods() {
		alter(t, &p, func(p *corev1.Pod) { delete(p.Labels, resources.FencedLabel) })
	}
	f.reachable("demo-0", "demo-1", "demo-2")
}
