//go:build envtest

package v1alpha1_test

import (
	"testing"

	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/distro-naming/naming-operator/sidecar/limits"
)

// Every limit that a member has can be set, by a number as the member writes it, and
// no other.
func TestLimits(t *testing.T) {
	for _, row := range limits.Table {
		t.Run(row.Name, func(t *testing.T) {
			if err := api.Create(t.Context(), cluster(t, "demo", `{limits: {`+row.Name+`: "`+row.Text(row.Default)+`"}}`), client.DryRunAll); err != nil {
				t.Error(err)
			}
		})
	}
	refuse(t, map[string]refused{
		"a limit that is none":      {"demo", `{limits: {conections: "1"}}`, "there is no limit of this name"},
		"a limit of words":          {"demo", `{limits: {batch: many}}`, "limits.batch"},
		"a limit below zero":        {"demo", `{limits: {batch: "-1"}}`, "limits.batch"},
		"a limit that breaks a row": {"demo", `{limits: {batch: "1,body=1"}}`, "limits.batch"},
	})
}
