package main

import (
	"strings"
	"testing"
)

func TestReference(t *testing.T) {
	var b strings.Builder
	if err := write(&b, "testdata"); err != nil {
		t.Fatal(err)
	}
	for what, want := range map[string]string{
		"a rule of the resource":     "- the name is too long\n",
		"a default and bounds":       "| `replicas` | integer | `3` | How many. 0 to 9. |\n",
		"bounds told already":        "| `seconds` | integer |  | How long, 1 to 5. |\n",
		"a field that is needed":     "| `mode` | [Mode](#mode) | *required* | Which \\| how. |\n",
		"a list of another's type":   "| `tolerations` | list of [Toleration](https://pkg.go.dev/k8s.io/api/core/v1#Toleration) |  | Taints. |\n",
		"words of another's type":    "| `policy` | string |  | When. One of `Always`, `Never`. |\n",
		"what a type may be":         "| `Fast` | in a hurry. |\n",
		"a field that is always set": "| `ready` | boolean | *always* | So it is. |\n",
	} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("%s: %q is missing in\n%s", what, want, &b)
		}
	}
}

func TestATypeIsMissing(t *testing.T) {
	if err := write(new(strings.Builder), "."); err == nil {
		t.Error("no error for a package without the resource")
	}
}
