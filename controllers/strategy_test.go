//go:build envtest

package controllers

import (
	"fmt"
	"slices"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/distro-naming/naming-operator/api/v1alpha1"
	"github.com/distro-naming/naming-operator/controllers/resources"
)

// requireReplaced compares the pods that were replaced so far.
func (f *fixture) requireReplaced(want ...string) {
	f.t.Helper()
	if got := nodes.replaced(f.cluster.Namespace); !slices.Equal(got, want) {
		f.t.Errorf("replaced = %v, want %v", got, want)
	}
}

func TestAPartitionHoldsMembersBack(t *testing.T) {
	f := ready(t)
	f.edit(func(c *v1alpha1.NamingCluster) {
		c.Spec.Image = "newer"
		c.Spec.UpdateStrategy.RollingUpdate = &v1alpha1.RollingUpdate{Partition: 2}
	})
	f.reaches(v1alpha1.Progressing, metav1.ConditionFalse, v1alpha1.ReasonPartitionReached)
	f.reaches(v1alpha1.Reconciling, metav1.ConditionFalse, v1alpha1.ReasonUpToDate)
	f.passes()
	f.requireReplaced("demo-2")

	f.edit(func(c *v1alpha1.NamingCluster) { c.Spec.UpdateStrategy.RollingUpdate.Partition = 0 })
	f.settled()
	f.requireReplaced("demo-2", "demo-1", "demo-0")
}

func TestAPartitionedUpdateCanBeTakenBack(t *testing.T) {
	f := ready(t)
	f.edit(func(c *v1alpha1.NamingCluster) {
		c.Spec.Image = badImage
		c.Spec.UpdateStrategy.RollingUpdate = &v1alpha1.RollingUpdate{Partition: 2}
	})
	f.reaches(v1alpha1.Degraded, metav1.ConditionTrue, v1alpha1.ReasonRolloutStuck)
	f.edit(func(c *v1alpha1.NamingCluster) { c.Spec.Image = "" })
	f.settled()
	f.requireReplaced("demo-2", "demo-2")
}

func TestARolloutCanBePaused(t *testing.T) {
	f := ready(t)
	zero := resources.Address(f.cluster, 0)
	members.diverge(zero, true) // so that the rollout is still under way when the pause comes
	f.edit(func(c *v1alpha1.NamingCluster) { c.Spec.Image = "newer" })
	f.reaches(v1alpha1.Progressing, metav1.ConditionTrue, v1alpha1.ReasonWaitingForConvergence)
	f.edit(func(c *v1alpha1.NamingCluster) {
		c.Spec.UpdateStrategy.RollingUpdate = &v1alpha1.RollingUpdate{Paused: true}
	})
	members.diverge(zero, false)
	f.reaches(v1alpha1.Progressing, metav1.ConditionFalse, v1alpha1.ReasonRolloutPaused)
	f.passes()
	f.requireReplaced()
	f.reaches(v1alpha1.Paused, metav1.ConditionFalse, v1alpha1.ReasonNotPaused)

	f.edit(func(c *v1alpha1.NamingCluster) { c.Spec.UpdateStrategy.RollingUpdate = nil })
	f.settled()
	f.requireReplaced("demo-2", "demo-1", "demo-0")
}

func TestUsersDeleteThePods(t *testing.T) {
	f := ready(t)
	f.edit(func(c *v1alpha1.NamingCluster) {
		c.Spec.Image = "newer"
		c.Spec.UpdateStrategy.Type = appsv1.OnDeleteStatefulSetStrategyType
	})
	f.reaches(v1alpha1.Progressing, metav1.ConditionFalse, v1alpha1.ReasonWaitingForDeletion)
	if got := f.set().Spec.UpdateStrategy; got.Type != appsv1.OnDeleteStatefulSetStrategyType || got.RollingUpdate != nil {
		t.Errorf("update strategy of the set = %+v, want OnDelete and nothing else", got)
	}
	if set := f.set(); set.Status.ObservedGeneration != set.Generation || set.Status.UpdateRevision == set.Status.CurrentRevision {
		t.Errorf("WaitingForDeletion is said while generation %d of %d of the set is seen: a pod would come back as it was",
			set.Status.ObservedGeneration, set.Generation)
	}
	for _, p := range f.pods() {
		if p.Name == "demo-1" {
			if err := admin.Delete(t.Context(), &p, client.GracePeriodSeconds(0)); err != nil {
				t.Fatal(err)
			}
		}
	}
	eventually(t, func() error {
		if c := f.read(); c.Status.UpdatedReplicas != 1 || c.Status.ReadyReplicas != 3 {
			return fmt.Errorf("%d updated, %d ready, want 1 and 3", c.Status.UpdatedReplicas, c.Status.ReadyReplicas)
		}
		return nil
	})
	f.requireReplaced()

	f.edit(func(c *v1alpha1.NamingCluster) { c.Spec.UpdateStrategy.Type = "" })
	f.settled()
	f.requireReplaced("demo-2", "demo-0")
}

func TestMembersHaveToAgreeForAWhile(t *testing.T) {
	f := ready(t)
	f.edit(func(c *v1alpha1.NamingCluster) { c.Spec.MinConvergedSeconds = 3600; c.Spec.Image = "newer" })
	f.reaches(v1alpha1.Progressing, metav1.ConditionTrue, v1alpha1.ReasonSettling)
	f.passes()
	f.requireReplaced()

	f.edit(func(c *v1alpha1.NamingCluster) { c.Spec.MinConvergedSeconds = 1 })
	f.settled()
	f.requireReplaced("demo-2", "demo-1", "demo-0")
}

func TestAnEmergencySkipsTheCheck(t *testing.T) {
	f := ready(t)
	zero := resources.Address(f.cluster, 0)
	members.diverge(zero, true)
	f.edit(func(c *v1alpha1.NamingCluster) { c.Spec.Image = "newer" })
	f.reaches(v1alpha1.Progressing, metav1.ConditionTrue, v1alpha1.ReasonWaitingForConvergence)
	f.annotate(v1alpha1.SkipCheckAnnotation, "true")
	f.reaches(v1alpha1.Degraded, metav1.ConditionTrue, v1alpha1.ReasonConvergenceCheckSkipped)
	f.told(v1alpha1.ReasonConvergenceCheckSkipped)
	f.reaches(v1alpha1.Progressing, metav1.ConditionFalse, v1alpha1.ReasonIdle)
	f.requireReplaced("demo-2", "demo-1", "demo-0")

	members.diverge(zero, false)
	f.annotate(v1alpha1.SkipCheckAnnotation, "false")
	f.settled()
}
