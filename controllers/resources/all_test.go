package resources

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"

	"github.com/distro-naming/naming-operator/api/v1alpha1"
	"github.com/distro-naming/naming-operator/sidecar/member"
	"github.com/distro-naming/naming-operator/test/golden"
)

const defaultImage = "distro-naming/distro-sidecar:v0.1.0"

func TestGoldenChildren(t *testing.T) {
	inputs, err := filepath.Glob("testdata/*.in.yaml")
	if err != nil || len(inputs) == 0 {
		t.Fatalf("find inputs: %v, %d found", err, len(inputs))
	}
	for _, in := range inputs {
		t.Run(filepath.Base(in), func(t *testing.T) {
			cluster := readCluster(t, in)
			golden.Check(t, strings.Replace(in, ".in.", ".out.", 1), render(t, All(cluster, steady(cluster))))
		})
	}
}

func TestTemplateHashIsTheOneOnTheStatefulSet(t *testing.T) {
	c := readCluster(t, "testdata/full.in.yaml")
	for _, child := range All(c, steady(c)) {
		if child.Kind != "StatefulSet" {
			continue
		}
		if got, want := child.Object.GetAnnotations()[TemplateAnnotation], TemplateHash(c, defaultImage, TLS{}); got != want {
			t.Errorf("annotation of the StatefulSet = %q, TemplateHash = %q", got, want)
		}
	}
}

func TestANetworkPolicyIsMadeOnlyWhereWanted(t *testing.T) {
	c := readCluster(t, "testdata/minimal.in.yaml")
	for _, want := range []bool{true, false} {
		c.Spec.NetworkPolicy.Enabled = &want
		got := slices.ContainsFunc(All(c, steady(c)), func(c Child) bool { return c.Kind == "NetworkPolicy" })
		if got != want {
			t.Errorf("a NetworkPolicy among the children = %t, want %t", got, want)
		}
	}
}

func TestNamesAreThoseOfTheChildren(t *testing.T) {
	c := readCluster(t, "testdata/minimal.in.yaml")
	for _, shielded := range []bool{true, false} {
		c.Spec.NetworkPolicy.Enabled = &shielded
		var want []Child
		for _, child := range All(c, steady(c)) {
			want = append(want, Child{Kind: child.Kind, Name: child.Name})
		}
		if got := Names(c); !slices.Equal(got, want) {
			t.Errorf("Names = %v, want %v", got, want)
		}
	}
}

func TestStrangersAreRefusedUnlessTheSpecSaysOtherwise(t *testing.T) {
	for strict, want := range map[*bool]bool{nil: true, new(true): true, new(false): false} {
		c := readCluster(t, "testdata/minimal.in.yaml")
		c.Spec.StrictPeers = strict
		args := sidecar(c, defaultImage).Args
		if got := !slices.Contains(args, "--strict-peers=false"); got != want || got && strings.Contains(strings.Join(args, " "), "strict-peers") {
			t.Errorf("strictPeers %v: args = %v, want refused: %t, and nothing said of what is the default", strict, args, want)
		}
	}
}

func TestHashes(t *testing.T) {
	tests := map[string]struct {
		change        func(*v1alpha1.NamingCluster, *Plan)
		shape, before bool // whether the StatefulSet and its template keep their hash
	}{
		"nothing changed": {func(*v1alpha1.NamingCluster, *Plan) {}, true, true},
		"users are to delete the pods": {func(c *v1alpha1.NamingCluster, _ *Plan) {
			c.Spec.UpdateStrategy.Type = "OnDelete"
		}, false, true},
		"the partition moved": {func(_ *v1alpha1.NamingCluster, p *Plan) { p.Partition = 1 }, false, true},
		"the service changed": {
			func(c *v1alpha1.NamingCluster, _ *Plan) { c.Spec.Service = &v1alpha1.Service{Type: "LoadBalancer"} }, true, true,
		},
		"the image changed": {func(c *v1alpha1.NamingCluster, _ *Plan) { c.Spec.Image = "other" }, false, false},
		"a restart was asked for": {func(c *v1alpha1.NamingCluster, _ *Plan) {
			c.Annotations = map[string]string{v1alpha1.RestartedAnnotation: "now"}
		}, false, false},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			c := readCluster(t, "testdata/minimal.in.yaml")
			p := steady(c)
			before := set(All(c, p))
			tc.change(c, &p)
			after := set(All(c, p))
			if got := before[ShapeAnnotation] == after[ShapeAnnotation]; got != tc.shape {
				t.Errorf("same shape = %v, want %v", got, tc.shape)
			}
			if got := before[TemplateAnnotation] == after[TemplateAnnotation]; got != tc.before {
				t.Errorf("same template = %v, want %v", got, tc.before)
			}
		})
	}
}

// set returns the annotations of the StatefulSet among children.
func set(children []Child) map[string]string {
	for _, c := range children {
		if c.Kind == "StatefulSet" {
			return c.Object.GetAnnotations()
		}
	}
	return nil
}

func steady(c *v1alpha1.NamingCluster) Plan {
	n := Replicas(c)
	hints := map[member.Address]member.Hint{Address(c, 0): {IP: "10.244.0.12", UID: "3f0c"}}
	return Plan{
		DefaultImage: defaultImage, Replicas: n, Partition: n,
		Members: NextList(c, n, hints, member.List{}, 0),
	}
}

func readCluster(t *testing.T, path string) *v1alpha1.NamingCluster {
	t.Helper()
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	c := new(v1alpha1.NamingCluster)
	if err := yaml.UnmarshalStrict(raw, c); err != nil {
		t.Fatalf("read %s: %v", path, err)
	}
	return c
}

func render(t *testing.T, children []Child) []byte {
	t.Helper()
	var out bytes.Buffer
	for _, child := range children {
		raw, err := yaml.Marshal(child.Object.Object)
		if err != nil {
			t.Fatal(err)
		}
		out.WriteString("---\n")
		out.Write(raw)
	}
	return out.Bytes()
}
