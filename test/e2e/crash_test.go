//go:build e2e

package e2e

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

func TestKilledProcessComesBackComplete(t *testing.T) {
	requireSettled(t, members)
	a := gather(t, "killed", address(t, 0), address(t, 1))
	victim := pod(t, 2)
	restarts := sidecarRestarts(victim)

	pid := sidecarPID(t, victim.UID)
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		t.Fatalf("kill sidecar of %s: %v", victim.Name, err)
	}
	eventually(t, "the sidecar was restarted and is ready", func(ctx context.Context) error {
		p := &corev1.Pod{}
		if err := k8s.Get(ctx, client.ObjectKeyFromObject(victim), p); err != nil {
			return err
		}
		if sidecarRestarts(p) <= restarts || !ready(p) {
			return notYet("%d restarts, ready %t", sidecarRestarts(p), ready(p))
		}
		return nil
	})
	back := startHelper(t, "watch", "-service", "killed", "-member", address(t, 2), "-count", "60")
	requireSettled(t, members)
	back.finish(t)
	a.dismiss(t)
}

func TestPodDeletedByForceComesBackComplete(t *testing.T) {
	requireSettled(t, members)
	a := gather(t, "deleted", address(t, 0), address(t, 2))
	victim := pod(t, 1)

	kubectl(t, "delete", "pod", victim.Name, "--force", "--grace-period=0")
	eventually(t, "a new pod is ready", func(ctx context.Context) error {
		p := &corev1.Pod{}
		if err := k8s.Get(ctx, client.ObjectKeyFromObject(victim), p); err != nil {
			return err
		}
		if p.UID == victim.UID || !ready(p) {
			return notYet("still the old pod: %t, ready: %t", p.UID == victim.UID, ready(p))
		}
		return nil
	})
	back := startHelper(t, "watch", "-service", "deleted", "-member", address(t, 1), "-count", "60")
	requireSettled(t, members)
	back.finish(t)
	a.dismiss(t)
}

// sidecarRestarts counts restarts of the native sidecar.
func sidecarRestarts(p *corev1.Pod) int32 {
	for _, s := range p.Status.InitContainerStatuses {
		if s.Name == "distro" {
			return s.RestartCount
		}
	}
	return 0
}

// sidecarPID finds the member's process of a pod among the processes of this
// machine: by the pod's UID in its control group and by its command line. The
// image has no shell in which to ask for it.
func sidecarPID(t *testing.T, pod types.UID) int {
	t.Helper()
	groups, err := filepath.Glob("/proc/[0-9]*/cgroup")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range groups {
		dir := filepath.Dir(path)
		group, err := os.ReadFile(path)
		if err != nil || !bytes.Contains(group, []byte(pod)) {
			continue // it ended meanwhile, or belongs to somebody else
		}
		args, err := os.ReadFile(filepath.Join(dir, "cmdline"))
		if err != nil || !strings.HasSuffix(strings.SplitN(string(args), "\x00", 2)[0], "distro-sidecar") ||
			bytes.Contains(args, []byte("\x00console\x00")) || bytes.Contains(args, []byte("\x00drain\x00")) {
			continue
		}
		pid, err := strconv.Atoi(filepath.Base(dir))
		if err == nil {
			return pid
		}
	}
	t.Fatal(fmt.Errorf("%w: no process of pod %s is visible on this machine", errNotYet, pod))
	return 0
}
