package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// addNetwork makes the node's network namespace and joins it to the host:
//
//	host  NAME-host 10.245.0.1 ── veth ── uplink 10.245.0.2  node
//
// and routes the pod and Service ranges there. Nothing is forwarded or
// translated on the host: the cluster reaches the host and no further.
//
// The namespace is held by a file of ours instead of by `ip netns`, which keeps
// /run/netns out of it. It is entered with nsenter and not with `ip netns
// exec`: that one mounts a new /sys, the cgroup mounts vanish from it, and the
// kubelet refuses to start.
func (n node) addNetwork(ctx context.Context) error { return n.layNetwork(ctx, n.networkScript()) }

// layNetwork makes the namespace and joins it as script says.
func (n node) layNetwork(ctx context.Context, script []string) error {
	if err := os.MkdirAll(filepath.Dir(n.netns), 0o755); err != nil {
		return fmt.Errorf("make the network namespace: %w", err)
	}
	if err := os.WriteFile(n.netns, nil, 0o444); err != nil {
		return fmt.Errorf("make the network namespace: %w", err)
	}
	for _, line := range script {
		if err := execute(ctx, strings.Fields(line)...); err != nil {
			return fmt.Errorf("make the network: %w", err)
		}
	}
	// /proc/sys/net shows the namespace of the process that opens it.
	forward := append(n.inside(), "sh", "-c", "echo 1 >/proc/sys/net/ipv4/ip_forward")
	return execute(ctx, forward...)
}

// networkScript is the network as commands, in order.
func (n node) networkScript() []string {
	inside := strings.Join(n.inside(), " ")
	bits := linkRange.Bits()
	return []string{
		"unshare --net=" + n.netns + " true",
		"ip link add " + n.link + " type veth peer name uplink netns " + n.netns,
		fmt.Sprintf("ip address add %s/%d dev %s", hostAddress, bits, n.link),
		"ip link set " + n.link + " up",
		inside + " ip link set lo up",
		fmt.Sprintf("%s ip address add %s/%d dev uplink", inside, n.address, bits),
		inside + " ip link set uplink up",
		inside + " ip route add default via " + hostAddress.String(),
		fmt.Sprintf("ip route add %s via %s", podRange, n.address),
		fmt.Sprintf("ip route add %s via %s", serviceRange, n.address),
	}
}

// inside starts a command line that runs in the node's network namespace.
func (n node) inside() []string { return []string{"nsenter", "--net=" + n.netns, "--"} }

// removeNetwork takes the veth pair and, with it, the host's routes. The
// namespace itself goes when its file is unmounted and its last process ended.
func (n node) removeNetwork(ctx context.Context) error {
	if !exists("/sys/class/net/" + n.link) {
		return nil
	}
	return execute(ctx, "ip", "link", "delete", n.link)
}
