// Command bundle writes the OLM bundle: what the Operator Lifecycle Manager
// wants to know, taken from config/ and from the chart's description. It adds
// words, never rights or fields.
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"sigs.k8s.io/yaml"
)

type object = map[string]any

func main() {
	if err := write("bundle"); err != nil {
		fmt.Fprintln(os.Stderr, "bundle:", err)
		os.Exit(1)
	}
}

func write(to string) error {
	var chart struct {
		Version     string   `json:"version"`
		Description string   `json:"description"`
		Keywords    []string `json:"keywords"`
	}
	raw, err := os.ReadFile("charts/naming-operator/Chart.yaml")
	if err != nil {
		return err
	}
	if err := yaml.Unmarshal(raw, &chart); err != nil {
		return err
	}
	csv, err := serviceVersion(chart.Version, chart.Description, chart.Keywords)
	if err != nil {
		return err
	}
	files := map[string]any{
		"metadata/annotations.yaml":                            annotations(),
		"manifests/naming-operator.clusterserviceversion.yaml": csv,
	}
	for target, source := range map[string]string{
		"manifests/naming.distro.io_namingclusters.yaml": "config/crd/bases/naming.distro.io_namingclusters.yaml",
		"manifests/metrics_service.yaml":                 "config/manager/metrics_service.yaml",
		"manifests/metrics_reader.yaml":                  "config/rbac/metrics_reader.yaml",
		"manifests/secrets_role.yaml":                    "config/rbac/secrets_role.yaml", // bound by users, where TLS needs it
	} {
		objects, err := read(source)
		if err != nil {
			return err
		}
		if metadata, ok := objects[0]["metadata"].(object); ok {
			delete(metadata, "namespace") // the user chooses it
		}
		files[target] = objects[0]
	}
	for name, content := range files {
		if err := save(filepath.Join(to, name), content); err != nil {
			return err
		}
	}
	return nil
}

func annotations() object {
	return object{"annotations": object{
		"operators.operatorframework.io.bundle.mediatype.v1":       "registry+v1",
		"operators.operatorframework.io.bundle.manifests.v1":       "manifests/",
		"operators.operatorframework.io.bundle.metadata.v1":        "metadata/",
		"operators.operatorframework.io.bundle.package.v1":         "naming-operator",
		"operators.operatorframework.io.bundle.channels.v1":        "alpha",
		"operators.operatorframework.io.bundle.channel.default.v1": "alpha",
		"com.redhat.openshift.versions":                            "v4.16", // Kubernetes 1.29
	}}
}

// read returns the objects of a manifest.
func read(path string) ([]object, error) {
	raw, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var out []object
	for document := range strings.SplitSeq("\n"+string(raw), "\n---") {
		var o object
		if err := yaml.Unmarshal([]byte(document), &o); err != nil {
			return nil, fmt.Errorf("read %s: %w", path, err)
		}
		if len(o) > 0 {
			out = append(out, o)
		}
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("read %s: it has no objects", path)
	}
	return out, nil
}

func save(path string, content any) error {
	out, err := yaml.Marshal(content)
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return os.WriteFile(path, out, 0o644)
}

// samples are the examples that OLM's consoles offer.
func samples(names ...string) (string, error) {
	var all []object
	for _, name := range names {
		objects, err := read("config/samples/" + name + ".yaml")
		if err != nil {
			return "", err
		}
		all = append(all, objects[0])
	}
	out, err := json.MarshalIndent(all, "", "  ")
	return string(out), err
}
