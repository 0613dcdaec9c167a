package arch

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"
)

// image is what a program's image is called.
const image = `(?:naming-operator|distro-sidecar):(v\d+\.\d+\.\d+)`

// A release changes the version in many places. All of them are here, and say
// what the Makefile builds.
func TestOneVersion(t *testing.T) {
	want := versions(t, "Makefile", `(?m)^VERSION +\?= (\S+)$`)[0]
	for file, form := range map[string]string{
		"Dockerfile":                        `ARG VERSION=(\S+)`,
		"hack/up.sh":                        `VERSION:-(\S+)\}`,
		"sidecar/config.go":                 `(?m)^var Version = "(.+)"`,
		"cmd/manager/main.go":               `(?m)^var version = "(.+)"`,
		"config/manager/manager.yaml":       image,
		"config/samples/production.yaml":    image,
		"config/samples/mesh.yaml":          image,
		"dist/install.yaml":                 image,
		"charts/naming-operator/Chart.yaml": image,
		"bundle/manifests/naming-operator.clusterserviceversion.yaml": image,
		"docs/how-to/install.md": image,
		"docs/how-to/upgrade.md": image,
		"SECURITY.md":            `## What (\S+) protects`,
	} {
		for _, got := range versions(t, file, form) {
			if got != want {
				t.Errorf("%s has version %s, the Makefile builds %s", file, got, want)
			}
		}
	}
	for _, chart := range []string{"charts/naming-operator/Chart.yaml", "charts/naming-cluster/Chart.yaml"} {
		for _, got := range versions(t, chart, `(?m)^(?:appV|v)ersion: v?(\S+)`) {
			if "v"+got != want {
				t.Errorf("%s has version %s, the Makefile builds %s", chart, got, want)
			}
		}
	}
}

// versions are what the first group of an expression finds in a file, at least one.
func versions(t *testing.T, file, form string) (all []string) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, file))
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range regexp.MustCompile(form).FindAllStringSubmatch(string(text), -1) {
		all = append(all, m[1])
	}
	if len(all) == 0 {
		t.Fatalf("%s has no version in the form %s", file, form)
	}
	return all
}
