// Command distro-sidecar is one member of a naming cluster, in a pod or
// anywhere else. Its subcommands are small companions in the same image.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/distro-naming/naming-operator/sidecar"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	defer stop()
	if err := sidecar.Main(ctx, os.Args[1:], os.Stdout, os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, "distro-sidecar:", err)
		os.Exit(1)
	}
}
