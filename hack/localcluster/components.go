package main

import (
	"fmt"
	"path/filepath"
	"slices"
)

// Components in the order in which they start; down goes the other way.
const (
	containerd        = "containerd"
	etcd              = "etcd"
	apiServer         = "kube-apiserver"
	controllerManager = "kube-controller-manager"
	scheduler         = "kube-scheduler"
	kubelet           = "kubelet"
	proxy             = "kube-proxy"
	dns               = "coredns"
)

var startOrder = []string{containerd, etcd, apiServer, controllerManager, scheduler, kubelet, proxy, dns}

// nodeParts are those that every node has, in the same order.
var nodeParts = []string{containerd, kubelet, proxy}

// daemon describes a component on the first node.
func (c *cluster) daemon(name string) daemon { return c.daemonOn(c.node, name) }

// daemonOn describes a component of this cluster; all of them run inside the
// network namespace of their node.
func (c *cluster) daemonOn(n node, name string) daemon {
	program := c.dist.program(name)
	if name == containerd {
		program = containerd // the distribution's
	}
	flags := c.nodeFlags(n, name)
	if flags == nil {
		flags = c.flags(name)
	}
	return daemon{name: name, dir: n.daemons, argv: slices.Concat(n.inside(), []string{program}, flags)}
}

// nodeFlags is the command line of a component that every node has, or nil.
func (c *cluster) nodeFlags(n node, name string) []string {
	switch name {
	case containerd:
		return []string{"--config", n.config("containerd.toml")}
	case kubelet:
		return []string{
			"--config=" + n.config("kubelet.yaml"),
			"--kubeconfig=" + c.kubeconfig(n.kubelet),
			"--root-dir=" + filepath.Join(n.dir, "kubelet"),
			"--hostname-override=" + n.name,
			"--node-ip=" + n.address.String(),
		}
	case proxy:
		return []string{
			"--kubeconfig=" + c.kubeconfig("proxy"),
			"--proxy-mode=nftables",
			"--hostname-override=" + n.name,
			"--cluster-cidr=" + podRange.String(), // what comes from elsewhere, the host say, is masqueraded
			"--conntrack-max-per-core=0",          // the limit belongs to the machine
		}
	}
	return nil
}

// flags is the command line of a component that there is once.
func (c *cluster) flags(name string) []string {
	switch name {
	case etcd:
		return []string{
			"--name=" + c.name,
			"--data-dir=" + filepath.Join(c.dir, "etcd"),
			"--listen-client-urls=http://127.0.0.1:2379",
			"--advertise-client-urls=http://127.0.0.1:2379",
			"--listen-peer-urls=http://127.0.0.1:2380",
			"--initial-advertise-peer-urls=http://127.0.0.1:2380",
			"--initial-cluster=" + c.name + "=http://127.0.0.1:2380",
			"--unsafe-no-fsync", // its data does not outlive the cluster
			"--log-level=warn",
		}
	case apiServer:
		return c.apiServerFlags()
	case controllerManager:
		return []string{
			"--kubeconfig=" + c.kubeconfig("controller-manager"),
			"--service-account-private-key-file=" + c.pki("tokens.key"),
			"--root-ca-file=" + c.pki("ca.crt"),
			"--cluster-signing-cert-file=" + c.pki("ca.crt"),
			"--cluster-signing-key-file=" + c.pki("ca.key"),
			"--use-service-account-credentials=true",
			"--allocate-node-cidrs=true",
			"--cluster-cidr=" + podRange.String(),
			"--flex-volume-plugin-dir=" + filepath.Join(c.dir, "volume-plugins"), // or it makes one in /usr
			"--leader-elect=false",
			"--bind-address=127.0.0.1",
		}
	case scheduler:
		return []string{"--kubeconfig=" + c.kubeconfig("scheduler"), "--leader-elect=false", "--bind-address=127.0.0.1"}
	case dns:
		return []string{"-conf", c.config("Corefile")}
	}
	panic(fmt.Sprintf("flags of %q: no such component", name))
}

func (c *cluster) apiServerFlags() []string {
	return []string{
		"--advertise-address=" + c.node.address.String(), // may not be loopback
		"--secure-port=6443",
		"--etcd-servers=http://127.0.0.1:2379",
		"--service-cluster-ip-range=" + serviceRange.String(),
		"--client-ca-file=" + c.pki("ca.crt"),
		"--tls-cert-file=" + c.pki("apiserver.crt"),
		"--tls-private-key-file=" + c.pki("apiserver.key"),
		"--service-account-issuer=https://kubernetes.default.svc." + clusterDomain,
		"--service-account-key-file=" + c.pki("tokens.pub"),
		"--service-account-signing-key-file=" + c.pki("tokens.key"),
		"--authorization-mode=Node,RBAC",
		"--enable-admission-plugins=NodeRestriction",
		"--allow-privileged=true",
		"--kubelet-certificate-authority=" + c.pki("ca.crt"),
		"--kubelet-client-certificate=" + c.pki("apiserver-kubelet.crt"),
		"--kubelet-client-key=" + c.pki("apiserver-kubelet.key"),
		"--kubelet-preferred-address-types=InternalIP", // nothing resolves a node's name
	}
}
