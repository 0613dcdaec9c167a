//go:build e2e

package e2e

import (
	"context"
	"strings"
	"testing"

	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// The operator.
var operator = client.ObjectKey{Namespace: "naming-system", Name: "naming-operator"}

func TestSecondOperatorTakesOver(t *testing.T) {
	requireSettled(t, members)
	kubectl(t, "-n", operator.Namespace, "scale", "deployment/"+operator.Name, "--replicas=2")
	after(t, func(ctx context.Context) error {
		return run(ctx, "kubectl", "-n", operator.Namespace, "scale", "deployment/"+operator.Name, "--replicas=1")
	})
	kubectl(t, "-n", operator.Namespace, "rollout", "status", "deployment/"+operator.Name, "--timeout="+patience.String())
	leader := leaderPod(t)

	kubectl(t, "-n", operator.Namespace, "delete", "pod", leader, "--force", "--grace-period=0")
	eventually(t, "another replica leads", func(context.Context) error {
		if now := leaderPod(t); now == leader || now == "" {
			return notYet("the leader is %q", now)
		}
		return nil
	})
	budget := &policyv1.PodDisruptionBudget{ObjectMeta: metav1.ObjectMeta{Namespace: demo.Namespace, Name: demo.Name}}
	if err := k8s.Delete(t.Context(), budget); err != nil {
		t.Fatalf("delete a child: %v", err)
	}
	eventually(t, "the new leader repairs", func(ctx context.Context) error {
		return k8s.Get(ctx, client.ObjectKeyFromObject(budget), budget)
	})
	requireSettled(t, members)
}

// leaderPod returns the pod that holds the operator's lease; the holder's name
// is the pod's, an underscore and a random part.
func leaderPod(t *testing.T) string {
	t.Helper()
	leases := &coordinationv1.LeaseList{}
	if err := k8s.List(t.Context(), leases, client.InNamespace(operator.Namespace)); err != nil {
		t.Fatalf("list leases: %v", err)
	}
	pods := &corev1.PodList{}
	if err := k8s.List(t.Context(), pods, client.InNamespace(operator.Namespace)); err != nil {
		t.Fatalf("list operator pods: %v", err)
	}
	for _, lease := range leases.Items {
		for _, p := range pods.Items {
			if holder := lease.Spec.HolderIdentity; holder != nil && strings.HasPrefix(*holder, p.Name+"_") {
				return p.Name
			}
		}
	}
	return ""
}
