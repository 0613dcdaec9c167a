package command

import (
	"context"
	"fmt"
	"net/url"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/distro-naming/naming-operator/api/v1alpha1"
	"github.com/distro-naming/naming-operator/plugin/reach"
	"github.com/distro-naming/naming-operator/plugin/survey"
	"github.com/distro-naming/naming-operator/plugin/table"
	"github.com/distro-naming/naming-operator/sidecar/admin"
	"github.com/distro-naming/naming-operator/sidecar/report"
)

// arrive is how long clients are given to arrive before they are counted again.
const arrive = 3 * time.Second

// balance is what rebalance prints as JSON.
type balance struct {
	Before []survey.Load `json:"before"`
	Moves  []survey.Move `json:"moves"`
	Agreed int           `json:"agreed"`
	After  []survey.Load `json:"after,omitempty"` // absent in a dry run
}

func (a *app) rebalance() *cobra.Command {
	var dry bool
	var tolerance float64
	c := &cobra.Command{
		Use:   "rebalance NAME",
		Short: "Spread client connections evenly over the members",
		Long: "Spread client connections evenly over the members that serve clients: those with too many ask their oldest " +
			"clients to go to those\n" +
			"with too few. What clients publish stays listed while they move.\n\n" +
			"A client goes where it is told if its own list has that member. One that lists only the client Service connects " +
			"through the Service\n" +
			"again, and may come back: run it again if it did not suffice. Clients of the 1.x protocol have no connections.",
		Example:           "  kubectl naming rebalance demo --dry-run\n  kubectl naming rebalance demo",
		Args:              takes(1, 1),
		ValidArgsFunction: a.completes(clusterNames),
		RunE: func(cmd *cobra.Command, args []string) error {
			client, cluster, err := a.open(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			found, err := a.spread(cmd.Context(), client, cluster, tolerance, dry)
			if err != nil {
				return err
			}
			f := finding{kind: "Balance", value: found, table: func(o table.Options) { a.writeBalance(found, dry, o) }}
			for _, m := range found.Moves {
				f.names = append(f.names, m.From)
			}
			return a.print(f)
		},
	}
	c.Flags().BoolVar(&dry, "dry-run", false, "only say what would be done")
	c.Flags().Float64Var(&tolerance, "tolerance", 0.1, "how far from the mean a member may be, as a part of it, before "+
		"anything is done")
	a.addOutput(c)
	return c
}

func (a *app) spread(
	ctx context.Context, client *reach.Client, cluster *reach.Cluster, tolerance float64, dry bool,
) (balance, error) {
	serving := serving(cluster)
	if len(serving) < 2 {
		return balance{}, fmt.Errorf("clients are served by %s of %s: there is nothing to balance between",
			number(len(serving), "member"), cluster.Name)
	}
	before, err := a.loads(ctx, client, serving)
	if err != nil {
		return balance{}, err
	}
	out := balance{Before: before, Moves: survey.Spread(before, tolerance)}
	if out.Moves == nil {
		out.Moves = []survey.Move{}
	}
	if dry || len(out.Moves) == 0 {
		return out, nil
	}
	members := map[string]reach.Member{}
	for _, m := range serving {
		members[m.Name] = m
	}
	for _, m := range out.Moves {
		var moved admin.Moved
		query := url.Values{"clients": {strconv.Itoa(m.Clients)}, "to": {members[m.To].Address}}
		if err := client.Post(ctx, members[m.From], "/v1/move", query, &moved); err != nil {
			return balance{}, err
		}
		out.Agreed += moved.Agreed
	}
	if err := a.pause(ctx, arrive); err != nil {
		return balance{}, err
	}
	out.After, err = a.loads(ctx, client, serving)
	return out, err
}

// serving returns the members that clients may use.
func serving(cluster *reach.Cluster) []reach.Member {
	var out []reach.Member
	for _, m := range cluster.Members {
		for _, s := range cluster.Status.Members {
			if s.Name == m.Name && s.State == v1alpha1.MemberServing {
				out = append(out, m)
			}
		}
	}
	return out
}

// loads counts clients. Who does not answer is left out: nobody is sent there.
func (a *app) loads(ctx context.Context, client *reach.Client, members []reach.Member) ([]survey.Load, error) {
	said, err := speakers(a, reach.AskAll[report.Report](ctx, client, members, "/v1/status", nil))
	if err != nil {
		return nil, err
	}
	out := make([]survey.Load, 0, len(said))
	for _, one := range said {
		out = append(out, survey.Load{Member: one.Member, Clients: one.Value.Connections})
	}
	return out, nil
}

func (a *app) writeBalance(b balance, dry bool, o table.Options) {
	after := map[string]any{}
	for _, l := range b.After {
		after[l.Member] = l.Clients
	}
	titles := []string{"MEMBER", "CONNECTED"}
	if len(b.After) > 0 {
		titles = append(titles, "NOW")
	}
	t := table.New(titles...)
	for _, l := range b.Before {
		row := []any{l.Member, l.Clients}
		if n, known := after[l.Member]; known {
			row = append(row, n)
		}
		t.Row(row...)
	}
	t.Write(a.Out, o)
	fmt.Fprintln(a.Out)
	if len(b.Moves) == 0 {
		fmt.Fprintln(a.Out, "Clients are spread evenly enough: nothing to do.")
		return
	}
	asked := 0
	for _, m := range b.Moves {
		asked += m.Clients
		word := "Asked"
		if dry {
			word = "Would ask"
		}
		fmt.Fprintf(a.Out, "%s %s of %s to go to %s\n", word, number(m.Clients, "client"), m.From, m.To)
	}
	if !dry {
		fmt.Fprintf(a.Out, "%d of %d will.\n", b.Agreed, asked)
	}
}
