//go:build envtest

package scale

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/distro-naming/naming-operator/sidecar/member"
)

// hands is how many sets are played at the same time.
const hands = 8

// nodes plays the StatefulSet controller and the kubelets for sets that only
// grow: it makes each pod, ready at once.
type nodes struct {
	api     client.Client
	members *members
	done    map[string]bool // sets whose pods are all there
}

// play goes on until ctx ends.
func (n *nodes) play(ctx context.Context, t *testing.T) {
	t.Helper()
	for ctx.Err() == nil {
		var sets appsv1.StatefulSetList
		if err := n.api.List(ctx, &sets); err != nil {
			continue
		}
		n.fillAll(ctx, t, sets.Items)
		select {
		case <-ctx.Done():
		case <-time.After(500 * time.Millisecond):
		}
	}
}

func (n *nodes) fillAll(ctx context.Context, t *testing.T, sets []appsv1.StatefulSet) {
	t.Helper()
	var group sync.WaitGroup
	work := make(chan *appsv1.StatefulSet)
	for range hands {
		group.Go(func() {
			for set := range work {
				if err := n.fill(ctx, t, set); err != nil && ctx.Err() == nil {
					t.Errorf("play pods of %s: %v", set.Name, err)
				}
			}
		})
	}
	for i := range sets {
		if set := &sets[i]; !n.done[set.Name] {
			n.done[set.Name] = true
			work <- set
		}
	}
	close(work)
	group.Wait()
}

// fill makes the pods of a set, and says that the set has them.
func (n *nodes) fill(ctx context.Context, t *testing.T, set *appsv1.StatefulSet) error {
	t.Helper()
	for o := range *set.Spec.Replicas {
		if err := n.make(ctx, t, set, o); err != nil {
			return err
		}
	}
	for {
		set.Status = appsv1.StatefulSetStatus{
			ObservedGeneration: set.Generation, Replicas: *set.Spec.Replicas, ReadyReplicas: *set.Spec.Replicas,
			CurrentRevision: "r1", UpdateRevision: "r1",
		}
		err := n.api.Status().Update(ctx, set)
		if !apierrors.IsConflict(err) {
			return err
		}
		if err := n.api.Get(ctx, client.ObjectKeyFromObject(set), set); err != nil {
			return err
		}
	}
}

func (n *nodes) make(ctx context.Context, t *testing.T, set *appsv1.StatefulSet, o int32) error {
	t.Helper()
	pod := &corev1.Pod{ObjectMeta: *set.Spec.Template.ObjectMeta.DeepCopy(), Spec: *set.Spec.Template.Spec.DeepCopy()}
	pod.Namespace, pod.Name = set.Namespace, fmt.Sprintf("%s-%d", set.Name, o)
	pod.Labels[appsv1.StatefulSetRevisionLabel] = "r1"
	pod.OwnerReferences = []metav1.OwnerReference{*metav1.NewControllerRef(set, appsv1.SchemeGroupVersion.WithKind("StatefulSet"))}
	if err := n.api.Create(ctx, pod); err != nil {
		return err
	}
	address := member.Address(fmt.Sprintf("%s.%s.%s.svc:%d", pod.Name, set.Spec.ServiceName, set.Namespace, member.DefaultPort))
	ip := n.members.join(t, address)
	started := metav1.Now()
	pod.Status = corev1.PodStatus{
		Phase: corev1.PodRunning, PodIP: ip, PodIPs: []corev1.PodIP{{IP: ip}},
		Conditions: []corev1.PodCondition{{Type: corev1.PodReady, Status: corev1.ConditionTrue, LastTransitionTime: started}},
		InitContainerStatuses: []corev1.ContainerStatus{{
			Name: "distro", Ready: true, State: corev1.ContainerState{Running: &corev1.ContainerStateRunning{StartedAt: started}},
		}},
	}
	for {
		status := pod.Status
		err := n.api.Status().Update(ctx, pod)
		if !apierrors.IsConflict(err) {
			return err
		}
		if err := n.api.Get(ctx, client.ObjectKeyFromObject(pod), pod); err != nil {
			return err
		}
		pod.Status = status
	}
}
