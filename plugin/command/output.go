package command

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/duration"
	"k8s.io/cli-runtime/pkg/genericclioptions"

	"github.com/distro-naming/naming-operator/plugin/reach"
	"github.com/distro-naming/naming-operator/plugin/survey"
	"github.com/distro-naming/naming-operator/plugin/table"
)

// group is the apiVersion of what -o json prints.
const group = "plugin.naming.distro.io/v1alpha1"

// output is how findings are printed.
type output struct {
	color     string
	format    string
	noHeaders bool
}

const formats = "table, wide, name, json, yaml or jsonpath=TEMPLATE"

// addOutput gives a command the flags -o and --no-headers.
func (a *app) addOutput(c *cobra.Command) {
	c.Flags().StringVarP(&a.output.format, "output", "o", "table", "one of "+formats)
	c.Flags().BoolVar(&a.output.noHeaders, "no-headers", false, "leave the titles of columns out")
	_ = c.RegisterFlagCompletionFunc("output", // it fails only for a flag that does not exist
		cobra.FixedCompletions([]string{"table", "wide", "name", "json", "yaml"}, cobra.ShellCompDirectiveNoFileComp))
}

// number says how many there are of something that has a plural in s.
func number(n int, one string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %ss", n, one)
}

// finding is what a command found, ready to be printed in any form.
type finding struct {
	kind  string // in JSON and YAML
	value any    // a struct
	names []string
	table func(table.Options) // writes it for people
}

// print writes f as the flags say.
func (a *app) print(f finding) error {
	switch a.output.format {
	case "", "table", "wide":
		f.table(table.Options{
			Wide: a.output.format == "wide", NoHeaders: a.output.noHeaders, Palette: a.palette(),
		})
		return nil
	case "name":
		for _, name := range f.names {
			fmt.Fprintln(a.Out, name)
		}
		return nil
	}
	text, err := json.Marshal(f.value)
	if err != nil {
		return fmt.Errorf("print %s: %w", f.kind, err)
	}
	object := map[string]any{}
	if err := json.Unmarshal(text, &object); err != nil {
		return fmt.Errorf("print %s: %w", f.kind, err)
	}
	object["apiVersion"], object["kind"] = group, f.kind
	flags := genericclioptions.NewPrintFlags("")
	*flags.OutputFormat = a.output.format
	printer, err := flags.ToPrinter()
	if err != nil {
		return fmt.Errorf("-o %s: must be %s", a.output.format, formats)
	}
	return printer.PrintObj(&unstructured.Unstructured{Object: object}, a.Out)
}

// age says how long ago t was.
func (a *app) age(t time.Time) string {
	if t.IsZero() {
		return "-"
	}
	return duration.HumanDuration(max(0, a.Now().Sub(t)))
}

// speakers divides answers into what was said and who said nothing. Nobody at all
// is an error.
func speakers[T any](a *app, answers []reach.Answer[T]) ([]survey.Said[T], error) {
	var said []survey.Said[T]
	var silent []reach.Answer[T]
	for _, one := range answers {
		if one.Err != nil {
			silent = append(silent, one)
			continue
		}
		said = append(said, survey.Said[T]{Member: one.Member.Name, Value: one.Value})
	}
	if len(answers) == 0 {
		return nil, fmt.Errorf("the cluster has no members: scale it up, or see kubectl naming status")
	}
	for _, one := range silent {
		if len(said) == 0 {
			continue
		}
		fmt.Fprintf(a.ErrOut, "%s %v\n", a.palette().Paint(table.Warn, "not asked:"), one.Err)
	}
	if len(said) == 0 {
		var reasons []string
		for _, one := range silent {
			reasons = append(reasons, "  "+one.Err.Error())
		}
		return nil, fmt.Errorf("no member answered:\n%s", strings.Join(reasons, "\n"))
	}
	return said, nil
}

// pod is the name of the pod of a member's address.
func pod(address string) string {
	host, _, _ := strings.Cut(address, ":")
	name, _, found := strings.Cut(host, ".")
	if !found || strings.ContainsAny(name[:1], "0123456789[") {
		return address // not one of Kubernetes: an IP, or a host of its own
	}
	return name
}
