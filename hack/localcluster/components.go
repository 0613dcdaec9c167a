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

// daemon describes a component of this cluster; all of them run inside the
// node's network namespace.
func (c *cluster) daemon(name string) daemon {
	program := c.dist.program(name)
	if name == containerd {
		program = containerd // the distribution's
	}
	argv := slices.Concat(c.node.inside(), []string{program}, c.flags(name))
	return daemon{name: name, dir: filepath.Join(c.dir, "daemons"), argv: argv}
}

// flags is the command line of a component.
func (c *cluster) flags(name string) []string {
	switch name {
	case containerd:
		return []string{"--config", c.config("containerd.toml")}
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
	case kubelet:
		return []string{
			"--config=" + c.config("kubelet.yaml"),
			"--kubeconfig=" + c.kubeconfig("kubelet"),
			"--root-dir=" + filepath.Join(c.node.dir, "kubelet"),
			"--hostname-override=" + c.node.name,
			"--node-ip=" + c.node.address.String(),
		}
	case proxy:
		return []string{
			"--kubeconfig=" + c.kubeconfig("proxy"),
			"--proxy-mode=nftables",
			"--hostname-override=" + c.node.name,
			"--cluster-cidr=" + podRange.String(), // what comes from elsewhere, the host say, is masqueraded
			"--conntrack-max-per-core=0",          // the limit belongs to the machine
		}
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
