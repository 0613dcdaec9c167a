// Command conditions prints the reference of conditions, which docs carry:
// what the operator's own table says, and nothing else.
package main

import (
	"fmt"
	"io"
	"os"

	"github.com/distro-naming/naming-operator/api/v1alpha1"
)

const preface = `# Conditions

<!-- Made by "make generate" from api/v1alpha1/meanings.go. -->

` + "`kubectl describe nmc NAME`" + ` shows them. Each is present after the operator's first look at a NamingCluster;
until then its status is Unknown and its reason ` + "`FirstSeen`" + `.
Types and reasons are stable; messages are for people and may change.
[Find out what is wrong](../how-to/troubleshoot.md) goes through them in practice.
`

const heading = "\n## %s\n\n%s\n\n| Status | Reason | Meaning | What to do |\n|---|---|---|---|\n"

func main() {
	if err := write(os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "conditions:", err)
		os.Exit(1)
	}
}

// write prints a section for each condition type.
func write(out io.Writer) error {
	if _, err := io.WriteString(out, preface); err != nil {
		return err
	}
	for _, kind := range v1alpha1.ConditionTypes {
		if _, err := fmt.Fprintf(out, heading, kind, v1alpha1.Questions[kind]); err != nil {
			return err
		}
		for _, m := range v1alpha1.Meanings {
			if m.Type != kind {
				continue
			}
			if _, err := fmt.Fprintf(out, "| %s | `%s` | %s | %s |\n", m.Status, m.Reason, m.Means, m.Do); err != nil {
				return err
			}
		}
	}
	return nil
}
