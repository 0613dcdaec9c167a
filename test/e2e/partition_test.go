//go:build e2e

package e2e

import (
	"context"
	"fmt"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/distro-naming/naming-operator/api/v1alpha1"
)

// TestPartitionBetweenMembers cuts one member off from the other two, while
// clients and the operator reach all of them.
func TestPartitionBetweenMembers(t *testing.T) {
	requireSettled(t, members)
	all := addresses(t)
	a := gather(t, "parted", all...)
	l := grow(t, "parted-grown")
	leaver := startHelper(t, "hold", "-service", "parted-left", "-member", all[2], "-count", "5", "-clients", "1")
	requireListed(t, "parted-left", 5, all...)

	heal := cut(t, 2, 0, 1)
	began := time.Now()
	said := shown(t, demo, v1alpha1.ReasonPeersUnreachable, []string{"demo-0", "demo-1", "demo-2", "9849"})
	t.Logf("shown %.1f s after the cut: %s", time.Since(began).Seconds(), said)
	for _, side := range []int{0, 2} {
		runQuickstart(t, "-service", "parted-tour-"+strconv.Itoa(side), "-register", all[side], "-read", all[side])
	}
	leaver.finish(t) // its side knows at once, the other side cannot
	requireListed(t, "parted-left", 0, all[2])

	heal()
	began = time.Now()
	eventually(t, "nothing needs attention any more", func(ctx context.Context) error {
		if c, err := degraded(ctx); err != nil || c.Status != metav1.ConditionFalse {
			return notYet("%v, %w", c, err)
		}
		return nil
	})
	t.Logf("no longer shown %.1f s after the cut ended", time.Since(began).Seconds())
	requireListed(t, "parted-left", 0, all...) // no zombies
	l.settle(t, all...)
	requireSettled(t, members)
	a.dismiss(t)
}

// cut drops all packets between one member and others until the returned
// function is called.
func cut(t *testing.T, member int, others ...int) (heal func()) {
	t.Helper()
	var ips []string
	for _, i := range others {
		ips = append(ips, pod(t, i).Status.PodIP)
	}
	return separate(t, pod(t, member), ips...)
}

// separate drops all packets between a pod and the addresses until the returned
// function is called, by a packet filter in the pod's network namespace.
func separate(t *testing.T, p *corev1.Pod, ips ...string) (heal func()) {
	t.Helper()
	set := strings.Join(ips, ", ")
	inside := fmt.Sprintf("--net=/proc/%d/ns/net", sidecarPID(t, p.UID))
	nft := exec.CommandContext(t.Context(), "nsenter", inside, "nft", "--file", "-")
	nft.Stdin = strings.NewReader(fmt.Sprintf(`table ip e2e {
		chain in { type filter hook input priority 0; ip saddr { %s } drop; }
		chain out { type filter hook output priority 0; ip daddr { %s } drop; }
	}`, set, set))
	if out, err := nft.CombinedOutput(); err != nil {
		t.Fatalf("cut %s off: %v\n%s", p.Name, err, out)
	}
	var once sync.Once
	mend := func(ctx context.Context) (err error) {
		once.Do(func() { err = run(ctx, "nsenter", inside, "nft", "delete", "table", "ip", "e2e") })
		return err
	}
	after(t, mend)
	return func() {
		t.Helper()
		if err := mend(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
}

// degraded returns the sample's condition of that type.
func degraded(ctx context.Context) (metav1.Condition, error) {
	cluster := &v1alpha1.NamingCluster{}
	if err := k8s.Get(ctx, demo, cluster); err != nil {
		return metav1.Condition{}, err
	}
	if c := meta.FindStatusCondition(cluster.Status.Conditions, v1alpha1.Degraded); c != nil {
		return *c, nil
	}
	return metav1.Condition{}, notYet("there is no such condition")
}

// requireListed waits until each of the members lists so many instances of a service.
func requireListed(t *testing.T, service string, n int, on ...string) {
	t.Helper()
	requireListedTo(t, "", service, n, on...)
}

// requireListedTo is requireListed to whoever shows the token.
func requireListedTo(t *testing.T, token, service string, n int, on ...string) {
	t.Helper()
	for _, member := range on {
		eventually(t, fmt.Sprintf("%s lists %d of %s", member, n, service), func(ctx context.Context) error {
			if list, err := listed(ctx, member, service, token); err != nil || len(list) != n {
				return notYet("it lists %v: %w", list, err)
			}
			return nil
		})
	}
}
