package chart

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"
)

const config = "../../config"

type object struct {
	Kind     string `json:"kind"`
	Metadata struct {
		Name        string            `json:"name"`
		Namespace   string            `json:"namespace"`
		Annotations map[string]string `json:"annotations"`
	} `json:"metadata"`
	Spec  map[string]any   `json:"spec"`
	Rules []map[string]any `json:"rules"`
	Data  map[string]any   `json:"data"`
}

// What the chart shares with config/ is said there alone: it comes out of the
// chart as it stands there.
func TestTheChartAddsNothingToItsSources(t *testing.T) {
	rendered := objects(t, "naming-operator", valuesOf(t, "naming-operator", "everything"))
	for file, name := range map[string]string{
		"crd/bases/naming.distro.io_namingclusters.yaml": "CustomResourceDefinition namingclusters.naming.distro.io",
		"rbac/role.yaml":           "ClusterRole naming-naming-operator",
		"rbac/secrets_role.yaml":   "ClusterRole naming-operator-secrets",
		"rbac/metrics_reader.yaml": "ClusterRole naming-naming-operator-metrics-reader",
	} {
		want := parse(t, string(read(t, filepath.Join(config, file))))[0]
		got, ok := rendered[name]
		if !ok || !reflect.DeepEqual(got.Spec, want.Spec) || !reflect.DeepEqual(got.Rules, want.Rules) {
			t.Errorf("%s is not what config/%s says; run make chart-files", name, file)
		}
	}
	for _, board := range []string{"operator", "members"} {
		want := strings.TrimSpace(string(read(t, filepath.Join(config, "monitoring/dashboards", board+".json"))))
		if got := rendered["ConfigMap naming-naming-operator-dashboard-"+board].Data["naming-"+board+".json"]; got != want {
			t.Errorf("the dashboard of %s is not that of config/monitoring; run make chart-files", board)
		}
	}
}

// Rights in chosen namespaces are the same as everywhere, but for questions that
// belong to no namespace.
func TestNamespacedRights(t *testing.T) {
	rendered := objects(t, "naming-operator", valuesOf(t, "naming-operator", "namespaced"))
	all := parse(t, string(read(t, filepath.Join(config, "rbac/role.yaml"))))[0].Rules
	for _, namespace := range []string{"payments", "orders"} {
		role, ok := rendered["Role "+namespace+"/naming-naming-operator"]
		if !ok || len(role.Rules) != len(all)-2 {
			t.Errorf("the Role in %s has %d rules, want %d", namespace, len(role.Rules), len(all)-2)
		}
	}
	for name := range rendered {
		if strings.HasPrefix(name, "ClusterRole") {
			t.Errorf("%s: want no rights beyond the namespaces when metrics are open", name)
		}
	}
}

func TestCRDOutlivesTheRelease(t *testing.T) {
	const crd, policy = "CustomResourceDefinition namingclusters.naming.distro.io", "helm.sh/resource-policy"
	for values, want := range map[string]string{"": "keep", "crds: {keep: false}": ""} {
		given := map[string]any{}
		if err := yaml.Unmarshal([]byte(values), &given); err != nil {
			t.Fatal(err)
		}
		if got := objects(t, "naming-operator", given)[crd].Metadata.Annotations[policy]; got != want {
			t.Errorf("with %q the policy is %q, want %q", values, got, want)
		}
	}
	if _, there := objects(t, "naming-operator", map[string]any{"crds": map[string]any{"install": false}})[crd]; there {
		t.Error("crds.install is off, but the definition is there")
	}
}

// objects are those of a rendered chart, by kind, namespace (of Roles) and name.
func objects(t *testing.T, chart string, values map[string]any) map[string]object {
	t.Helper()
	manifest, err := render(chart, values)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]object{}
	for _, o := range parse(t, manifest) {
		name := o.Metadata.Name
		if strings.HasPrefix(o.Kind, "Role") {
			name = o.Metadata.Namespace + "/" + name
		}
		if _, twice := out[o.Kind+" "+name]; twice {
			t.Errorf("%s %s is there twice", o.Kind, name)
		}
		out[o.Kind+" "+name] = o
	}
	return out
}

func parse(t *testing.T, manifest string) []object {
	t.Helper()
	var out []object
	for document := range strings.SplitSeq("\n"+manifest, "\n---") {
		var o object
		if err := yaml.Unmarshal([]byte(document), &o); err != nil {
			t.Fatalf("%v in:\n%s", err, document)
		}
		if o.Kind != "" {
			out = append(out, o)
		}
	}
	return out
}

func read(t *testing.T, path string) []byte {
	t.Helper()
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}
