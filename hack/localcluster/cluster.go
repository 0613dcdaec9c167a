package main

import (
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"regexp"
)

// Addresses of the cluster. Pods may not have loopback addresses (the API
// server refuses them in EndpointSlices), so these ranges are routed from the
// host over the veth pair; doctor checks that nothing else uses them.
var (
	podRange     = netip.MustParsePrefix("10.244.0.0/16")
	serviceRange = netip.MustParsePrefix("10.96.0.0/16")
	linkRange    = netip.MustParsePrefix("10.245.0.0/24")
	hostAddress  = netip.MustParseAddr("10.245.0.1")
	apiService   = netip.MustParseAddr("10.96.0.1")
	dnsService   = netip.MustParseAddr("10.96.0.10")
)

const clusterDomain = "cluster.local"

// stateRoot is short on purpose: unix sockets below it must stay under 108
// bytes, and it is usually on a disk that an overlay mount can stand on.
const stateRoot = "/var/lib/naming-local"

// cluster is one local Kubernetes: where its files are and how it is reached.
type cluster struct {
	name string
	dir  string // all state; removed by down
	root string // of the project
	dist build  // the programs it runs
	node node
}

// node is one kubelet with its container runtime in one network namespace.
type node struct {
	name     string
	dir      string // state of this node
	settings string // folder of its configuration
	daemons  string // folder of its logs and pid files
	kubelet  string // name of the kubelet's kubeconfig and certificates
	netns    string // file that holds the network namespace
	link     string // the other end of the veth pair, on the host or on the first node
	address  netip.Addr
	podRange netip.Prefix
	cgroup   string // parent of everything the node's pods run in
}

var validName = regexp.MustCompile(`^[a-z][a-z0-9]{0,8}$`) // interface names end at 15 bytes

func newCluster(name string) (*cluster, error) {
	if !validName.MatchString(name) {
		return nil, fmt.Errorf("read --name %q: want up to 9 lower case letters and digits", name)
	}
	root, err := projectRoot()
	if err != nil {
		return nil, err
	}
	dist, err := findBuild(root)
	if err != nil {
		return nil, err
	}
	dir := filepath.Join(stateRoot, name)
	return &cluster{
		name: name, dir: dir, root: root, dist: dist,
		node: node{
			name:     name,
			dir:      filepath.Join(dir, "node"),
			settings: filepath.Join(dir, "config"),
			daemons:  filepath.Join(dir, "daemons"),
			kubelet:  "kubelet",
			netns:    filepath.Join(dir, "node", "netns"),
			link:     name + "-host",
			address:  hostAddress.Next(),
			podRange: netip.PrefixFrom(podRange.Addr(), 24),
			cgroup:   "naming-local-" + name,
		},
	}, nil
}

// projectRoot is the nearest folder upward that holds hack/k8s.
func projectRoot() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", fmt.Errorf("find the project: %w", err)
	}
	for ; dir != "/"; dir = filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "hack", "k8s", "go.mod")); err == nil {
			return dir, nil
		}
	}
	return "", fmt.Errorf("find the project: no folder above the current one holds hack/k8s/go.mod")
}

func (c *cluster) pki(file string) string    { return filepath.Join(c.dir, "pki", file) }
func (c *cluster) config(file string) string { return filepath.Join(c.dir, "config", file) }
func (c *cluster) kubeconfig(user string) string {
	return filepath.Join(c.dir, "kubeconfig", user)
}

func (n node) config(file string) string { return filepath.Join(n.settings, file) }

func (n node) socket() string { return filepath.Join(n.dir, "run", "containerd.sock") }

// apiURL is valid inside and outside the node's network namespace.
func (c *cluster) apiURL() string {
	return "https://" + netip.AddrPortFrom(c.node.address, 6443).String()
}
