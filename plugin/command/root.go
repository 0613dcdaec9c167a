package command

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"
	"k8s.io/cli-runtime/pkg/genericclioptions"
	"k8s.io/cli-runtime/pkg/genericiooptions"

	"github.com/distro-naming/naming-operator/plugin/reach"
	"github.com/distro-naming/naming-operator/plugin/table"
)

// Streams are what a command reads and writes.
type Streams = genericiooptions.IOStreams

// Environment is what the process knows and tests replace.
type Environment struct {
	Streams
	Now      func() time.Time
	Terminal bool            // Out is a terminal
	NoColor  bool            // the user wants none there
	Version  string          // of the plugin
	Forward  reach.Forwarder // nil: as kubectl port-forward does

	// Pause waits for a while, or until the context ends; nil: by the clock.
	Pause func(context.Context, time.Duration)
}

// pause waits, and reports whether to go on.
func (e Environment) pause(ctx context.Context, d time.Duration) error {
	if e.Pause != nil {
		e.Pause(ctx, d)
		return ctx.Err()
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

// The ways to members.
const (
	viaProxy   = "proxy"
	viaForward = "port-forward"
)

// Exit is an answer that is no: the command did what it should, and the process
// is to end with this code. What is to be said has been said.
type Exit int

func (e Exit) Error() string { return fmt.Sprintf("exit %d", int(e)) }

// Codes of the process.
const (
	ExitNo    Exit = 1 // the answer is no: not Ready, or members differ
	ExitError Exit = 2 // it could not be found out, or be done
)

// Code returns what the process is to end with after err, which it reports.
func Code(err error, stderr io.Writer) int {
	var exit Exit
	switch {
	case err == nil:
		return 0
	case errors.As(err, &exit):
		return int(exit)
	default:
		fmt.Fprintln(stderr, "error:", err)
		return int(ExitError)
	}
}

// app is what all commands share.
type app struct {
	Environment
	config *genericclioptions.ConfigFlags
	output output
	via    string
}

// New returns the command tree.
func New(env Environment) *cobra.Command {
	a := &app{Environment: env, config: genericclioptions.NewConfigFlags(true)}
	root := &cobra.Command{
		Use:   "kubectl-naming",
		Short: "Look inside NamingClusters, and look after their members",
		Long: "Look inside NamingClusters, and look after their members.\n\n" +
			"Members are asked through the API server's proxy (get pods/proxy), or with --via=port-forward through\n" +
			"forwarded ports (create pods/portforward). A member that does not answer is shown with the reason.\n\n" +
			"Exit codes: 0 fine; 1 the answer is no (status --check: not Ready; diff: members differ); 2 an error.",
		Example: "  kubectl naming status\n" +
			"  kubectl naming why demo greeter 10.0.0.7:8080",
		Annotations:       map[string]string{cobra.CommandDisplayNameAnnotation: "kubectl naming"},
		SilenceErrors:     true,
		SilenceUsage:      true,
		PersistentPreRunE: func(*cobra.Command, []string) error { return a.check() },
	}
	root.SetIn(env.In)
	root.SetOut(env.Out)
	root.SetErr(env.ErrOut)
	flags := root.PersistentFlags()
	a.config.AddFlags(flags)
	flags.StringVar(&a.via, "via", viaProxy, "way to the members: proxy or port-forward")
	flags.StringVar(&a.output.color, "color", "auto", "paint: auto (on a terminal, unless NO_COLOR is set), always or never")
	a.complete(root)
	root.AddCommand(
		a.status(), a.services(), a.instances(), a.why(), a.diff(),
		a.drain(), a.undrain(), a.rebalance(), a.bundle(), a.version(),
	)
	return root
}

// takes has a command that is given fewer or more arguments say how it is called.
func takes(least, most int) cobra.PositionalArgs {
	return func(c *cobra.Command, args []string) error {
		if n := len(args); n < least || n > most {
			return fmt.Errorf("call it as %s", c.UseLine())
		}
		return nil
	}
}

func (a *app) check() error {
	switch a.via {
	case viaProxy, viaForward:
	default:
		return fmt.Errorf("--via=%s: must be %s or %s", a.via, viaProxy, viaForward)
	}
	switch a.output.color {
	case "auto", "always", "never":
	default:
		return fmt.Errorf("--color=%s: must be auto, always or never", a.output.color)
	}
	return nil
}

// client connects as the flags say.
func (a *app) client() (*reach.Client, error) {
	config, err := a.config.ToRESTConfig()
	if err != nil {
		return nil, fmt.Errorf("read kubeconfig: %w", err)
	}
	namespace, _, err := a.config.ToRawKubeConfigLoader().Namespace()
	if err != nil {
		return nil, fmt.Errorf("read kubeconfig: %w", err)
	}
	client, err := reach.New(config, namespace)
	if err != nil {
		return nil, err
	}
	client.Forwards = a.via == viaForward
	if a.Forward != nil {
		client.Forward = a.Forward
	}
	return client, nil
}

// open connects, and finds the cluster of that name.
func (a *app) open(ctx context.Context, name string) (*reach.Client, *reach.Cluster, error) {
	client, err := a.client()
	if err != nil {
		return nil, nil, err
	}
	cluster, err := client.Cluster(ctx, name)
	return client, cluster, err
}

// palette paints where somebody looks at it.
func (a *app) palette() table.Palette {
	switch a.output.color {
	case "always":
		return true
	case "never":
		return false
	default:
		return table.Palette(a.Terminal && !a.NoColor)
	}
}

func (a *app) version() *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the plugin's version",
		Long:  "Print the plugin's version. The versions of members are in kubectl naming status.",
		Args:  takes(0, 0),
		RunE: func(*cobra.Command, []string) error {
			_, err := fmt.Fprintln(a.Out, a.Version)
			return err
		},
	}
}
