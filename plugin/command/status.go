package command

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"
	"k8s.io/apimachinery/pkg/api/meta"

	"github.com/distro-naming/naming-operator/api/v1alpha1"
	"github.com/distro-naming/naming-operator/plugin/reach"
	"github.com/distro-naming/naming-operator/plugin/table"
	"github.com/distro-naming/naming-operator/sidecar/report"
)

// endLine clears the rest of a line of a terminal, and ends it.
const endLine = "\x1b[K\n"

// redraw is how often --watch looks again.
const redraw = 2 * time.Second

func (a *app) status() *cobra.Command {
	var all, watch, check bool
	c := &cobra.Command{
		Use:   "status [NAME]",
		Short: "Show how clusters are, or one cluster with its members",
		Long: "Show how clusters are, or one cluster with its members: what the operator reports, and what members answer now.\n\n" +
			"PENDING counts the changes that peers have not acknowledged: what a member is ahead of the others.",
		Example: "  kubectl naming status -A\n  kubectl naming status demo --watch\n  kubectl naming status demo " +
			"--check   # exits with 1 unless Ready",
		Args:              takes(0, 1),
		ValidArgsFunction: a.completes(clusterNames),
		RunE: func(cmd *cobra.Command, args []string) error {
			client, err := a.client()
			if err != nil {
				return err
			}
			look := func(ctx context.Context) (finding, bool, error) { return a.overview(ctx, client, all) }
			if len(args) == 1 {
				look = func(ctx context.Context) (finding, bool, error) { return a.detail(ctx, client, args[0]) }
			}
			if watch {
				return a.watch(cmd.Context(), look)
			}
			f, ready, err := look(cmd.Context())
			if err != nil {
				return err
			}
			if err := a.print(f); err != nil {
				return err
			}
			if check && !ready {
				return ExitNo
			}
			return nil
		},
	}
	c.Flags().BoolVarP(&all, "all-namespaces", "A", false, "clusters of all namespaces")
	c.Flags().BoolVarP(&watch, "watch", "w", false, "show it anew every two seconds, in place on a terminal")
	c.Flags().BoolVar(&check, "check", false, "exit with 1 unless what is shown is Ready")
	a.addOutput(c)
	return c
}

// watch shows what look finds again and again until ctx ends. On a terminal it
// takes the place of what was shown before. An error is shown and may pass.
func (a *app) watch(ctx context.Context, look func(context.Context) (finding, bool, error)) error {
	for {
		streams := a.Streams
		var screen bytes.Buffer
		a.Out, a.ErrOut = &screen, &screen // a remark beside the screen would spoil it
		f, _, err := look(ctx)
		if err == nil {
			err = a.print(f)
		}
		a.Streams = streams
		if ctx.Err() != nil {
			return nil //nolint:nilerr // the user has seen enough
		}
		if err != nil {
			fmt.Fprintf(&screen, "error: %v\n", err)
		}
		if err := a.show(screen.Bytes()); err != nil {
			return err
		}
		if a.pause(ctx, redraw) != nil {
			return nil //nolint:nilerr // the same
		}
	}
}

// show writes one screen. A terminal is cleared line by line, so that it does
// not flicker.
func (a *app) show(screen []byte) error {
	stamp := a.Now().Format(time.TimeOnly)
	if !a.Terminal {
		_, err := fmt.Fprintf(a.Out, "--- %s\n%s", stamp, screen)
		return err
	}
	lines := bytes.ReplaceAll(screen, []byte("\n"), []byte(endLine))
	head := stamp + ", every " + redraw.String() + ", Ctrl-C ends it"
	_, err := io.WriteString(a.Out, "\x1b[H"+head+endLine+endLine+string(lines)+"\x1b[J")
	return err
}

// overviewList is what status without a name prints as JSON.
type overviewList struct {
	Items []overview `json:"items"`
}

type overview struct {
	Namespace string `json:"namespace"`
	Name      string `json:"name"`
	Ready     string `json:"ready"`
	Serving   int32  `json:"serving"`
	Desired   int32  `json:"desired"`
	Converged string `json:"converged"`
	Reason    string `json:"reason"` // of Ready
	Doing     string `json:"doing"`  // reason of Progressing
	Message   string `json:"message,omitempty"`
	created   time.Time
}

func (a *app) overview(ctx context.Context, client *reach.Client, everywhere bool) (finding, bool, error) {
	clusters, err := client.List(ctx, everywhere)
	if err != nil {
		return finding{}, false, err
	}
	list, ready := overviewList{Items: []overview{}}, true
	f := finding{kind: "ClusterOverviewList"}
	for _, c := range clusters {
		line := overviewOf(c)
		ready = ready && line.Ready == "True"
		list.Items = append(list.Items, line)
		f.names = append(f.names, "namingcluster."+v1alpha1.SchemeGroupVersion.Group+"/"+c.Name)
	}
	f.value = list
	f.table = func(o table.Options) {
		if len(list.Items) == 0 {
			where := "in namespace " + client.Namespace
			if everywhere {
				where = "in any namespace"
			}
			fmt.Fprintf(a.ErrOut, "No NamingClusters %s.\n", where)
			return
		}
		a.writeOverview(list.Items, everywhere, o)
	}
	return f, ready, nil
}

func overviewOf(c *v1alpha1.NamingCluster) overview {
	condition := func(kind string) (status, reason, message string) {
		if found := meta.FindStatusCondition(c.Status.Conditions, kind); found != nil {
			return string(found.Status), found.Reason, found.Message
		}
		return "Unknown", "NotSeen", "the operator has not looked at it: is it running?"
	}
	out := overview{
		Namespace: c.Namespace, Name: c.Name, Serving: c.Status.ReadyReplicas, Desired: 3, created: c.CreationTimestamp.Time,
	}
	if c.Spec.Replicas != nil {
		out.Desired = *c.Spec.Replicas
	}
	out.Ready, out.Reason, out.Message = condition(v1alpha1.Ready)
	out.Converged, _, _ = condition(v1alpha1.Converged)
	_, out.Doing, _ = condition(v1alpha1.Progressing)
	return out
}

func (a *app) writeOverview(list []overview, everywhere bool, o table.Options) {
	titles := []string{"NAME", "READY", "MEMBERS", "CONVERGED", "STATUS", "DOING", "AGE", "+MESSAGE"}
	if everywhere {
		titles = append([]string{"NAMESPACE"}, titles...)
	}
	t := table.New(titles...)
	for _, c := range list {
		row := []any{
			c.Name, verdict(c.Ready), share(int(c.Serving), int(c.Desired)), verdict(c.Converged), c.Reason, c.Doing,
			a.age(c.created), c.Message,
		}
		if everywhere {
			row = append([]any{c.Namespace}, row...)
		}
		t.Row(row...)
	}
	t.Write(a.Out, o)
}

// verdict shows the status of a condition that should be True.
func verdict(status string) table.Cell {
	switch status {
	case "True":
		return table.In(table.Good, status)
	case "False":
		return table.In(table.Bad, status)
	default:
		return table.In(table.Warn, status)
	}
}

// detail asks the members of one cluster.
func (a *app) detail(ctx context.Context, client *reach.Client, name string) (finding, bool, error) {
	cluster, err := client.Cluster(ctx, name)
	if err != nil {
		return finding{}, false, err
	}
	answers := reach.AskAll[report.Report](ctx, client, cluster.Members, "/v1/status", nil)
	for i, one := range answers {
		if one.Err == nil && one.Value.Member != one.Member.Address {
			answers[i].Err = errors.New(one.Member.Name + " answered as member " + one.Value.Member +
				": its address was given to another pod; look again")
		}
	}
	d := a.detailOf(cluster, answers)
	ready := meta.IsStatusConditionTrue(cluster.Status.Conditions, v1alpha1.Ready)
	return finding{
		kind: "ClusterStatus", value: d, names: []string{"namingcluster." + v1alpha1.SchemeGroupVersion.Group + "/" + name},
		table: func(o table.Options) { a.writeDetail(d, o) },
	}, ready, nil
}
