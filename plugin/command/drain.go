package command

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/spf13/cobra"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/distro-naming/naming-operator/controllers/resources"
	"github.com/distro-naming/naming-operator/plugin/reach"
	"github.com/distro-naming/naming-operator/sidecar/admin"
)

// look is how often a command that waits looks again.
const look = 200 * time.Millisecond

func (a *app) drain() *cobra.Command {
	var keep, force bool
	var timeout time.Duration
	c := &cobra.Command{
		Use:   "drain NAME MEMBER",
		Short: "Keep clients from a member, and move those that it has",
		Long: "Keep clients from a member, and move those that it has. The member is fenced by the annotation\n" +
			"naming.distro.io/fenced-members: it leaves the client Service, stays a member, and goes on replicating. Then its " +
			"clients are asked to go\n" +
			"to the others; subscribers see nothing of it. Nothing is deleted; kubectl naming undrain takes it back.",
		Example:           "  kubectl naming drain demo demo-1\n  kubectl naming drain demo 1 --keep-connections",
		Args:              takes(2, 2),
		ValidArgsFunction: a.completes(clusterNames, memberNames),
		RunE: func(cmd *cobra.Command, args []string) error {
			client, cluster, member, fenced, err := a.openMember(cmd.Context(), args)
			if err != nil {
				return err
			}
			if err := leavesOne(cluster, append(slices.Clone(fenced), member.Name)); err != nil && !force {
				return err
			}
			if slices.Contains(fenced, member.Name) {
				fmt.Fprintf(a.Out, "%s is fenced already.\n", member.Name)
			} else if err := client.Fence(cmd.Context(), cluster, append(fenced, member.Name)); err != nil {
				return err
			}
			if err := a.fenceIs(cmd.Context(), client, member.Name, "true", timeout); err != nil {
				return err
			}
			fmt.Fprintf(a.Out, "%s is fenced: the client Service names it no more.\n", member.Name)
			if keep {
				return nil
			}
			return a.moveAll(cmd.Context(), client, member)
		},
	}
	c.Flags().BoolVar(&keep, "keep-connections", false, "do not ask connected clients to move")
	c.Flags().BoolVar(&force, "force", false, "also if no member is left that clients may use")
	c.Flags().DurationVar(&timeout, "timeout", 30*time.Second, "how long to wait for the operator")
	return c
}

func (a *app) undrain() *cobra.Command {
	var timeout time.Duration
	c := &cobra.Command{
		Use:   "undrain NAME MEMBER",
		Short: "Let clients use a member again",
		Long: "Let clients use a member again: takes it out of the annotation naming.distro.io/fenced-members. Clients come as " +
			"they connect;\n" +
			"kubectl naming rebalance makes some come at once.",
		Example:           "  kubectl naming undrain demo demo-1",
		Args:              takes(2, 2),
		ValidArgsFunction: a.completes(clusterNames, memberNames),
		RunE: func(cmd *cobra.Command, args []string) error {
			client, cluster, member, fenced, err := a.openMember(cmd.Context(), args)
			if err != nil {
				return err
			}
			if !slices.Contains(fenced, member.Name) {
				fmt.Fprintf(a.Out, "%s was not fenced.\n", member.Name)
				return nil
			}
			rest := slices.DeleteFunc(fenced, func(name string) bool { return name == member.Name })
			if err := client.Fence(cmd.Context(), cluster, rest); err != nil {
				return err
			}
			if err := a.fenceIs(cmd.Context(), client, member.Name, "false", timeout); err != nil {
				return err
			}
			fmt.Fprintf(a.Out, "%s is open: the client Service names it while it is ready.\n", member.Name)
			return nil
		},
	}
	c.Flags().DurationVar(&timeout, "timeout", 30*time.Second, "how long to wait for the operator")
	return c
}

// openMember finds the cluster and the member that the arguments name, and the
// members that are fenced.
func (a *app) openMember(
	ctx context.Context, args []string,
) (client *reach.Client, cluster *reach.Cluster, member reach.Member, fenced []string, err error) {
	if client, cluster, err = a.open(ctx, args[0]); err != nil {
		return nil, nil, reach.Member{}, nil, err
	}
	found, err := pick(cluster, args[1])
	if err != nil {
		return nil, nil, reach.Member{}, nil, err
	}
	fenced, err = cluster.Fenced()
	return client, cluster, found[0], fenced, err
}

// leavesOne is an error if no ready member is left beside those to be fenced.
func leavesOne(cluster *reach.Cluster, fenced []string) error {
	for _, m := range cluster.Status.Members {
		if m.Ready && !slices.Contains(fenced, m.Name) {
			return nil
		}
	}
	return fmt.Errorf("no other member of %s serves clients: they would have nowhere to go; with --force it is done all the "+
		"same", cluster.Name)
}

// fenceIs waits until the operator has labelled the pod.
func (a *app) fenceIs(ctx context.Context, client *reach.Client, pod, want string, timeout time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	for {
		p, err := client.Kube.CoreV1().Pods(client.Namespace).Get(ctx, pod, metav1.GetOptions{})
		switch {
		case apierrors.IsNotFound(err): // it will be made with the label
			return nil
		case err == nil && p.Labels[resources.FencedLabel] == want:
			return nil
		case err != nil && ctx.Err() == nil:
			return fmt.Errorf("get pod %s: %w", pod, err)
		}
		if a.pause(ctx, look) != nil {
			return fmt.Errorf("the annotation is set, but the operator has not labelled %s in %s: is it running, or paused? "+
				"kubectl naming status says more", pod, timeout)
		}
	}
}

func (a *app) moveAll(ctx context.Context, client *reach.Client, member reach.Member) error {
	var moved admin.Moved
	if err := client.Post(ctx, member, "/v1/move", nil, &moved); err != nil {
		return fmt.Errorf("its clients stay until they close their connections: %w", err)
	}
	switch {
	case moved.Asked == 0:
		fmt.Fprintln(a.Out, "It has no clients that could be asked to move.")
	case moved.Agreed == moved.Asked:
		fmt.Fprintf(a.Out, "%d clients were asked to go to other members, and will.\n", moved.Asked)
	default:
		fmt.Fprintf(a.Out, "%d clients were asked to go to other members, and %d will; the rest, often old SDKs, stay until they "+
			"close "+
			"their connections.\n", moved.Asked, moved.Agreed)
	}
	return nil
}
