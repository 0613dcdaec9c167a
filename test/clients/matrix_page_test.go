package clients

import (
	"fmt"
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
	b.WriteString(table(kinds, names(every()), func(k kind, scenario string) string {
		if _, absent := k.absent[scenario]; absent {
			return "not offered"
		}
		return "pass"
	}))
	b.WriteString("\n## The clients\n\nWhat a user sets; where a certificate of the client is asked for, it is besides TLS.\n\n" +
		"| Client | Speaks | By TLS | With a certificate | As a user |\n|---|---|---|---|---|\n")
	for _, k := range kinds {
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s |\n", k.name, k.protocol, k.tls, k.certificate, k.login)
	}
	b.WriteString("\n## What is not offered\n\n| Client | Scenario | Why |\n|---|---|---|\n")
	for _, k := range kinds {
		for _, name := range names(every()) {
			if reason, absent := k.absent[name]; absent {
				fmt.Fprintf(&b, "| %s | %s | %s |\n", k.name, name, reason)
			}
		}
	}
	b.WriteString("\n## The scenarios\n\n| Scenario | What must be so |\n|---|---|\n")
	for _, sc := range every() {
		fmt.Fprintf(&b, "| %s | %s |\n", sc.name, sc.means)
	}
	b.WriteString("\n## " + dubboKind.name + "\n\nAn [application](../../test/clients/drivers/dubbo/Application.java) with " + dubboKind.protocol +
		" is tried in the same way: a consumer in one process, which calls an interface, and providers in others. Its settings are those on the page about [frameworks](../how-to/frameworks.md#dubbo).\n\n" +
		"| Scenario | What must be so | |\n|---|---|---|\n")
	for _, sc := range dubboScenarios {
		fmt.Fprintf(&b, "| %s | %s | pass |\n", sc.name, sc.means)
	}
	return b.String()
}
