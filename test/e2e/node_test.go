//go:build e2e

package e2e

import (
	"context"
	"os/exec"
	"testing"

	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// TestEvictionAndDrainOfANodeLoseNothing moves two members to a second node by
// evicting them, one after the other as the budget wants it, and then drains
// that node.
func TestEvictionAndDrainOfANodeLoseNothing(t *testing.T) {
	requireSettled(t, members)
	localcluster(t, "node", "add")
	first := pod(t, 0).Spec.NodeName
	second := first + "-2"
	after(t, func(ctx context.Context) error { return run(ctx, localclusterProgram, "node", "remove") })
	a := gather(t, "drained", address(t, 0), serviceAddress(t))
	l := grow(t, "drained-grown")
	stop := countUnready(t)

	after(t, func(ctx context.Context) error { return run(ctx, "kubectl", "uncordon", first) })
	kubectl(t, "cordon", first)
	moved := pod(t, 2).UID
	eventually(t, "a member may go while all serve", func(context.Context) error { return evict(t, 2) })
	if err := evict(t, 1); !apierrors.IsTooManyRequests(err) {
		t.Errorf("evict a second member at once: %v, want a refusal by the budget", err)
	}
	requireMoved(t, 2, moved, second)
	moved = pod(t, 1).UID
	eventually(t, "the budget lets the next member go", func(context.Context) error { return evict(t, 1) })
	requireMoved(t, 1, moved, second)
	kubectl(t, "uncordon", first)

	kubectl(t, "drain", second, "--ignore-daemonsets", "--delete-emptydir-data", "--timeout="+patience.String())
	requireSettled(t, members)
	for i := range members {
		if at := pod(t, i).Spec.NodeName; at != first {
			t.Errorf("member %d is on %s after the drain, want %s", i, at, first)
		}
	}
	if most := stop(); most > 1 {
		t.Errorf("%d members were away at once, want at most 1", most)
	}
	l.settle(t, addresses(t)...)
	a.dismiss(t)
}

// evict asks for the end of the i-th member's pod as a drain does.
func evict(t *testing.T, i int) error {
	t.Helper()
	p := pod(t, i)
	return k8s.SubResource("eviction").Create(t.Context(), p, &policyv1.Eviction{
		ObjectMeta: metav1.ObjectMeta{Namespace: p.Namespace, Name: p.Name},
	})
}

// requireMoved waits until the i-th member serves from another pod than old, on
// the node, and all agree.
func requireMoved(t *testing.T, i int, old types.UID, node string) {
	t.Helper()
	key := podKey(i)
	eventually(t, key.Name+" serves on "+node, func(ctx context.Context) error {
		p := &corev1.Pod{}
		if err := k8s.Get(ctx, key, p); err != nil {
			return err
		}
		if p.UID == old || !ready(p) || p.Spec.NodeName != node {
			return notYet("new pod: %t, ready: %t, on %s", p.UID != old, ready(p), p.Spec.NodeName)
		}
		return nil
	})
	requireSettled(t, members)
}

// localcluster runs the local Kubernetes' own command.
func localcluster(t *testing.T, args ...string) {
	t.Helper()
	if err := run(t.Context(), localclusterProgram, args...); err != nil {
		t.Fatal(err)
	}
}

// after does something when the test is over, whatever became of it.
func after(t *testing.T, do func(context.Context) error) {
	t.Helper()
	life := context.WithoutCancel(t.Context()) // the test's own is over by then
	t.Cleanup(func() {
		if err := do(life); err != nil {
			t.Errorf("clean up: %v", err)
		}
	})
}

// run runs a program to its end.
func run(ctx context.Context, program string, args ...string) error {
	if out, err := exec.CommandContext(ctx, program, args...).CombinedOutput(); err != nil {
		return notYet("%s %v: %w: %s", program, args, err, out)
	}
	return nil
}
