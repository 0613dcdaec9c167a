//go:build e2e

package e2e

import (
	"context"
	"strconv"
	"testing"
	"time"

	"github.com/distro-naming/naming-operator/api/v1alpha1"
)

// TestANodeDies moves a member to a second node and lets that die, without a
// packet to anybody. Kubernetes replaces the pod once it is told that the node
// is gone.
func TestANodeDies(t *testing.T) {
	requireSettled(t, members)
	localcluster(t, "node", "add")
	first := pod(t, 0).Spec.NodeName
	second := first + "-2"
	after(t, func(ctx context.Context) error { return run(ctx, localclusterProgram, "node", "remove") })
	a := gather(t, "bereaved", address(t, 0), address(t, 1))
	l := grow(t, "bereaved-grown")

	after(t, func(ctx context.Context) error { return run(ctx, "kubectl", "uncordon", first) })
	kubectl(t, "cordon", first)
	moved := pod(t, 2).UID
	eventually(t, "a member may go while all serve", func(context.Context) error { return evict(t, 2) })
	requireMoved(t, 2, moved, second)
	kubectl(t, "uncordon", first)
	lost := pod(t, 2).UID

	localcluster(t, "node", "kill")
	began := time.Now()
	said := shown(t, demo, v1alpha1.ReasonMemberUnreachable, []string{"demo-2"})
	t.Logf("shown %.1f s after the node's death: %s", time.Since(began).Seconds(), said)
	for _, side := range []int{0, 1} {
		runQuickstart(t, "-service", "bereaved-tour-"+strconv.Itoa(side), "-register", address(t, side), "-read", address(t, 1-side))
	}

	kubectl(t, "delete", "node", second)
	began = time.Now()
	requireMoved(t, 2, lost, first)
	t.Logf("replaced and complete %.1f s after the Node object was deleted", time.Since(began).Seconds())
	l.settle(t, addresses(t)...)
	a.dismiss(t)
}
