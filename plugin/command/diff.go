package command

import (
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/distro-naming/naming-operator/plugin/reach"
	"github.com/distro-naming/naming-operator/plugin/survey"
	"github.com/distro-naming/naming-operator/plugin/table"
	"github.com/distro-naming/naming-operator/sidecar/admin"
)

// What diff asks at once, and how long it waits before it looks again.
const (
	bucketsAtOnce = 16
	settle        = time.Second
)

// differenceList is what diff prints as JSON.
type differenceList struct {
	Members []string            `json:"members"` // that were compared
	Clients int                 `json:"clients"` // that the first of them holds
	Items   []survey.Difference `json:"items"`
	More    bool                `json:"more,omitempty"` // not all were looked for
}

func (a *app) diff() *cobra.Command {
	var from, to string
	var limit int
	c := &cobra.Command{
		Use:   "diff NAME [--from MEMBER --to MEMBER]",
		Short: "Say what members hold differently, client by client",
		Long: "Say what members hold differently, client by client: each member against what most hold, or --to against --from.\n\n" +
			"What is only on its way is no difference: members are asked twice, a second apart. Only the parts in which their " +
			"digests differ\n" +
			"are read. It ends with 1 if members differ.",
		Example:           "  kubectl naming diff demo\n  kubectl naming diff demo --from demo-0 --to demo-2",
		Args:              takes(1, 1),
		ValidArgsFunction: a.completes(clusterNames),
		RunE: func(cmd *cobra.Command, args []string) error {
			if (from == "") != (to == "") {
				return fmt.Errorf("--from and --to go together: give both, or none to compare all members")
			}
			if limit < 1 {
				return fmt.Errorf("--limit=%d: must be 1 or more", limit)
			}
			client, cluster, err := a.open(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			members := cluster.Members
			if from != "" {
				if members, err = pick(cluster, from, to); err != nil {
					return err
				}
				from = members[0].Name
			}
			found, err := a.lasting(cmd, client, members, from, limit)
			if err != nil {
				return err
			}
			if err := a.print(a.differencesFound(args[0], found)); err != nil || len(found.Items) == 0 {
				return err
			}
			return ExitNo
		},
	}
	c.Flags().StringVar(&from, "from", "", "member to compare with")
	c.Flags().StringVar(&to, "to", "", "member that is compared with it")
	c.Flags().IntVar(&limit, "limit", 1000, "differences to look for")
	for _, flag := range []string{"from", "to"} {
		_ = c.RegisterFlagCompletionFunc(flag, a.completesFlag(memberNames))
	}
	a.addOutput(c)
	return c
}

// completesFlag completes a flag by the arguments that are there.
func (a *app) completesFlag(find completer) cobra.CompletionFunc {
	return func(cmd *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
		client, err := a.client()
		if err != nil || len(args) == 0 {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		return find(cmd, client, args), cobra.ShellCompDirectiveNoFileComp
	}
}

// pick returns members by name or ordinal.
func pick(cluster *reach.Cluster, names ...string) ([]reach.Member, error) {
	var out []reach.Member
	for _, name := range names {
		found := false
		for _, m := range cluster.Members {
			if m.Name == name || strings.TrimPrefix(m.Name, cluster.Name+"-") == name {
				out, found = append(out, m), true
			}
		}
		if !found {
			var all []string
			for _, m := range cluster.Members {
				all = append(all, m.Name)
			}
			return nil, fmt.Errorf("%s has no member %q; there are: %s", cluster.Name, name, strings.Join(all, ", "))
		}
	}
	return out, nil
}

// lasting compares members twice, unless they agree at once.
func (a *app) lasting(
	cmd *cobra.Command, client *reach.Client, members []reach.Member, base string, limit int,
) (differenceList, error) {
	first, err := a.compare(cmd, client, members, base, limit)
	if err != nil || len(first.Items) == 0 {
		return first, err
	}
	if err := a.pause(cmd.Context(), settle); err != nil {
		return differenceList{}, err
	}
	second, err := a.compare(cmd, client, members, base, limit)
	second.Items = survey.Lasting(first.Items, second.Items)
	return second, err
}

// compare looks only where digests differ, a few buckets at a time.
func (a *app) compare(
	cmd *cobra.Command, client *reach.Client, members []reach.Member, base string, limit int,
) (differenceList, error) {
	digests, err := speakers(a, reach.AskAll[[]admin.Digest](cmd.Context(), client, members, "/v1/digests", nil))
	if err != nil {
		return differenceList{}, err
	}
	out := differenceList{Items: []survey.Difference{}}
	var asked []reach.Member
	for _, one := range digests {
		out.Members = append(out.Members, one.Member)
		for _, m := range members {
			if m.Name == one.Member {
				asked = append(asked, m)
			}
		}
	}
	for _, d := range digests[0].Value {
		out.Clients += d.Clients
	}
	if base != "" && len(digests) < 2 {
		return differenceList{}, fmt.Errorf("only %s answered: there is nothing to compare it with", out.Members[0])
	}
	for _, place := range survey.Places(digests) {
		for start := 0; start < len(place.Buckets); start += bucketsAtOnce {
			if len(out.Items) >= limit {
				out.More = true
				return out, nil
			}
			some := place.Buckets[start:min(start+bucketsAtOnce, len(place.Buckets))]
			records, err := speakers(a, reach.AskAll[[]admin.Record](
				cmd.Context(), client, asked, "/v1/records", bucketQuery(place.Owner, some)))
			if err != nil {
				return differenceList{}, err
			}
			out.Items = append(out.Items, survey.Differences(place.Owner, records, base)...)
		}
	}
	return out, nil
}

func bucketQuery(owner string, buckets []int) url.Values {
	q := url.Values{"owner": {owner}}
	for _, b := range buckets {
		q.Add("bucket", strconv.Itoa(b))
	}
	return q
}

func (a *app) differencesFound(cluster string, list differenceList) finding {
	f := finding{kind: "DifferenceList", value: list}
	for _, d := range list.Items {
		f.names = append(f.names, d.Client)
	}
	f.table = func(o table.Options) {
		names := strings.Join(list.Members, ", ")
		if len(list.Items) == 0 {
			fmt.Fprintf(a.Out, "%s: %s hold the same: %d clients.\n", cluster, names, list.Clients)
			return
		}
		t := table.New("MEMBER", "DIFFERENCE", "CLIENT", "OWNER", "SERVICES", "+HELD", "+EXPECTED")
		for _, d := range list.Items {
			t.Row(d.Member, table.In(table.Warn, d.What), d.Client, owner(d.Owner), some(d.Services, o.Wide),
				stamp(d.Held), stamp(d.Expected))
		}
		t.Write(a.Out, o)
		if list.More {
			fmt.Fprintf(a.Out, "and more: --limit is reached\n")
		}
	}
	return f
}

// some shortens a list of services for people.
func some(services []string, all bool) string {
	const shown = 2
	switch {
	case len(services) == 0:
		return "none"
	case all || len(services) <= shown:
		return strings.Join(services, ", ")
	default:
		return fmt.Sprintf("%s and %d more", strings.Join(services[:shown], ", "), len(services)-shown)
	}
}
