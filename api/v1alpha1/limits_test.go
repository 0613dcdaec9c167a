//go:build envtest

package v1alpha1_test

import (
	"fmt"
	"math"
	"testing"
	"time"

	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/distro-naming/naming-operator/sidecar/limits"
)

// Every limit that a member has can be set, by what the member takes for it and by
// nothing else: a member does not start with a limit that it cannot read.
func TestLimits(t *testing.T) {
	for _, row := range limits.Table {
		t.Run(row.Name, func(t *testing.T) {
			for _, value := range valuesOf(row) {
				_, unreadable := limits.Parse(row.Name + "=" + value)
				refused := api.Create(t.Context(), cluster(t, "demo", limited(row.Name, value)), client.DryRunAll)
				if (refused == nil) != (unreadable == nil) {
					t.Errorf("%s: the API server says %v, a member %v", value, refused, unreadable)
				}
			}
		})
	}
	refuse(t, map[string]refused{
		"a limit that is none":            {"demo", limited("conections", "1"), "there is no limit of this name"},
		"a limit of words":                {"demo", limited("batch", "many"), "limits.batch"},
		"a limit below zero":              {"demo", limited("batch", "-1"), "limits.batch"},
		"a limit that breaks a row":       {"demo", limited("batch", "1,body=1"), "limits.batch"},
		"a time without a unit":           {"demo", limited("call-within", "15"), "a limit of time needs ms, s, m or h"},
		"a number of bytes":               {"demo", limited("batch", "1KiB"), "all others are plain numbers"},
		"a head with hardly any time":     {"demo", limited("header-within", "99ms"), "100ms for header-within: raise it"},
		"a message without room":          {"demo", limited("message", "1KiB"), "the least is 64KiB for message"},
		"fewer parameters than are usual": {"demo", limited("parameters", "31"), "32 for parameters"},
	})
}

// valuesOf are values of every unit, and those about what the row allows.
func valuesOf(row limits.Row) []string {
	values := []string{
		"0", "1", "9999999999", row.Text(row.Default),
		"1KiB", "64KiB", "1MiB", "1GiB", "2GiB", "9999999999GiB", "1ms", "1s", "1m", "1h", "99999999999999h",
	}
	for _, n := range []int64{row.Least, row.Least - 1, math.MaxInt32, math.MaxInt32 + 1} {
		switch {
		case n < 0:
		case row.Unit == limits.Time:
			values = append(values, fmt.Sprintf("%dms", time.Duration(n).Milliseconds()))
		default:
			values = append(values, fmt.Sprint(n))
		}
	}
	return values
}

func limited(name, value string) string { return fmt.Sprintf("{limits: {%s: %q}}", name, value) }
