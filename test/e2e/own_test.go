//go:build e2e

package e2e

import (
	"context"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/distro-naming/naming-operator/api/v1alpha1"
)

// found makes a cluster of n small members in a namespace of its own, and waits
// until it is settled. with may change its spec before.
func found(t *testing.T, key client.ObjectKey, n int32, with func(*v1alpha1.NamingClusterSpec)) {
	t.Helper()
	space := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: key.Namespace}}
	if err := k8s.Create(t.Context(), space); err != nil {
		t.Fatal(err)
	}
	after(t, func(ctx context.Context) error { return k8s.Delete(ctx, space) })
	small := corev1.ResourceList{corev1.ResourceCPU: resource.MustParse("10m"), corev1.ResourceMemory: resource.MustParse("64Mi")}
	cluster := &v1alpha1.NamingCluster{
		ObjectMeta: metav1.ObjectMeta{Namespace: key.Namespace, Name: key.Name},
		Spec: v1alpha1.NamingClusterSpec{
			Replicas: new(n), TerminationGracePeriodSeconds: new(int64(10)), Resources: &corev1.ResourceRequirements{Requests: small},
		},
	}
	if with != nil {
		with(&cluster.Spec)
	}
	if err := k8s.Create(t.Context(), cluster); err != nil {
		t.Fatal(err)
	}
	settle(t, key, int(n))
}

// addressesOf returns where the n members of a cluster serve, by their pods' present IPs.
func addressesOf(t *testing.T, key client.ObjectKey, n int) (all []string) {
	t.Helper()
	for i := range n {
		all = append(all, podOf(t, key, i).Status.PodIP+":8848")
	}
	return all
}

// serviceOf returns where clients of a cluster connect.
func serviceOf(t *testing.T, key client.ObjectKey) string {
	t.Helper()
	return get(t, key, &corev1.Service{}).Spec.ClusterIP + ":8848"
}

// uidsOf tells pods from those that take their places.
func uidsOf(t *testing.T, key client.ObjectKey, n int) (all []types.UID) {
	t.Helper()
	for i := range n {
		all = append(all, podOf(t, key, i).UID)
	}
	return all
}

// permitSecrets lets the operator use the Secrets of a namespace, by the command
// that the condition has.
func permitSecrets(t *testing.T, namespace string) {
	t.Helper()
	kubectl(t, "create", "rolebinding", "naming-operator-secrets", "--namespace", namespace,
		"--clusterrole=naming-operator-secrets", "--serviceaccount=naming-system:naming-operator")
	after(t, func(ctx context.Context) error {
		return run(ctx, "kubectl", "delete", "rolebinding", "naming-operator-secrets", "--namespace", namespace)
	})
}
