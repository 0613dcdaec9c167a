package command

import (
	"fmt"
	"strings"
	"time"
	"unicode"

	"github.com/spf13/cobra"

	"github.com/distro-naming/naming-operator/plugin/reach"
	"github.com/distro-naming/naming-operator/plugin/survey"
	"github.com/distro-naming/naming-operator/plugin/table"
	"github.com/distro-naming/naming-operator/sidecar/admin"
)

// instanceList is what instances prints as JSON.
type instanceList struct {
	Service string            `json:"service"`
	Items   []survey.Instance `json:"items"`
}

const serviceForms = "SERVICE is name, group@@name or namespace@@group@@name; a bare name is looked for in all groups and " +
	"namespaces."

func (a *app) instances() *cobra.Command {
	c := &cobra.Command{
		Use:   "instances NAME SERVICE",
		Short: "List the instances of a service, and whose each is",
		Long: "List the instances of a service as all members list them, and whose each is: the member that answers for its " +
			"client.\n\n" +
			"LISTED counts the members that list the instance. Those that do not, or otherwise, are named in wide " +
			"output.\n\n" + serviceForms,
		Example:           "  kubectl naming instances demo greeter\n  kubectl naming instances demo payments@@greeter -o wide",
		Args:              takes(2, 2),
		ValidArgsFunction: a.completes(clusterNames, serviceNames),
		RunE: func(cmd *cobra.Command, args []string) error {
			client, cluster, service, err := a.openService(cmd, args, false)
			if err != nil {
				return err
			}
			said, err := speakers(a, reach.AskAll[[]admin.Instance](
				cmd.Context(), client, cluster.Members, "/v1/instances", query(service)))
			if err != nil {
				return err
			}
			return a.print(a.instancesFound(service, survey.Instances(said), len(said)))
		},
	}
	a.addOutput(c)
	return c
}

func (a *app) instancesFound(service survey.Service, list []survey.Instance, members int) finding {
	f := finding{kind: "InstanceList", value: instanceList{service.Key(), list}}
	for _, i := range list {
		f.names = append(f.names, endpoint(i.IP, i.Port))
	}
	f.table = func(o table.Options) {
		if len(list) == 0 {
			fmt.Fprintf(a.ErrOut, "%s has no instances; kubectl naming why says what became of them.\n", service.Key())
			return
		}
		t := table.New("INSTANCE", "CLUSTER", "HEALTH", "WEIGHT", "OWNER", "AGE", "LISTED",
			"+CLIENT", "+STAMP", "+DIFFERS", "+METADATA")
		for _, i := range list {
			t.Row(endpoint(i.IP, i.Port), i.Cluster, health(i.Instance), i.Weight, owner(i.Owner), a.since(i.Since),
				share(len(i.Listed), members), i.Client, stamp(&i.Stamp), differs(i), metadata(i.Metadata))
		}
		t.Write(a.Out, o)
	}
	return f
}

func health(i admin.Instance) table.Cell {
	switch {
	case !i.Enabled:
		return table.In(table.Warn, "disabled")
	case i.Healthy:
		return table.In(table.Good, "healthy")
	default:
		return table.In(table.Bad, "unhealthy")
	}
}

func owner(address string) table.Cell {
	if address == "" {
		return table.In(table.Warn, "nobody")
	}
	return table.In(table.Plain, pod(address))
}

// share shows of how many members something is true.
func share(n, of int) table.Cell {
	cell := table.In(table.Plain, fmt.Sprintf("%d/%d", n, of))
	if n < of {
		cell.Tone = table.Warn
	}
	return cell
}

// stamp shows a write by its time, or the revision of a Java server.
func stamp(s *admin.Stamp) string {
	switch {
	case s == nil:
		return "nothing"
	case s.Version == 0:
		return fmt.Sprintf("revision %d", s.Revision)
	default:
		return time.UnixMilli(s.Version).UTC().Format("2006-01-02T15:04:05.000Z") + " by " + pod(s.Writer)
	}
}

func differs(i survey.Instance) table.Cell {
	var parts []string
	if len(i.Missing) > 0 {
		parts = append(parts, "not on "+strings.Join(i.Missing, ","))
	}
	if len(i.Differs) > 0 {
		parts = append(parts, "otherwise on "+strings.Join(i.Differs, ","))
	}
	if len(parts) == 0 {
		return table.In(table.Plain, "-")
	}
	return table.In(table.Warn, strings.Join(parts, "; "))
}

func metadata(m map[string]string) string {
	if len(m) == 0 {
		return "-"
	}
	text := fmt.Sprint(m) // maps are printed in order of key
	return seen(strings.TrimSuffix(strings.TrimPrefix(text, "map["), "]"))
}

// seen puts a mark in the place of what cannot be seen: clients choose metadata, and
// it must not move the cursor or colour the terminal.
func seen(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.In(r, unicode.Cc, unicode.Cf) {
			return unicode.ReplacementChar
		}
		return r
	}, text)
}

func (a *app) since(t *time.Time) string {
	if t == nil {
		return "-"
	}
	return a.age(*t)
}
