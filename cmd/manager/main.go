// Command naming-operator makes NamingClusters what their specs say. It serves
// no naming traffic and members do not need it to run: while it is away,
// nothing but changes to clusters has to wait.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"runtime"

	"sigs.k8s.io/controller-runtime/pkg/manager/signals"
)

// version is set when a release is built.
var version = "v0.1.0"

func main() {
	if err := run(signals.SetupSignalHandler(), os.Args[1:], os.Getenv, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "naming-operator:", err)
		os.Exit(1)
	}
}

// run is the program without its process: it returns when ctx ends or when the
// operator cannot go on. getenv reads the environment; output goes to stdout.
func run(ctx context.Context, args []string, getenv func(string) string, stdout io.Writer) error {
	o, err := parse(args, getenv, stdout)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return nil
	case err != nil:
		return err
	case o.version:
		_, err := fmt.Fprintf(stdout, "naming-operator %s (%s)\n", version, runtime.Version())
		return err
	}
	return operate(ctx, o, stdout)
}
