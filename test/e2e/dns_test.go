//go:build e2e

package e2e

import (
	"context"
	"testing"

	corev1 "k8s.io/api/core/v1"
)

// TestMembersDoWithoutDNS stops it. Members go on, and one that comes back with
// another address is found by the others.
func TestMembersDoWithoutDNS(t *testing.T) {
	requireSettled(t, members)
	all := addresses(t)
	a := gather(t, "nameless", all[0], all[2])
	l := grow(t, "nameless-grown")

	after(t, func(ctx context.Context) error { return run(ctx, localclusterProgram, "start", "coredns") })
	localcluster(t, "stop", "coredns")
	runQuickstart(t, "-service", "nameless-tour", "-register", all[0], "-read", all[1]+","+all[2])
	victim := pod(t, 1)
	kubectl(t, "delete", "pod", victim.Name, "--force", "--grace-period=0")
	eventually(t, "a new pod is ready", func(ctx context.Context) error {
		p := &corev1.Pod{}
		if err := k8s.Get(ctx, podKey(1), p); err != nil {
			return err
		}
		if p.UID == victim.UID || !ready(p) {
			return notYet("new pod: %t, ready: %t", p.UID != victim.UID, ready(p))
		}
		return nil
	})
	if at := address(t, 1); at == all[1] {
		t.Errorf("the new pod has the address of the old one, %s: nobody had to find it", at)
	}
	requireListed(t, "nameless", held, address(t, 1))
	requireSettled(t, members)
	l.settle(t, addresses(t)...)
	a.dismiss(t)
}
