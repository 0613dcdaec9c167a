//go:build e2e

package e2e

import (
	"context"
	"strings"
	"syscall"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	policyv1 "k8s.io/api/policy/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// TestMembersDoWithoutTheAPIServer stops it. Members go on, even through a
// restart of one; afterwards nothing has been rolled, and the operator works.
func TestMembersDoWithoutTheAPIServer(t *testing.T) {
	before := requireSettled(t, members)
	set := get(t, demo, &appsv1.StatefulSet{})
	all := addresses(t)
	victim := pod(t, 1)
	pid := sidecarPID(t, victim.UID)
	a := gather(t, "outage", all[0], all[2])
	l := grow(t, "outage-grown")

	after(t, func(ctx context.Context) error { return run(ctx, localclusterProgram, "start", "kube-apiserver") })
	localcluster(t, "stop", "kube-apiserver")
	runQuickstart(t, "-service", "outage-tour", "-register", all[0], "-read", all[1]+","+all[2])
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		t.Fatalf("kill sidecar of %s: %v", victim.Name, err)
	}
	eventually(t, "the kubelet has restarted the member, and it is complete", func(ctx context.Context) error {
		if syscall.Kill(pid, 0) == nil {
			return notYet("the old process is still there")
		}
		return read(ctx, "http://"+strings.Replace(all[1], ":8848", ":8080", 1)+"/readyz", nil)
	})
	requireListed(t, "outage", held, all...)
	runQuickstart(t, "-service", "outage-tour", "-register", all[1], "-read", all[0]+","+all[2])

	localcluster(t, "start", "kube-apiserver")
	now := requireSettled(t, members)
	if now.Status.MembersGeneration != before.Status.MembersGeneration {
		t.Errorf("list generation = %d, was %d: nothing should have changed", now.Status.MembersGeneration, before.Status.MembersGeneration)
	}
	if later := get(t, demo, &appsv1.StatefulSet{}); later.Generation != set.Generation {
		t.Errorf("the StatefulSet was changed: generation %d, was %d", later.Generation, set.Generation)
	}
	if p := pod(t, 1); p.UID != victim.UID {
		t.Error("the pod was replaced though its container could be restarted")
	}
	l.settle(t, all...)
	a.dismiss(t)

	budget := &policyv1.PodDisruptionBudget{ObjectMeta: metav1.ObjectMeta{Namespace: demo.Namespace, Name: demo.Name}}
	if err := k8s.Delete(t.Context(), budget); err != nil {
		t.Fatalf("delete a child: %v", err)
	}
	eventually(t, "the operator repairs again", func(ctx context.Context) error {
		return k8s.Get(ctx, client.ObjectKeyFromObject(budget), budget)
	})
	requireSettled(t, members)
}
