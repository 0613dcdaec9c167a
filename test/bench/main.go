// Command bench measures what the sidecar costs: server CPU per registration,
// query and push, beside an empty grpc-go server that gets and sends messages
// of the same sizes in the same run, and how soon a registration is visible
// on another member of an idle cluster.
//
// The load generator shares the machine with the servers, so throughput says
// little; CPU of the server processes, read from /proc, is what is compared.
// Rounds alternate between echo and sidecar, each with fresh processes.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"time"

	"github.com/distro-naming/naming-operator/test/loopback"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout); err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, out io.Writer) error {
	if len(args) > 0 && args[0] == echoCommand {
		return serveEcho(ctx, out)
	}
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	rounds := flags.Int("rounds", 3, "how often to measure echo and sidecar in turn")
	samples := flags.Int("samples", 200, "registrations for the time until visible on a peer")
	if err := flags.Parse(args); err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "naming-bench-")
	if err != nil {
		return fmt.Errorf("make a directory: %w", err)
	}
	defer os.RemoveAll(dir)
	fmt.Fprintln(out, "building the sidecar")
	program, err := loopback.Build(ctx, ".", dir)
	if err != nil {
		return err
	}

	r := &results{}
	for i := range *rounds {
		fmt.Fprintf(out, "round %d of %d\n", i+1, *rounds)
		if err := r.round(ctx, program, dir); err != nil {
			return err
		}
	}
	fmt.Fprintln(out, "time until visible, idle")
	if err := r.latency(ctx, program, dir, *samples); err != nil {
		return err
	}
	r.print(out)
	return nil
}

// round measures all workloads once on the echo server and once on a cluster.
// The cluster goes first: the echo server answers with what it answered.
func (r *results) round(ctx context.Context, program, dir string) error {
	for _, w := range workloads {
		cluster, err := startCluster(ctx, program, dir)
		if err != nil {
			return err
		}
		member, err := w.onCluster(ctx, cluster)
		if err := errors.Join(err, cluster.Kill()); err != nil {
			return fmt.Errorf("%s: %w", w.name, err)
		}
		echo, err := w.onEcho(ctx, member.answer)
		if err != nil {
			return fmt.Errorf("%s on echo: %w", w.name, err)
		}
		r.add(w.name, member, echo)
	}
	return nil
}

func startCluster(ctx context.Context, program, dir string) (*loopback.Cluster, error) {
	startup, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	return loopback.Start(ctx, startup, program, dir, 3)
}
