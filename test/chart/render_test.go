package chart

import (
	"bytes"
	"encoding/json"
	"flag"
	"io"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"helm.sh/helm/v4/pkg/action"
	"helm.sh/helm/v4/pkg/chart/common"
	"helm.sh/helm/v4/pkg/chart/loader"
	release "helm.sh/helm/v4/pkg/release/v1"
	"sigs.k8s.io/yaml"
)

const charts = "../../charts"

var update = flag.Bool("update", false, "rewrite the manifests in testdata")

// scenarios are sets of values in testdata, by the chart that they are for. Each
// gives a manifest that is kept beside it.
var scenarios = map[string][]string{
	"naming-operator": {"defaults", "everything", "namespaced"},
	"naming-cluster":  {"auth", "defaults", "production", "tls"},
}

func TestManifests(t *testing.T) {
	for chart, names := range scenarios {
		for _, name := range names {
			t.Run(chart+" "+name, func(t *testing.T) {
				rendered, err := render(chart, valuesOf(t, chart, name))
				if err != nil {
					t.Fatal(err)
				}
				rendered = abridged(rendered)
				golden := filepath.Join("testdata", chart, name+".out.yaml")
				if *update {
					if err := os.WriteFile(golden, []byte(rendered), 0o600); err != nil {
						t.Fatal(err)
					}
				}
				want, err := os.ReadFile(golden)
				if err != nil {
					t.Fatal(err)
				}
				if !bytes.Equal(want, []byte(rendered)) {
					t.Errorf("%s differs from what the chart gives; look at the difference after: go -C test/chart test -update .\n%s",
						golden, firstDifference(string(want), rendered))
				}
			})
		}
	}
}

func TestChartsLintWithoutAWarning(t *testing.T) {
	for chart, names := range scenarios {
		for _, name := range names {
			t.Run(chart+" "+name, func(t *testing.T) {
				lint := action.NewLint()
				lint.Strict, lint.Namespace = true, "naming-system"
				for _, err := range lint.Run([]string{filepath.Join(charts, chart)}, valuesOf(t, chart, name)).Errors {
					t.Error(err)
				}
			})
		}
	}
}

// Every scenario says something, and what the defaults say is what a schema
// without additional properties allows.
func TestEveryValueIsInTheSchema(t *testing.T) {
	for chart := range scenarios {
		raw, err := os.ReadFile(filepath.Join(charts, chart, "values.schema.json"))
		if err != nil {
			t.Fatal(err)
		}
		schema, values := map[string]any{}, map[string]any{}
		if err := json.Unmarshal(raw, &schema); err != nil {
			t.Fatal(err)
		}
		if raw, err = os.ReadFile(filepath.Join(charts, chart, "values.yaml")); err != nil {
			t.Fatal(err)
		}
		if err := yaml.Unmarshal(raw, &values); err != nil {
			t.Fatal(err)
		}
		sameKeys(t, chart, schema, values)
	}
}

// sameKeys compares a strict object of the schema with its defaults.
func sameKeys(t *testing.T, path string, schema, values map[string]any) {
	t.Helper()
	properties, _ := schema["properties"].(map[string]any)
	if schema["additionalProperties"] != false {
		return // free form: Kubernetes checks it
	}
	known, given := slices.Sorted(maps.Keys(properties)), slices.Sorted(maps.Keys(values))
	for _, key := range known {
		if !slices.Contains(given, key) && path != "naming-operator.resources" && !strings.HasSuffix(path, ".resources") {
			t.Errorf("%s.%s is in the schema but has no default in values.yaml", path, key)
		}
	}
	for _, key := range given {
		next, _ := properties[key].(map[string]any)
		if next == nil {
			t.Errorf("%s.%s is in values.yaml but not in the schema", path, key)
		} else if below, ok := values[key].(map[string]any); ok {
			sameKeys(t, path+"."+key, next, below)
		}
	}
}

func valuesOf(t *testing.T, chart, name string) map[string]any {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("testdata", chart, name+".yaml"))
	if err != nil {
		t.Fatal(err)
	}
	values := map[string]any{}
	if err := yaml.Unmarshal(raw, &values); err != nil {
		t.Fatal(err)
	}
	return values
}

// render is helm template: the manifest, the hooks and the notes.
func render(name string, values map[string]any) (string, error) {
	chart, err := loader.Load(filepath.Join(charts, name))
	if err != nil {
		return "", err
	}
	cfg := action.NewConfiguration(action.ConfigurationSetLogger(slog.NewTextHandler(io.Discard, nil)))
	install := action.NewInstall(cfg)
	install.DryRunStrategy = action.DryRunClient
	install.ReleaseName, install.Namespace = "naming", "naming-system"
	install.KubeVersion = &common.KubeVersion{Version: "v1.37.0", Major: "1", Minor: "37"}
	got, err := install.Run(chart, values)
	if err != nil {
		return "", err
	}
	r, ok := got.(*release.Release)
	if !ok {
		return "", os.ErrInvalid
	}
	var out strings.Builder
	out.WriteString(strings.TrimPrefix(r.Manifest, "\n"))
	for _, hook := range r.Hooks {
		out.WriteString("---\n# Source: " + hook.Path + "\n" + strings.TrimSpace(hook.Manifest) + "\n")
	}
	out.WriteString("---\n# NOTES.txt\n")
	for line := range strings.SplitSeq(strings.TrimSpace(r.Info.Notes), "\n") {
		out.WriteString(strings.TrimRight("# "+line, " ") + "\n")
	}
	return out.String(), nil
}

// abridged leaves out what is long and a copy: source_test.go compares it.
func abridged(manifest string) string {
	documents := strings.Split(manifest, "---\n")
	for i, document := range documents {
		if strings.Contains(document, "\nkind: CustomResourceDefinition\n") {
			head, _, _ := strings.Cut(document, "\nspec:")
			documents[i] = head + "\nspec: # that of config/crd\n"
		}
		if strings.Contains(document, "templates/dashboards.yaml") {
			head, _, _ := strings.Cut(document, " |-\n")
			documents[i] = head + " # that of config/monitoring/dashboards\n"
		}
	}
	return strings.Join(slices.DeleteFunc(documents, func(d string) bool { return strings.TrimSpace(d) == "" }), "---\n")
}

func firstDifference(want, got string) string {
	a, b := strings.Split(want, "\n"), strings.Split(got, "\n")
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			return "want: " + a[i] + "\ngot:  " + b[i]
		}
	}
	return "one is longer"
}
