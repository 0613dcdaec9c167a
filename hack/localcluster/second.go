package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// second describes the node that `node add` makes. It hangs behind the first
// one, which forwards to it, so that the host needs one more route only:
//
//	host ── first node 10.245.0.2  second ── veth ── uplink 10.245.0.3  second node
func (c *cluster) second() node {
	name := c.name + "-2"
	dir := filepath.Join(c.dir, "node-2")
	return node{
		name:     name,
		dir:      dir,
		settings: filepath.Join(dir, "config"),
		daemons:  filepath.Join(dir, "daemons"),
		kubelet:  "kubelet-2",
		netns:    filepath.Join(dir, "netns"),
		link:     "second",
		address:  c.node.address.Next(),
		podRange: netip.PrefixFrom(netip.AddrFrom4([4]byte{10, 244, 1, 0}), 24),
		cgroup:   "naming-local-" + name,
	}
}

// nodes lists the first node and, if it is there, the second.
func (c *cluster) nodes() []node {
	if n := c.second(); exists(n.dir) {
		return []node{c.node, n}
	}
	return []node{c.node}
}

// joinScript is the second node's network as commands, in order.
func (c *cluster) joinScript(n node) []string {
	first, inside := strings.Join(c.node.inside(), " "), strings.Join(n.inside(), " ")
	return []string{
		"unshare --net=" + n.netns + " true",
		first + " ip link add " + n.link + " type veth peer name uplink netns " + n.netns,
		fmt.Sprintf("%s ip address add %s/32 dev %s", first, c.node.address, n.link),
		first + " ip link set " + n.link + " up",
		inside + " ip link set lo up",
		fmt.Sprintf("%s ip address add %s/32 dev uplink", inside, n.address),
		inside + " ip link set uplink up",
		fmt.Sprintf("%s ip route add %s dev uplink", inside, c.node.address),
		fmt.Sprintf("%s ip route add default via %s", inside, c.node.address),
		fmt.Sprintf("%s ip route add %s dev %s", first, n.address, n.link),
		fmt.Sprintf("%s ip route add %s via %s", first, n.podRange, n.address),
		fmt.Sprintf("ip route replace %s via %s", n.address, c.node.address),
	}
}

// changeNode adds, removes or kills the second node.
func changeNode(ctx context.Context, c *cluster, args []string, _ io.Writer) error {
	change := map[string]func(context.Context, node, *progress) error{"add": c.addNode, "remove": c.removeNode, "kill": c.killNode}
	if len(args) != 1 || change[args[0]] == nil {
		return errors.New("node: want add, remove or kill")
	}
	p := newProgress()
	unlock, err := lock(ctx, filepath.Join(c.dist.cache, c.name+".lock"), p)
	if err != nil {
		return err
	}
	defer unlock()
	return change[args[0]](ctx, c.second(), p)
}

// addNode starts the second node; one that is there is made anew.
func (c *cluster) addNode(ctx context.Context, n node, p *progress) error {
	if trouble := c.healthy(ctx); trouble != nil {
		return fmt.Errorf("add a node: %w: %w", errDown, trouble)
	}
	if err := c.removeNode(ctx, n, p); err != nil {
		return err
	}
	if err := c.layNode(ctx, n); err != nil {
		return err
	}
	if err := c.runNode(ctx, n); err != nil {
		return err
	}
	p.step("node %q is ready", n.name)
	return nil
}

// layNode writes the node's files and makes what the kernel has to hold.
func (c *cluster) layNode(ctx context.Context, n node) error {
	plugins, err := findPlugins(thisMachine())
	if err != nil {
		return err
	}
	ca, err := c.authority()
	if err != nil {
		return err
	}
	files, err := c.issueAll(ca, c.nodeSubjects(n), time.Now())
	if err != nil {
		return err
	}
	maps.Copy(files, c.nodeFiles(n, plugins, snapshotter(c.dir)))
	if err := os.MkdirAll(n.daemons, 0o700); err != nil {
		return fmt.Errorf("make the state folder: %w", err)
	}
	if err := writeFiles(files); err != nil {
		return err
	}
	if err := n.layNetwork(ctx, c.joinScript(n)); err != nil {
		return err
	}
	return n.addCgroup()
}

// runNode starts the node's daemons, with the images that the first node has.
func (c *cluster) runNode(ctx context.Context, n node) error {
	client, err := c.client()
	if err != nil {
		return err
	}
	runtime := c.daemonOn(n, containerd)
	if err := runtime.start(); err != nil {
		return err
	}
	if err := runtime.await(ctx, n.containerdReady); err != nil {
		return err
	}
	if err := c.copyImages(ctx, n); err != nil {
		return err
	}
	for _, name := range []string{proxy, kubelet} {
		if err := c.daemonOn(n, name).start(); err != nil {
			return err
		}
	}
	for name, ready := range map[string]func(context.Context) error{
		kubelet: func(ctx context.Context) error { return c.nodeReady(ctx, client, n) },
		proxy: func(ctx context.Context) error {
			_, err := get(ctx, client, "http://"+netip.AddrPortFrom(n.address, 10256).String()+"/healthz")
			return err
		},
	} {
		if err := c.daemonOn(n, name).await(ctx, ready); err != nil {
			return err
		}
	}
	return nil
}

// copyImages gives n what the first node has.
func (c *cluster) copyImages(ctx context.Context, n node) error {
	images, err := c.node.images(ctx)
	if err != nil {
		return err
	}
	archive := filepath.Join(n.dir, "images.tar")
	defer os.Remove(archive)
	names := slices.Sorted(maps.Keys(images))
	if _, err := c.node.ctr(ctx, append([]string{"images", "export", archive}, names...)...); err != nil {
		return err
	}
	return c.load(ctx, n, archive)
}

// removeNode takes the second node away; there need not be one. Its pods are
// removed by force: whoever wants them to leave in good order drains it before.
func (c *cluster) removeNode(ctx context.Context, n node, p *progress) error {
	if !exists(n.dir) {
		return nil
	}
	var errs []error
	if c.daemon(apiServer).running() != 0 {
		errs = append(errs, c.kubectl(ctx, "delete", "pods", "--all-namespaces", "--field-selector", "spec.nodeName="+n.name,
			"--force", "--grace-period=0", "--wait=false"))
	}
	errs = append(errs, c.clearNode(ctx, n))
	if c.daemon(apiServer).running() != 0 {
		errs = append(errs, c.kubectl(ctx, "delete", "node", n.name, "--ignore-not-found"))
	}
	errs = append(errs, c.leave(ctx, n), unmountBelow(n.dir))
	errs = append(errs, removeAll(slices.Concat(n.shimAddresses(), linksInto(podLogLinks, n.dir))))
	if err := errors.Join(errs...); err != nil {
		return err // the files are still needed to find what is left
	}
	if err := os.RemoveAll(n.dir); err != nil {
		return fmt.Errorf("remove the node's state folder: %w", err)
	}
	p.step("node %q is gone", n.name)
	return nil
}

// killNode lets the second node die with all that runs on it. Its link goes
// first, so that nobody hears of the end: no packet closes a connection.
func (c *cluster) killNode(ctx context.Context, n node, p *progress) error {
	if !exists(n.dir) {
		return fmt.Errorf("kill node %q: it is not there: add it first", n.name)
	}
	if err := execute(ctx, slices.Concat(n.inside(), []string{"ip", "link", "set", "uplink", "down"})...); err != nil {
		return err
	}
	if err := c.clearNode(ctx, n); err != nil {
		return err
	}
	p.step("node %q is dead", n.name)
	return nil
}

// leave undoes joinScript; the first node's routes go with its end of the pair.
func (c *cluster) leave(ctx context.Context, n node) error {
	first := c.node.inside()
	links, err := query(ctx, slices.Concat(first, []string{"ip", "-br", "link"})...)
	if err != nil || !strings.Contains(links, n.link+"@") {
		return err
	}
	return errors.Join(
		execute(ctx, slices.Concat(first, []string{"ip", "link", "delete", n.link})...),
		execute(ctx, "ip", "route", "delete", n.address.String()))
}
