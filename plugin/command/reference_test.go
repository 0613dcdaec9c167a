package command

import (
	"fmt"
	"strings"
	"testing"

	"github.com/spf13/pflag"

	"github.com/distro-naming/naming-operator/test/golden"
)

// The reference is made from the commands themselves.
func TestReference(t *testing.T) {
	root := New(Environment{})
	root.InitDefaultCompletionCmd("status")
	var page strings.Builder
	page.WriteString("# kubectl naming\n\nA plugin of kubectl that looks inside NamingClusters. [Look inside a cluster](../how-to/look-inside.md) shows what it\n" +
		"prints, how to install it, and which rights it needs. Written by `make golden` from the commands; do not edit.\n\n")
	page.WriteString(text(strings.SplitN(root.Long, "\n\n", 2)[1]))
	for _, c := range root.Commands() {
		if c.Name() == "help" {
			continue
		}
		fmt.Fprintf(&page, "## %s\n\n<!-- shown: how it is called -->\n```\nkubectl naming %s\n```\n\n", c.Name(), c.Use)
		if c.Name() == "completion" {
			page.WriteString(text("Print a script that completes `kubectl-naming` in bash, zsh, fish or PowerShell. " +
				"For `kubectl naming`, put `kubectl_complete-naming` beside the plugin; kubectl's own completion runs it."))
			continue
		}
		page.WriteString(text(c.Long))
		if c.Example != "" {
			fmt.Fprintf(&page, "<!-- shown: make test-e2e-plugin runs the commands -->\n```sh\n%s\n```\n\n", strings.ReplaceAll(strings.TrimPrefix(c.Example, "  "), "\n  ", "\n"))
		}
		page.WriteString(flags(c.LocalNonPersistentFlags()))
	}
	page.WriteString("## Flags of all commands\n\n" + flags(own(root.PersistentFlags())))
	page.WriteString("And those of kubectl that say which cluster and who: `--kubeconfig`, `--context`, `--namespace`, `--as` and so on (`kubectl options`).\n")
	golden.Check(t, "../../docs/reference/kubectl-naming.md", []byte(page.String()))
}

// text makes paragraphs of a help text.
func text(long string) string {
	words := strings.NewReplacer("<", "&lt;", "NAME-TIME", "`NAME-TIME`").Replace(long)
	return strings.TrimSpace(words) + "\n\n"
}

func flags(set *pflag.FlagSet) string {
	rows := ""
	set.VisitAll(func(f *pflag.Flag) {
		if f.Name == "help" || f.Hidden {
			return
		}
		name := "`--" + f.Name + "`"
		if f.Shorthand != "" {
			name = "`-" + f.Shorthand + "`, " + name
		}
		preset := "none"
		if f.DefValue != "" {
			preset = "`" + f.DefValue + "`"
		}
		rows += fmt.Sprintf("| %s | %s | %s |\n", name, preset, f.Usage)
	})
	if rows == "" {
		return ""
	}
	return "| Flag | Default | Meaning |\n|---|---|---|\n" + rows + "\n"
}

// own are the flags that kubectl does not have.
func own(all *pflag.FlagSet) *pflag.FlagSet {
	out := pflag.NewFlagSet("", pflag.ContinueOnError)
	for _, name := range []string{"via", "color"} {
		out.AddFlag(all.Lookup(name))
	}
	return out
}

// Every command says what it does, how it is used and what follows.
func TestCommandsAreDescribed(t *testing.T) {
	for _, c := range New(Environment{}).Commands() {
		if c.Short == "" || c.Long == "" || c.Args == nil || c.RunE == nil {
			t.Errorf("%s lacks a description, its arguments or what it does", c.Name())
		}
	}
}
