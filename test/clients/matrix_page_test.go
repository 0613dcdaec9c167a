package clients

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/distro-naming/naming-operator/test/golden"
)

// TestPage keeps the page what the table says. Whether the table is true is
// TestMatrix's to find out.
func TestPage(t *testing.T) {
	golden.Check(t, "../../docs/reference/clients.md", []byte(page()))
}

func page() string {
	var b strings.Builder
	b.WriteString(`# Clients

<!-- Written by the tests: go test -run TestPage -update, in test/clients. -->

Every change of this project runs the official clients below, unmodified and from where their makers publish them, against three members. All run
the [same scenarios](../../test/clients/matrix_scenarios_test.go), in the order of the table; one member is killed and one is drained on the way.

`)
	b.WriteString(table(func(k kind, scenario string) string {
		if _, absent := k.absent[scenario]; absent {
			return "not offered"
		}
		return "pass"
	}))
	b.WriteString("\n## The clients\n\n| Client | Speaks | By TLS |\n|---|---|---|\n")
	for _, k := range kinds {
		fmt.Fprintf(&b, "| %s | %s | %s |\n", k.name, k.protocol, k.tls)
	}
	b.WriteString("\n## What is not offered\n\n| Client | Scenario | Why |\n|---|---|---|\n")
	for _, k := range kinds {
		for _, sc := range slices.Concat(scenarios, secureScenarios) {
			if reason, absent := k.absent[sc.name]; absent {
				fmt.Fprintf(&b, "| %s | %s | %s |\n", k.name, sc.name, reason)
			}
		}
	}
	b.WriteString("\n## The scenarios\n\n| Scenario | What must be so |\n|---|---|\n")
	for _, sc := range slices.Concat(scenarios, secureScenarios) {
		fmt.Fprintf(&b, "| %s | %s |\n", sc.name, sc.means)
	}
	return b.String()
}
