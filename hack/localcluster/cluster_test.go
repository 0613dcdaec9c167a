package main

import (
	"bytes"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/distro-naming/naming-operator/test/golden"
)

// sample is a cluster with fixed paths.
func sample() *cluster {
	return &cluster{
		name: "demo", dir: "/state/demo", root: "/src",
		dist: build{version: "v1.2.3", cache: "/cache", dir: "/cache/kubernetes/v1.2.3-key", pause: "/cache/pause/key.tar"},
		node: node{
			name: "demo", dir: "/state/demo/node", netns: "/state/demo/node/netns", link: "demo-host",
			settings: "/state/demo/config", daemons: "/state/demo/daemons", kubelet: "kubelet",
			address: hostAddress.Next(), podRange: netip.MustParsePrefix("10.244.0.0/24"), cgroup: "naming-local-demo",
		},
	}
}

// TestGoldenCluster shows all that is configured: files, command lines, network.
func TestGoldenCluster(t *testing.T) {
	c := sample()
	var all bytes.Buffer
	files := c.rendered("/usr/lib/cni", "overlayfs")
	for _, path := range slices.Sorted(maps.Keys(files)) {
		fmt.Fprintf(&all, "==== %s\n%s", path, files[path])
	}
	for _, name := range startOrder {
		fmt.Fprintf(&all, "==== %s\n%s\n", name, strings.Join(c.daemon(name).argv, "\n  "))
	}
	fmt.Fprintf(&all, "==== network\n%s\n", strings.Join(c.node.networkScript(), "\n"))
	golden.Check(t, "testdata/cluster.txt", all.Bytes())
}

// TestGoldenSecondNode shows what a second node adds.
func TestGoldenSecondNode(t *testing.T) {
	c := sample()
	n := c.second()
	var all bytes.Buffer
	files := c.nodeFiles(n, "/usr/lib/cni", "overlayfs")
	for _, path := range slices.Sorted(maps.Keys(files)) {
		fmt.Fprintf(&all, "==== %s\n%s", path, files[path])
	}
	for _, name := range nodeParts {
		fmt.Fprintf(&all, "==== %s\n%s\n", name, strings.Join(c.daemonOn(n, name).argv, "\n  "))
	}
	fmt.Fprintf(&all, "==== network\n%s\n", strings.Join(c.joinScript(n), "\n"))
	golden.Check(t, "testdata/second.txt", all.Bytes())
}

func TestGoldenKubeconfig(t *testing.T) {
	c := sample()
	got := kubeconfig(c.name, c.apiURL(), "system:node:demo", []byte("authority"), pair{cert: []byte("certificate"), key: []byte("key")})
	golden.Check(t, "testdata/kubeconfig.yaml", got)
}

func TestNamesThatDoNotFitAnInterfaceAreRefused(t *testing.T) {
	for _, name := range []string{"", "Upper", "with-dash", "toolongname", "1st"} {
		if _, err := newCluster(name); err == nil {
			t.Errorf("newCluster(%q) succeeded", name)
		}
	}
	if _, err := newCluster("ninechars"); err != nil {
		t.Errorf("newCluster(ninechars): %v", err)
	}
}

func TestCacheFolder(t *testing.T) {
	tests := map[string]struct {
		env  map[string]string
		want string
	}{
		"the user's word comes first":      {env: map[string]string{"NAMING_CACHE": "/a", "XDG_CACHE_HOME": "/b", "HOME": "/c"}, want: "/a"},
		"then the desktop's":               {env: map[string]string{"XDG_CACHE_HOME": "/b", "HOME": "/c"}, want: "/b/naming-operator"},
		"then the home folder":             {env: map[string]string{"HOME": "/c"}, want: "/c/.cache/naming-operator"},
		"without any there is none":        {want: ""},
		"an empty variable does not count": {env: map[string]string{"NAMING_CACHE": "", "HOME": "/c"}, want: "/c/.cache/naming-operator"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := cacheDir(func(key string) string { return tc.env[key] })
			if got != tc.want || (err == nil) != (tc.want != "") {
				t.Errorf("cacheDir = %q, %v; want %q", got, err, tc.want)
			}
		})
	}
}

func TestDigestsReadsContainerdsTable(t *testing.T) {
	table := `REF                 TYPE        DIGEST      SIZE    PLATFORMS   LABELS
docker.io/acme/a:v1 application/vnd.oci.image.index.v1+json sha256:11 1.2 MiB linux/amd64 -
sha256:11           application/vnd.oci.image.index.v1+json sha256:11 1.2 MiB linux/amd64 -
localhost/b:v2      application/vnd.oci.image.index.v1+json sha256:22 1.2 MiB linux/amd64 -
`
	want := map[string]string{"docker.io/acme/a:v1": "sha256:11", "localhost/b:v2": "sha256:22"}
	if got := digests(table); !maps.Equal(got, want) {
		t.Errorf("digests = %v, want %v", got, want)
	}
}
