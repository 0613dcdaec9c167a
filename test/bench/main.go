// Command bench measures the sidecar, each measurement beside a floor where
// there is one: what an empty grpc-go server costs for messages of the same
// sizes, or what a part of the work costs alone. It asserts nothing: it prints
// what was measured beside the goal.
//
// The load generator shares the machine with the servers, so throughput says
// little; CPU of the server processes, read from /proc, is what is compared.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime"
	"slices"
	"strings"
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
	l, err := newLab(out)
	if err != nil {
		return err
	}
	defer os.RemoveAll(l.dir)
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	names := flags.String("run", "", "only these `measurements`, comma-separated: "+strings.Join(known(), ", "))
	flags.BoolVar(&l.quick, "quick", false, "tiny counts: see that everything works, not how fast")
	flags.IntVar(&l.rounds, "rounds", 3, "how often to measure echo and sidecar in turn")
	flags.IntVar(&l.samples, "samples", 200, "registrations for the time until visible on a peer")
	flags.StringVar(&l.built, "program", "", "measure this sidecar `file` instead of building one")
	if err := flags.Parse(args); err != nil {
		return err
	}
	chosen, err := choose(*names)
	if err != nil {
		return err
	}
	l.say("%s %s/%s, %d CPUs", runtime.Version(), runtime.GOOS, runtime.GOARCH, runtime.NumCPU())
	for _, m := range chosen {
		l.say("\n%s: %s", m.name, m.about)
		if err := m.run(ctx, l); err != nil {
			return fmt.Errorf("%s: %w", m.name, err)
		}
	}
	l.print()
	return nil
}

func known() (names []string) {
	for _, m := range measurements {
		names = append(names, m.name)
	}
	return names
}

var errUnknown = errors.New("unknown measurement")

// choose returns the measurements that are named, or all.
func choose(names string) ([]measurement, error) {
	if names == "" {
		return measurements, nil
	}
	var chosen []measurement
	for name := range strings.SplitSeq(names, ",") {
		i := slices.IndexFunc(measurements, func(m measurement) bool { return m.name == name })
		if i < 0 {
			return nil, fmt.Errorf("%w: %q; known are %s", errUnknown, name, strings.Join(known(), ", "))
		}
		chosen = append(chosen, measurements[i])
	}
	return chosen, nil
}
