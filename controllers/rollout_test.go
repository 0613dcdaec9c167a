//go:build envtest

package controllers

import (
	"slices"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/distro-naming/naming-operator/api/v1alpha1"
	"github.com/distro-naming/naming-operator/controllers/resources"
)

func TestScaling(t *testing.T) {
	f := ready(t)
	f.scale(5)
	f.settled()
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
	f.scale(3)
	f.settled()
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
