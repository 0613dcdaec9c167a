//go:build e2e

package e2e

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/distro-naming/naming-operator/api/v1alpha1"
)

// trouble is a fault that is brought about on a cluster of two members, and
// how status has to show it: the reason of Degraded and words of its message.
type trouble struct {
	bring  func(*testing.T, client.ObjectKey)
	reason string
	words  []string
}

// nowhere is a registry that refuses connections at once.
const nowhere = "127.0.0.1:1/distro-sidecar:missing"

func troubles() map[string]trouble {
	return map[string]trouble{
		"a member hangs":                              {hang, v1alpha1.ReasonMemberDown, []string{"two-1", "kubectl logs"}},
		"a member dies again and again":               {wearOut, v1alpha1.ReasonMemberDown, []string{"two-1", "CrashLoopBackOff", "kubectl logs"}},
		"the operator cannot reach a member":          {muffle, v1alpha1.ReasonMemberUnreachable, []string{"two-1", "NetworkPolicies"}},
		"a member needs more memory than it may have": {starve, v1alpha1.ReasonRolloutStuck, []string{"two-1", "raise the limit in spec.resources"}},
		"the quota is full":                           {exhaust, v1alpha1.ReasonMemberDown, []string{"two-1", "exceeded quota", "raise the quota"}},
		"the image is not there": {
			patch(`{"spec":{"image":"` + nowhere + `"}}`),
			v1alpha1.ReasonRolloutStuck,
			[]string{"two-1", nowhere, "correct the image"},
		},
		"the pull Secret is not there": {
			patch(`{"spec":{"image":"` + nowhere + `","imagePullSecrets":[{"name":"absent"}]}}`),
			v1alpha1.ReasonRolloutStuck,
			[]string{"two-1", "absent", "spec.imagePullSecrets"},
		},
		"a Secret of a volume is not there": {
			bare,
			v1alpha1.ReasonRolloutStuck,
			[]string{"two-1", "absent", "create the Secret"},
		},
		"no node fits": {
			patch(`{"spec":{"nodeSelector":{"disk":"gold"}}}`),
			v1alpha1.ReasonRolloutStuck,
			[]string{"two-1", "node", "spec.resources"},
		},
	}
}

// TestFaultsAreShownWithWhatToDo prints how long each took. Nothing is asserted
// about that.
func TestFaultsAreShownWithWhatToDo(t *testing.T) {
	var (
		mu    sync.Mutex
		table []string
		n     int
	)
	t.Run("all", func(t *testing.T) {
		for name, f := range troubles() {
			n++
			key := client.ObjectKey{Namespace: fmt.Sprintf("fault-%d", n), Name: "two"}
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				found(t, key, 2, nil)
				began := time.Now()
				f.bring(t, key)
				said := shown(t, key, f.reason, f.words)
				mu.Lock()
				defer mu.Unlock()
				table = append(table, fmt.Sprintf("| %s | %.1f s | %s | %s |", name, time.Since(began).Seconds(), f.reason, said))
			})
		}
	})
	slices.Sort(table)
	t.Logf("from the fault to the condition:\n%s", strings.Join(table, "\n"))
}

// shown waits until status of the cluster shows the fault, and returns how.
func shown(t *testing.T, key client.ObjectKey, reason string, words []string) (message string) {
	t.Helper()
	eventually(t, "status says "+reason, func(ctx context.Context) error {
		cluster := &v1alpha1.NamingCluster{}
		if err := k8s.Get(ctx, key, cluster); err != nil {
			return err
		}
		c := cmp.Or(meta.FindStatusCondition(cluster.Status.Conditions, v1alpha1.Degraded), &metav1.Condition{})
		missing := slices.ContainsFunc(words, func(word string) bool { return !strings.Contains(c.Message, word) })
		if c.Status != metav1.ConditionTrue || c.Reason != reason || missing {
			return notYet("it says %s, %s: %s; want the words %q", c.Status, c.Reason, c.Message, words)
		}
		message = c.Message
		return nil
	})
	return message
}

func patch(change string) func(*testing.T, client.ObjectKey) {
	return func(t *testing.T, key client.ObjectKey) {
		t.Helper()
		kubectl(t, "-n", key.Namespace, "patch", "nmc", key.Name, "--type=merge", "-p", change)
	}
}

// bare gives the pods a container that mounts a Secret which does not exist.
func bare(t *testing.T, key client.ObjectKey) {
	t.Helper()
	image := podOf(t, key, 1).Spec.InitContainers[0].Image
	patch(`{"spec":{"template":{
		"containers":[{"name":"app","image":"`+image+`","args":["console"],"volumeMounts":[{"name":"keys","mountPath":"/keys"}]}],
		"volumes":[{"name":"keys","secret":{"secretName":"absent"}}]}}}`)(t, key)
}

// hang stops the member's process where it is.
func hang(t *testing.T, key client.ObjectKey) {
	t.Helper()
	send(t, podOf(t, key, 1), syscall.SIGSTOP)
}

func send(t *testing.T, p *corev1.Pod, signal syscall.Signal) {
	t.Helper()
	if err := syscall.Kill(sidecarPID(t, p.UID), signal); err != nil {
		t.Fatalf("signal the sidecar of %s: %v", p.Name, err)
	}
}

// wearOut kills the member's process until the kubelet takes its time to start it again:
// twenty seconds, in which it has to be seen.
func wearOut(t *testing.T, key client.ObjectKey) {
	t.Helper()
	p := podOf(t, key, 1)
	const last = 2
	for kills := range int32(last + 1) {
		send(t, p, syscall.SIGKILL)
		eventually(t, "the kubelet has noticed", func(ctx context.Context) error {
			if err := k8s.Get(ctx, client.ObjectKeyFromObject(p), p); err != nil {
				return err
			}
			for _, s := range p.Status.InitContainerStatuses {
				if s.Name == "distro" && (s.RestartCount > kills && s.State.Running != nil && kills < last || s.State.Waiting != nil && kills == last) {
					return nil
				}
			}
			return notYet("%+v", p.Status.InitContainerStatuses)
		})
	}
}

// muffle drops what the operator sends to the member.
func muffle(t *testing.T, key client.ObjectKey) {
	t.Helper()
	operators := &corev1.PodList{}
	if err := k8s.List(t.Context(), operators, client.InNamespace(operator.Namespace)); err != nil {
		t.Fatal(err)
	}
	var ips []string
	for _, o := range operators.Items {
		ips = append(ips, o.Status.PodIP)
	}
	separate(t, podOf(t, key, 1), ips...)
}

// exhaust sets a quota that is full, and deletes a pod.
func exhaust(t *testing.T, key client.ObjectKey) {
	t.Helper()
	quota := &corev1.ResourceQuota{
		ObjectMeta: metav1.ObjectMeta{Namespace: key.Namespace, Name: "one"},
		Spec:       corev1.ResourceQuotaSpec{Hard: corev1.ResourceList{corev1.ResourcePods: resource.MustParse("1")}},
	}
	if err := k8s.Create(t.Context(), quota); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the quota is in force", func(ctx context.Context) error {
		if err := k8s.Get(ctx, client.ObjectKeyFromObject(quota), quota); err != nil {
			return err
		}
		if quota.Status.Used.Pods().Value() == 0 {
			return notYet("%+v", quota.Status)
		}
		return nil
	})
	if err := k8s.Delete(t.Context(), podOf(t, key, 1)); err != nil {
		t.Fatal(err)
	}
}
