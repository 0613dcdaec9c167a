// Command kubectl-naming is a plugin of kubectl that looks inside NamingClusters.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
	"time"

	"golang.org/x/term"
	_ "k8s.io/client-go/plugin/pkg/client/auth" // every way in which a kubeconfig may name a user

	"github.com/distro-naming/naming-operator/plugin/command"
)

// version is set when it is built.
var version = "dev"

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	env := command.Environment{
		Streams:  command.Streams{In: os.Stdin, Out: os.Stdout, ErrOut: os.Stderr},
		Now:      time.Now,
		Terminal: term.IsTerminal(int(os.Stdout.Fd())), //nolint:gosec // a small number
		NoColor:  os.Getenv("NO_COLOR") != "" || os.Getenv("TERM") == "dumb",
		Version:  version,
	}
	code := command.Code(command.New(env).ExecuteContext(ctx), os.Stderr)
	stop()
	os.Exit(code)
}
