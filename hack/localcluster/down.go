package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// down removes the cluster; there need not be one.
func (c *cluster) down(ctx context.Context) error {
	p := newProgress()
	if !exists(c.dir) {
		p.step("cluster %q is not there", c.name)
		return nil
	}
	if os.Geteuid() != 0 {
		return errors.New("stop the cluster: must be root")
	}
	unlock, err := lock(ctx, filepath.Join(c.dist.cache, c.name+".lock"), p)
	if err != nil {
		return err
	}
	defer unlock()
	p.step("stopping cluster %q", c.name)
	if err := c.remove(ctx); err != nil {
		return err
	}
	p.step("cluster %q is gone", c.name)
	return nil
}

// remove takes away everything that start made, whatever state it is in: pods,
// kubelet, control plane, runtime, network, mounts, cgroups, files. A step that
// fails does not keep the later ones from being tried.
func (c *cluster) remove(ctx context.Context) error {
	var errs []error
	try := func(err error) { errs = append(errs, err) }
	for _, name := range []string{scheduler, controllerManager} { // or they would bring pods back
		try(c.daemon(name).stop(5 * time.Second))
	}
	c.evict(ctx)
	second := c.second()
	if exists(second.dir) {
		try(c.clearNode(ctx, second))
	}
	for _, name := range []string{kubelet, proxy, dns, apiServer, etcd} {
		try(c.daemon(name).stop(5 * time.Second))
	}
	try(restoreKernel("/proc/sys", c.config("kernel")))
	try(c.clearNode(ctx, c.node))
	try(c.node.removeNetwork(ctx))
	try(unmountBelow(c.dir))
	try(c.removeStrays())
	if err := errors.Join(errs...); err != nil {
		return err // the files are still needed to find what is left
	}
	if err := os.RemoveAll(c.dir); err != nil {
		return fmt.Errorf("remove the state folder: %w", err)
	}
	_ = os.Remove(stateRoot) // stays while another cluster uses it
	return nil
}

// clearNode ends what a node runs: its kubelet, which would bring it back, its
// pods, its runtime.
func (c *cluster) clearNode(ctx context.Context, n node) error {
	errs := []error{c.daemonOn(n, kubelet).stop(5 * time.Second), c.daemonOn(n, proxy).stop(5 * time.Second)}
	errs = append(errs, n.removeCgroup(), n.removeTasks(ctx, c.daemonOn(n, containerd).running() != 0))
	errs = append(errs, c.daemonOn(n, containerd).stop(5*time.Second), n.removeShims())
	return errors.Join(errs...)
}

// evict lets the kubelet end the pods, which also returns their addresses and
// network namespaces. It is a courtesy: what does not end in time, or cannot
// because the API server is gone, is removed by force afterwards.
func (c *cluster) evict(ctx context.Context) {
	if c.daemon(kubelet).running() == 0 || c.daemon(apiServer).running() == 0 || c.daemon(containerd).running() == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, 15*time.Second)
	defer cancel()
	err := c.kubectl(ctx, "delete", "pods", "--all", "--all-namespaces", "--force", "--grace-period=0", "--wait=false")
	if err != nil {
		return
	}
	for {
		tasks, err := c.node.ctr(ctx, "tasks", "list", "--quiet")
		if err != nil || tasks == "" || pause(ctx, 200*time.Millisecond) != nil {
			return
		}
	}
}

// ctr runs containerd's own client on the images and containers of the kubelet.
func (n node) ctr(ctx context.Context, args ...string) (string, error) {
	return query(ctx, append([]string{"ctr", "--address", n.socket(), "--namespace", "k8s.io"}, args...)...)
}

// removeTasks ends what the kubelet left running in containerd.
func (n node) removeTasks(ctx context.Context, running bool) error {
	if !running {
		return nil
	}
	tasks, err := n.ctr(ctx, "tasks", "list", "--quiet")
	if err != nil {
		return err
	}
	for task := range strings.FieldsSeq(tasks) {
		if _, err := n.ctr(ctx, "tasks", "delete", "--force", task); err != nil && !strings.Contains(err.Error(), "not found") {
			return err
		}
	}
	return nil
}

// removeShims ends the parents of containers that outlived a containerd which
// did not end by our hand. They name our socket on their command line.
func (n node) removeShims() error {
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return fmt.Errorf("find container shims: %w", err)
	}
	for _, entry := range entries {
		pid, err := strconv.Atoi(entry.Name())
		if err != nil {
			continue
		}
		cmdline, err := os.ReadFile(filepath.Join("/proc", entry.Name(), "cmdline"))
		if err != nil || !isShim(string(cmdline), n.socket()) {
			continue
		}
		if err := syscall.Kill(pid, syscall.SIGKILL); err != nil && !errors.Is(err, syscall.ESRCH) {
			return fmt.Errorf("stop container shim %d: %w", pid, err)
		}
	}
	return nil
}

// isShim reads a command line as /proc shows it, with a zero byte after each word.
func isShim(cmdline, socket string) bool {
	words := strings.Split(cmdline, "\x00")
	at := slices.Index(words, "-address")
	return strings.HasPrefix(filepath.Base(words[0]), "containerd-shim") && at >= 0 && at+1 < len(words) && words[at+1] == socket
}

// unmountBelow unmounts everything under dir, the innermost first.
func unmountBelow(dir string) error {
	mounts, err := os.ReadFile("/proc/self/mounts")
	if err != nil {
		return fmt.Errorf("find mounts: %w", err)
	}
	for _, at := range slices.Backward(mountsBelow(string(mounts), dir)) {
		if err := syscall.Unmount(at, syscall.MNT_DETACH); err != nil && !errors.Is(err, syscall.EINVAL) {
			return fmt.Errorf("unmount %s: %w", at, err)
		}
	}
	return nil
}

// mountsBelow reads the content of /proc/self/mounts, which is in mount order.
func mountsBelow(mounts, dir string) []string {
	var found []string
	unescape := strings.NewReplacer(`\040`, " ", `\011`, "\t", `\012`, "\n", `\134`, `\`)
	for scan := bufio.NewScanner(strings.NewReader(mounts)); scan.Scan(); {
		fields := strings.Fields(scan.Text())
		if len(fields) > 1 && strings.HasPrefix(fields[1], dir+"/") {
			found = append(found, unescape.Replace(fields[1]))
		}
	}
	return found
}
