// Command simulate runs one seed of the replication simulator and prints its
// transcript, or many seeds and prints those that fail. A seed can be told as a
// scenario, which is shrunk to what still fails and is a file for
// sidecar/distro/testdata.
//
//	go run ./hack/simulate -seed 17 -steps 80
//	go run ./hack/simulate -seed 17 -scenario
//	go run ./hack/simulate -seeds 20000
//	go run ./hack/simulate -file sidecar/distro/testdata/owner_wins.txt
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/distro-naming/naming-operator/sidecar/distro/distrotest"
)

func main() {
	if err := run(os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(args []string, out io.Writer) error {
	flags := flag.NewFlagSet("simulate", flag.ContinueOnError)
	seed := flags.Uint64("seed", 0, "the seed to run, or the first of many")
	seeds := flags.Uint64("seeds", 1, "how many seeds to run; only failures of many are printed")
	steps := flags.Int("steps", distrotest.Steps, "disturbances before the cluster is healed")
	scenario := flags.Bool("scenario", false, "print the seed as a scenario; if it fails, one as short as can be")
	file := flags.String("file", "", "run this scenario instead of a seed")
	if err := flags.Parse(args); err != nil {
		return err
	}
	switch {
	case *file != "":
		return play(*file, out)
	case *seeds > 1:
		return many(*seed, *seeds, *steps, out)
	}
	cluster, err := distrotest.Chaos(*seed, *steps, nil)
	text := cluster.Transcript()
	if *scenario {
		text = distrotest.Shrink(cluster.Script())
	}
	_, failed := io.WriteString(out, text)
	return errors.Join(err, failed)
}

// play runs the scenario in a file, the transcript below its line aside.
func play(file string, out io.Writer) error {
	data, err := os.ReadFile(file) //nolint:gosec // the one that was asked for
	if err != nil {
		return fmt.Errorf("read scenario: %w", err)
	}
	text, _, _ := strings.Cut(string(data), distrotest.Separator)
	transcript, err := distrotest.Script(text)
	_, failed := io.WriteString(out, transcript)
	return errors.Join(err, failed)
}

// many runs seeds on all cores and prints those that fail.
func many(first, count uint64, steps int, out io.Writer) error {
	var next, failed atomic.Uint64
	var workers sync.WaitGroup
	var printing sync.Mutex
	for range runtime.GOMAXPROCS(0) {
		workers.Go(func() {
			for n := next.Add(1); n <= count; n = next.Add(1) {
				seed := first + n - 1
				if _, err := distrotest.Chaos(seed, steps, nil); err != nil {
					failed.Add(1)
					printing.Lock()
					_, _ = fmt.Fprintf(out, "seed %d: %v\n", seed, err)
					printing.Unlock()
				}
			}
		})
	}
	workers.Wait()
	if n := failed.Load(); n > 0 {
		return fmt.Errorf("%d of %d seeds failed", n, count)
	}
	_, err := fmt.Fprintf(out, "%d seeds passed\n", count)
	return err
}
