package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

// up makes the cluster run: nothing to do when it does, a fresh start otherwise.
func (c *cluster) up(ctx context.Context) error {
	p := newProgress()
	if err := c.prepare(ctx, p); err != nil {
		return err
	}
	unlock, err := lock(ctx, filepath.Join(c.dist.cache, c.name+".lock"), p)
	if err != nil {
		return err
	}
	defer unlock()
	trouble := c.healthy(ctx)
	if trouble == nil {
		p.step("cluster %q is already running", c.name)
		return nil
	}
	if exists(c.dir) {
		p.step("cleaning up what an earlier run left (%v)", trouble)
		if err := c.remove(ctx); err != nil {
			return err
		}
	}
	if err := c.start(ctx, p); err != nil {
		return fmt.Errorf("%w\n(see `localcluster logs`; the next `up` starts afresh, `down` cleans up)", err)
	}
	p.step("cluster %q is ready: export KUBECONFIG=%s", c.name, c.kubeconfig("admin"))
	return nil
}

// prepare sees to the machine and to the programs; both are done once.
func (c *cluster) prepare(ctx context.Context, p *progress) error {
	if os.Geteuid() != 0 {
		return errors.New("start the cluster: must be root, for network namespaces, mounts and cgroups")
	}
	if err := c.provision(ctx, p); err != nil {
		return err
	}
	if err := c.dist.ensure(ctx, c.root, p); err != nil {
		return err
	}
	return c.dist.ensurePause(ctx, c.root)
}

// start assumes that nothing of the cluster exists.
func (c *cluster) start(ctx context.Context, p *progress) error {
	p.step("making certificates, network and cgroups")
	if err := c.lay(ctx); err != nil {
		return err
	}
	client, err := c.client()
	if err != nil {
		return err
	}
	run := runner{c: c, ready: c.ready(client), p: p}
	if err := run.start(etcd, apiServer, containerd); err != nil {
		return err
	}
	if err := run.await(ctx, containerd); err != nil {
		return err
	}
	if err := c.load(ctx, c.node, c.dist.pause); err != nil {
		return err
	}
	if err := run.await(ctx, apiServer); err != nil {
		return err
	}
	if err := run.start(controllerManager, scheduler, kubelet, proxy); err != nil {
		return err
	}
	if err := c.kubectl(ctx, "apply", "--server-side", "--filename", c.config("addons.yaml")); err != nil {
		return err
	}
	if err := run.start(dns); err != nil { // now it may read what it serves
		return err
	}
	for _, name := range []string{proxy, dns, controllerManager, kubelet} {
		if err := run.await(ctx, name); err != nil {
			return err
		}
	}
	return nil
}

// lay writes all files and makes what the kernel has to hold.
func (c *cluster) lay(ctx context.Context) error {
	plugins, err := findPlugins(thisMachine())
	if err != nil {
		return err
	}
	for _, dir := range []string{"daemons", "etcd"} {
		if err := os.MkdirAll(filepath.Join(c.dir, dir), 0o700); err != nil {
			return fmt.Errorf("make the state folder: %w", err)
		}
	}
	if err := c.writePKI(time.Now()); err != nil {
		return err
	}
	files := c.rendered(plugins, snapshotter(c.dir))
	files[c.config("build")] = []byte(c.dist.dir)
	files[c.config("kernel")] = recordKernel("/proc/sys")
	if err := writeFiles(files); err != nil {
		return err
	}
	if err := c.node.addNetwork(ctx); err != nil {
		return err
	}
	return c.node.addCgroup()
}

// snapshotter is overlayfs unless dir is on an overlay itself, as it is inside
// a container: the kernel does not stack those.
func snapshotter(dir string) string {
	const overlay = 0x794c7630
	var fs syscall.Statfs_t
	if err := syscall.Statfs(dir, &fs); err == nil && fs.Type == overlay {
		return "native"
	}
	return "overlayfs"
}

// runner starts components and waits for them, telling both.
type runner struct {
	c     *cluster
	ready map[string]func(context.Context) error
	p     *progress
}

func (r runner) start(names ...string) error {
	for _, name := range names {
		if err := r.c.daemon(name).start(); err != nil {
			return err
		}
	}
	return nil
}

func (r runner) await(ctx context.Context, name string) error {
	if err := r.c.daemon(name).await(ctx, r.ready[name]); err != nil {
		return err
	}
	r.p.step("%s is ready", name)
	return nil
}
