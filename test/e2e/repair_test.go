//go:build e2e

package e2e

import (
	"context"
	"maps"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/client-go/util/retry"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// child is one object that the operator keeps as it should be.
type child struct {
	object client.Object
	name   string
	spoil  func(client.Object)      // changes something that the operator owns
	intact func(client.Object) bool // whether that something is as it should be
}

func children() map[string]child {
	return map[string]child{
		"StatefulSet": {
			object: &appsv1.StatefulSet{}, name: demo.Name,
			spoil:  func(o client.Object) { o.(*appsv1.StatefulSet).Spec.Replicas = new(int32(1 + members)) },
			intact: func(o client.Object) bool { return *o.(*appsv1.StatefulSet).Spec.Replicas == members },
		},
		"headless Service": {
			object: &corev1.Service{}, name: demo.Name + "-headless",
			spoil:  func(o client.Object) { o.(*corev1.Service).Spec.PublishNotReadyAddresses = false },
			intact: func(o client.Object) bool { return o.(*corev1.Service).Spec.PublishNotReadyAddresses },
		},
		"client Service": {
			object: &corev1.Service{}, name: demo.Name,
			spoil:  func(o client.Object) { o.(*corev1.Service).Spec.Ports[0].TargetPort = intstr.FromInt32(1) },
			intact: func(o client.Object) bool { return o.(*corev1.Service).Spec.Ports[0].TargetPort != intstr.FromInt32(1) },
		},
		"member list": {
			object: &corev1.ConfigMap{}, name: demo.Name + "-members",
			spoil:  func(o client.Object) { o.(*corev1.ConfigMap).Data["cluster.conf"] = "# spoiled\n" },
			intact: func(o client.Object) bool { return len(o.(*corev1.ConfigMap).Data["cluster.conf"]) > 20 },
		},
		"ServiceAccount": {
			object: &corev1.ServiceAccount{}, name: demo.Name,
			spoil: func(o client.Object) { o.(*corev1.ServiceAccount).AutomountServiceAccountToken = new(true) },
			intact: func(o client.Object) bool {
				mount := o.(*corev1.ServiceAccount).AutomountServiceAccountToken
				return mount != nil && !*mount
			},
		},
		"PodDisruptionBudget": {
			object: &policyv1.PodDisruptionBudget{}, name: demo.Name,
			spoil: func(o client.Object) {
				o.(*policyv1.PodDisruptionBudget).Spec.MaxUnavailable = new(intstr.FromInt32(3))
			},
			intact: func(o client.Object) bool {
				limit := o.(*policyv1.PodDisruptionBudget).Spec.MaxUnavailable
				return limit != nil && limit.IntValue() == 1
			},
		},
	}
}

func TestEditedChildrenAreRepaired(t *testing.T) {
	requireSettled(t, members)
	for name, c := range children() {
		t.Run(name, func(t *testing.T) {
			key := client.ObjectKey{Namespace: demo.Namespace, Name: c.name}
			object := c.object
			err := retry.RetryOnConflict(retry.DefaultBackoff, func() error { // Kubernetes writes its status meanwhile
				get(t, key, object)
				c.spoil(object)
				return k8s.Update(t.Context(), object, client.FieldOwner("vandal"))
			})
			if err != nil {
				t.Fatalf("spoil: %v", err)
			}
			eventually(t, "the edit is undone", func(ctx context.Context) error {
				if err := k8s.Get(ctx, key, object); err != nil {
					return err
				}
				if !c.intact(object) {
					return notYet("it is as the vandal left it")
				}
				return nil
			})
		})
	}
	requireSettled(t, members)
}

// TestDeletedChildrenComeBack leaves the pods of the StatefulSet alone, as
// "kubectl delete --cascade=orphan" does: the new set adopts them.
func TestDeletedChildrenComeBack(t *testing.T) {
	requireSettled(t, members)
	a := gather(t, "orphaned", address(t, 0))
	for name, c := range children() {
		t.Run(name, func(t *testing.T) {
			key := client.ObjectKey{Namespace: demo.Namespace, Name: c.name}
			object := get(t, key, c.object)
			old := object.GetUID()
			if err := k8s.Delete(t.Context(), object, client.PropagationPolicy(metav1.DeletePropagationOrphan)); err != nil {
				t.Fatalf("delete: %v", err)
			}
			eventually(t, "it exists again", func(ctx context.Context) error {
				if err := k8s.Get(ctx, key, object); err != nil {
					return err
				}
				if object.GetUID() == old {
					return notYet("the old one is still there")
				}
				return nil
			})
		})
	}
	requireSettled(t, members)
	a.dismiss(t)
}

// selector returns the labels by which the cluster finds its pods.
func selector(t *testing.T) map[string]string {
	t.Helper()
	return maps.Clone(get(t, demo, &appsv1.StatefulSet{}).Spec.Selector.MatchLabels)
}
