package main

import (
	"bytes"
	"embed"
	"encoding/base64"
	"fmt"
	"path/filepath"
	"text/template"
)

//go:embed templates
var templateFiles embed.FS

var templates = template.Must(template.New("").Option("missingkey=error").ParseFS(templateFiles, "templates/*"))

// values is what the templates may use.
type values struct {
	Name, Domain, Address, DNS, PodRange      string
	Dir, Config, PKI, Kubeconfig, Socket, CNI string
	Cgroup, Pause, Snapshotter                string
	Settings, Serving                         string // of the node: its configuration, its certificate
}

// rendered lists the configuration files of the cluster and its first node by
// their path. It is a function of its arguments alone: cni is the folder of the
// CNI plugins.
func (c *cluster) rendered(cni, snapshotter string) map[string][]byte {
	files, v := c.nodeFiles(c.node, cni, snapshotter), c.values(c.node, cni, snapshotter)
	for _, name := range []string{"Corefile", "resolv.conf", "addons.yaml"} {
		files[c.config(name)] = render(name, v)
	}
	return files
}

// nodeFiles lists what each node has of its own.
func (c *cluster) nodeFiles(n node, cni, snapshotter string) map[string][]byte {
	v := c.values(n, cni, snapshotter)
	return map[string][]byte{
		n.config("kubelet.yaml"):           render("kubelet.yaml", v),
		n.config("containerd.toml"):        render("containerd.toml", v),
		n.config("cni/10-naming.conflist"): render("cni.conflist", v),
	}
}

func (c *cluster) values(n node, cni, snapshotter string) values {
	return values{
		Name: c.name, Domain: clusterDomain, Address: n.address.String(), DNS: dnsService.String(), PodRange: n.podRange.String(),
		Dir: n.dir, Config: filepath.Join(c.dir, "config"), PKI: filepath.Join(c.dir, "pki"),
		Kubeconfig: filepath.Join(c.dir, "kubeconfig"), Socket: n.socket(), CNI: cni,
		Cgroup: n.cgroup, Pause: pauseImage, Snapshotter: snapshotter,
		Settings: n.settings, Serving: c.pki(n.kubelet + "-serving"),
	}
}

// kubeconfig holds its certificates itself, so that a copy works elsewhere on
// this machine.
func kubeconfig(cluster, server, user string, ca []byte, p pair) []byte {
	text := base64.StdEncoding.EncodeToString
	return render("kubeconfig.yaml", map[string]string{
		"Cluster": cluster, "Server": server, "User": user,
		"CA": text(ca), "Cert": text(p.cert), "Key": text(p.key),
	})
}

// render fills one of our own templates. It can fail only by a mistake in this
// package, which every test run would meet.
func render(name string, data any) []byte {
	var out bytes.Buffer
	if err := templates.ExecuteTemplate(&out, name, data); err != nil {
		panic(fmt.Sprintf("render %s: %v", name, err))
	}
	return out.Bytes()
}
