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
}

// rendered lists the configuration files of the cluster by their path. It is a
// function of its arguments alone: cni is the folder of the CNI plugins.
func (c *cluster) rendered(cni, snapshotter string) map[string][]byte {
	n := c.node
	v := values{
		Name: c.name, Domain: clusterDomain, Address: n.address.String(), DNS: dnsService.String(), PodRange: n.podRange.String(),
		Dir: n.dir, Config: filepath.Join(c.dir, "config"), PKI: filepath.Join(c.dir, "pki"),
		Kubeconfig: filepath.Join(c.dir, "kubeconfig"), Socket: n.socket(), CNI: cni,
		Cgroup: n.cgroup, Pause: pauseImage, Snapshotter: snapshotter,
	}
	return map[string][]byte{
		c.config("kubelet.yaml"):           render("kubelet.yaml", v),
		c.config("containerd.toml"):        render("containerd.toml", v),
		c.config("cni/10-naming.conflist"): render("cni.conflist", v),
		c.config("Corefile"):               render("Corefile", v),
		c.config("resolv.conf"):            render("resolv.conf", v),
		c.config("addons.yaml"):            render("addons.yaml", v),
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
