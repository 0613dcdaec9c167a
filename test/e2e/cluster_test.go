//go:build e2e

package e2e

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/tools/clientcmd"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/distro-naming/naming-operator/api/v1alpha1"
)

// patience bounds every wait; nothing is asserted about how long things take.
const patience = 4 * time.Minute

// The sample cluster.
var demo = client.ObjectKey{Namespace: "default", Name: "demo"}

const members = 3

var (
	k8s        client.WithWatch
	kubeconfig = os.Getenv("KUBECONFIG")
	quickstart = os.Getenv("QUICKSTART") // the built test/clients/quickstart
	nextImage  = os.Getenv("NEXT_IMAGE") // another tag of the sidecar, present on the node

	localclusterProgram = os.Getenv("LOCALCLUSTER") // the built hack/localcluster
)

func TestMain(m *testing.M) {
	if err := connect(); err != nil {
		fmt.Fprintln(os.Stderr, "e2e:", err)
		os.Exit(1)
	}
	os.Exit(m.Run())
}

var errEnvironment = errors.New("KUBECONFIG, QUICKSTART, LOCALCLUSTER and NEXT_IMAGE must be set; run make test-e2e")

func connect() error {
	if kubeconfig == "" || quickstart == "" || localclusterProgram == "" || nextImage == "" {
		return errEnvironment
	}
	config, err := clientcmd.BuildConfigFromFlags("", kubeconfig)
	if err != nil {
		return fmt.Errorf("read kubeconfig: %w", err)
	}
	config.QPS = -1 // the tests poll; the server protects itself
	scheme := clientgoscheme.Scheme
	if err := v1alpha1.AddToScheme(scheme); err != nil {
		return fmt.Errorf("add types: %w", err)
	}
	k8s, err = client.NewWithWatch(config, client.Options{Scheme: scheme})
	if err != nil {
		return fmt.Errorf("connect to the API server: %w", err)
	}
	return nil
}

// kubectl runs a command as users would.
func kubectl(t *testing.T, args ...string) {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "kubectl", args...).CombinedOutput()
	if err != nil {
		t.Fatalf("kubectl %v: %v\n%s", args, err, out)
	}
	t.Logf("kubectl %v: %s", args, out)
}

// eventually waits until check returns nil and says what was last wrong if it
// never does.
func eventually(t *testing.T, what string, check func(context.Context) error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	ticker := time.NewTicker(200 * time.Millisecond)
	defer ticker.Stop()
	var last error
	for {
		err := check(ctx)
		if err == nil {
			return
		}
		if last == nil || ctx.Err() == nil { // a look cut short says less than the one before it
			last = err
		}
		select {
		case <-ctx.Done():
			t.Fatalf("never came true: %s: %v", what, last)
		case <-ticker.C:
		}
	}
}

var errNotYet = errors.New("not yet")

func notYet(format string, args ...any) error {
	return fmt.Errorf("%w: "+format, append([]any{errNotYet}, args...)...)
}

func get[T client.Object](t *testing.T, key client.ObjectKey, into T) T {
	t.Helper()
	if err := k8s.Get(t.Context(), key, into); err != nil {
		t.Fatalf("get %s: %v", key, err)
	}
	return into
}

// requireSettled waits until the sample has n members, all serving, on one
// list and with one registry, and returns it.
func requireSettled(t *testing.T, n int) *v1alpha1.NamingCluster {
	t.Helper()
	return settle(t, demo, n)
}

// settle is requireSettled of any cluster.
func settle(t *testing.T, key client.ObjectKey, n int) *v1alpha1.NamingCluster {
	t.Helper()
	cluster := &v1alpha1.NamingCluster{}
	eventually(t, fmt.Sprintf("%d members of %s are settled", n, key), func(ctx context.Context) error {
		if err := k8s.Get(ctx, key, cluster); err != nil {
			return err
		}
		return settled(cluster, n)
	})
	return cluster
}

func settled(c *v1alpha1.NamingCluster, n int) error {
	s := c.Status
	if s.ObservedGeneration != c.Generation {
		return notYet("status is about generation %d of %d", s.ObservedGeneration, c.Generation)
	}
	if int(s.Replicas) != n || int(s.ReadyReplicas) != n || int(s.UpdatedReplicas) != n || len(s.Members) != n {
		return notYet("%d members, %d ready, %d updated, %d listed, want %d",
			s.Replicas, s.ReadyReplicas, s.UpdatedReplicas, len(s.Members), n)
	}
	for _, kind := range []string{
		v1alpha1.Ready, v1alpha1.AllReplicasReady, v1alpha1.MembershipCurrent, v1alpha1.Converged,
	} {
		if !meta.IsStatusConditionTrue(s.Conditions, kind) {
			return notYet("condition %s: %+v", kind, meta.FindStatusCondition(s.Conditions, kind))
		}
	}
	for _, m := range s.Members {
		if m.Generation != s.MembersGeneration {
			return notYet("%s runs on list %d of %d", m.Name, m.Generation, s.MembersGeneration)
		}
	}
	return nil
}

// pod returns the pod of the sample's i-th member.
func pod(t *testing.T, i int) *corev1.Pod {
	t.Helper()
	return podOf(t, demo, i)
}

// podOf is pod of any cluster.
func podOf(t *testing.T, cluster client.ObjectKey, i int) *corev1.Pod {
	t.Helper()
	return get(t, client.ObjectKey{Namespace: cluster.Namespace, Name: fmt.Sprintf("%s-%d", cluster.Name, i)}, &corev1.Pod{})
}

// podKey names the i-th member's pod.
func podKey(i int) client.ObjectKey {
	return client.ObjectKey{Namespace: demo.Namespace, Name: fmt.Sprintf("%s-%d", demo.Name, i)}
}

// address returns where the i-th member serves, by its pod's present IP.
func address(t *testing.T, i int) string {
	t.Helper()
	return pod(t, i).Status.PodIP + ":8848"
}

// serviceAddress returns where clients of the cluster connect.
func serviceAddress(t *testing.T) string {
	t.Helper()
	return serviceOf(t, demo)
}

func ready(p *corev1.Pod) bool {
	return p.DeletionTimestamp == nil && slices.ContainsFunc(p.Status.Conditions, func(c corev1.PodCondition) bool {
		return c.Type == corev1.PodReady && c.Status == corev1.ConditionTrue
	})
}
