//go:build envtest

package controllers

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	autoscalingv1 "k8s.io/api/autoscaling/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/distro-naming/naming-operator/api/v1alpha1"
	"github.com/distro-naming/naming-operator/controllers/resources"
)

func TestScaling(t *testing.T) {
	f := ready(t)
	f.scale(5)
	f.settled()
	for _, c := range f.history() {
		if was := meta.FindStatusCondition(c.Status.Conditions, v1alpha1.Ready); c.Generation > 1 && was.Status != metav1.ConditionTrue {
			t.Errorf("while growing, Ready is %s, %s: those who served go on", was.Status, was.Reason)
		}
	}
	if got := f.published(); got.Len() != 5 || got.Generation() != 2 {
		t.Errorf("list after scaling out = %d members at generation %d, want 5 at 2", got.Len(), got.Generation())
	}
	f.told(v1alpha1.ReasonScalingUp)

	f.scale(3)
	f.settled()
	if got := f.published(); got.Len() != 3 || got.Generation() != 4 {
		t.Errorf("list after scaling in = %d members at generation %d, want 3 at 4: one step for each", got.Len(), got.Generation())
	}
	f.told(v1alpha1.ReasonDraining)
	if broken := nodes.broken(f.cluster.Namespace); len(broken) > 0 {
		t.Errorf("the list and the pods did not go together: %v", broken)
	}
	if got := f.read().Status.MembersGeneration; got != 4 {
		t.Errorf("status.membersGeneration = %d, want 4", got)
	}
}

func TestScalingInWaitsForAgreement(t *testing.T) {
	f := ready(t)
	one := resources.Address(f.cluster, 1)
	members.diverge(one, true)
	f.scale(2)
	f.reaches(v1alpha1.Progressing, metav1.ConditionTrue, v1alpha1.ReasonWaitingForConvergence)
	if got := *f.set().Spec.Replicas; got != 3 {
		t.Errorf("members while they differ = %d, want 3", got)
	}
	members.diverge(one, false)
	f.settled()
}

func TestScalingInWaitsForSettings(t *testing.T) {
	f := ready(t)
	f.reaches(v1alpha1.Converged, metav1.ConditionTrue, v1alpha1.ReasonDigestsMatch)
	zero, one := resources.Address(f.cluster, 0), resources.Address(f.cluster, 1)
	members.settle(one, "other")
	f.reaches(v1alpha1.Converged, metav1.ConditionFalse, v1alpha1.ReasonSettingsDiffer)
	seen := f.read()
	said := meta.FindStatusCondition(seen.Status.Conditions, v1alpha1.Converged).Message
	if apart := seen.Status.Convergence.DivergentMembers; !slices.Equal(apart, []string{f.cluster.Name + "-1"}) || !strings.Contains(said, apart[0]) {
		t.Errorf("divergent members are %v, and the message is %q", apart, said)
	}
	f.scale(2)
	f.reaches(v1alpha1.Progressing, metav1.ConditionTrue, v1alpha1.ReasonWaitingForConvergence)
	if got := *f.set().Spec.Replicas; got != 3 {
		t.Errorf("members while settings differ = %d, want 3", got)
	}
	members.settle(zero, "") // members of an earlier version tell none
	members.settle(one, "")
	f.settled()
	f.reaches(v1alpha1.Converged, metav1.ConditionTrue, v1alpha1.ReasonDigestsMatch)
}

func TestToNoneAndBack(t *testing.T) {
	f := ready(t)
	f.scale(0)
	f.reaches(v1alpha1.Ready, metav1.ConditionFalse, v1alpha1.ReasonScaledToZero)
	eventually(t, func() error {
		return require(f.read(), v1alpha1.Progressing, metav1.ConditionFalse, v1alpha1.ReasonIdle)
	})
	if got := f.published().Len(); got != 1 {
		t.Errorf("list of a cluster of none has %d members, want 1: it is never empty", got)
	}
	f.reaches(v1alpha1.Reconciling, metav1.ConditionFalse, v1alpha1.ReasonUpToDate)
	if c := f.read(); c.Status.Replicas != 0 || len(c.Status.Members) != 0 {
		t.Errorf("status of a cluster of none = %d members, %v", c.Status.Replicas, c.Status.Members)
	}
	f.edit(func(c *v1alpha1.NamingCluster) { c.Spec.Image = "newer" })
	eventually(t, func() error {
		set := f.set()
		if image := set.Spec.Template.Spec.InitContainers[0].Image; image != "newer" || set.Status.CurrentRevision != set.Status.UpdateRevision {
			return fmt.Errorf("the set of none has the image %s, and revisions %s and %s", image, set.Status.CurrentRevision, set.Status.UpdateRevision)
		}
		return nil
	})
	f.scale(3)
	f.settled()
	for _, p := range f.pods() {
		if got := p.Spec.InitContainers[0].Image; got != "newer" {
			t.Errorf("image of %s = %s, want newer: it was chosen while there were no members", p.Name, got)
		}
	}
	f.requireReplaced()
	f.reaches(v1alpha1.Ready, metav1.ConditionTrue, v1alpha1.ReasonClusterReady)
}

func TestAutoscalersSeeWhatTheyNeed(t *testing.T) {
	f := ready(t)
	scale := new(autoscalingv1.Scale)
	if err := admin.SubResource("scale").Get(t.Context(), f.read(), scale); err != nil {
		t.Fatal(err)
	}
	if scale.Spec.Replicas != 3 || scale.Status.Replicas != 3 {
		t.Errorf("scale = %d wanted, %d there, want 3 and 3", scale.Spec.Replicas, scale.Status.Replicas)
	}
	selector, err := labels.Parse(scale.Status.Selector)
	if err != nil {
		t.Fatal(err)
	}
	var pods corev1.PodList
	err = admin.List(t.Context(), &pods, client.InNamespace(f.cluster.Namespace), client.MatchingLabelsSelector{Selector: selector})
	if err != nil || len(pods.Items) != 3 {
		t.Errorf("selector %q finds %d pods, %v, want the 3 members", scale.Status.Selector, len(pods.Items), err)
	}
}

func TestAnUpdateGoesOneByOneFromTheTop(t *testing.T) {
	f := ready(t)
	f.edit(func(c *v1alpha1.NamingCluster) { c.Spec.Image = "newer" })
	f.settled()
	if got, want := nodes.replaced(f.cluster.Namespace), []string{"demo-2", "demo-1", "demo-0"}; !slices.Equal(got, want) {
		t.Errorf("replaced = %v, want %v", got, want)
	}
	f.told(v1alpha1.ReasonRollingUpdate)
	if got := f.published().Generation(); got != 1 {
		t.Errorf("generation of the list = %d, want 1: the members are the same", got)
	}
}

func TestARestartIsAnUpdate(t *testing.T) {
	f := ready(t)
	f.edit(func(c *v1alpha1.NamingCluster) {
		c.Annotations = map[string]string{v1alpha1.RestartedAnnotation: "now"}
	})
	f.told(v1alpha1.ReasonRollingUpdate)
	f.settled()
	if got, want := nodes.replaced(f.cluster.Namespace), []string{"demo-2", "demo-1", "demo-0"}; !slices.Equal(got, want) {
		t.Errorf("replaced = %v, want %v", got, want)
	}
}

func TestAnUpdateWaitsForAgreement(t *testing.T) {
	f := ready(t)
	zero := resources.Address(f.cluster, 0)
	members.diverge(zero, true)
	f.edit(func(c *v1alpha1.NamingCluster) { c.Spec.Image = "newer" })
	f.reaches(v1alpha1.Progressing, metav1.ConditionTrue, v1alpha1.ReasonWaitingForConvergence)
	f.passes()
	if got := nodes.replaced(f.cluster.Namespace); len(got) > 0 {
		t.Errorf("replaced while members differ = %v, want none", got)
	}
	members.diverge(zero, false)
	f.settled()
}

func TestABrokenUpdateStopsAndIsRescued(t *testing.T) {
	f := ready(t)
	f.edit(func(c *v1alpha1.NamingCluster) { c.Spec.Image = badImage })
	f.reaches(v1alpha1.Degraded, metav1.ConditionTrue, v1alpha1.ReasonRolloutStuck)
	f.reaches(v1alpha1.Ready, metav1.ConditionTrue, v1alpha1.ReasonClusterReady)
	f.told(v1alpha1.ReasonRolloutStuck)
	f.passes()
	if got, want := nodes.replaced(f.cluster.Namespace), []string{"demo-2"}; !slices.Equal(got, want) {
		t.Errorf("replaced by a broken update = %v, want %v", got, want)
	}
	f.edit(func(c *v1alpha1.NamingCluster) { c.Spec.Image = "fixed" })
	f.settled()
	f.told(ReasonRecovered)
}

func TestABrokenUpdateCanBeTakenBack(t *testing.T) {
	f := ready(t)
	f.edit(func(c *v1alpha1.NamingCluster) { c.Spec.Image = badImage })
	f.reaches(v1alpha1.Degraded, metav1.ConditionTrue, v1alpha1.ReasonRolloutStuck)
	f.edit(func(c *v1alpha1.NamingCluster) { c.Spec.Image = "" })
	f.settled()
	if got, want := nodes.replaced(f.cluster.Namespace), []string{"demo-2", "demo-2"}; !slices.Equal(got, want) {
		t.Errorf("replaced = %v, want %v", got, want)
	}
}

func TestAClusterThatNeverStartedIsCorrected(t *testing.T) {
	f := create(t, newNamespace(t), func(c *v1alpha1.NamingCluster) { c.Spec.Image = badImage })
	f.reaches(v1alpha1.Degraded, metav1.ConditionTrue, v1alpha1.ReasonMemberDown)
	f.edit(func(c *v1alpha1.NamingCluster) { c.Spec.Image = "" })
	f.settled()
}
