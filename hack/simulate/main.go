// Command simulate runs one seed of the replication simulator and prints its
// transcript, or many seeds and prints those that fail.
//
//	go run ./hack/simulate -seed 17 -steps 80
//	go run ./hack/simulate -seeds 20000
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"

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
	if err := flags.Parse(args); err != nil {
		return err
	}
	if *seeds == 1 {
		cluster, err := distrotest.Chaos(*seed, *steps, nil)
		_, failed := io.WriteString(out, cluster.Transcript())
		return errors.Join(err, failed)
	}
	failed := 0
	for s := *seed; s < *seed+*seeds; s++ {
		if _, err := distrotest.Chaos(s, *steps, nil); err != nil {
			failed++
			if _, err := fmt.Fprintf(out, "seed %d: %v\n", s, err); err != nil {
				return err
			}
		}
	}
	if failed > 0 {
		return fmt.Errorf("%d of %d seeds failed", failed, *seeds)
	}
	_, err := fmt.Fprintf(out, "%d seeds passed\n", *seeds)
	return err
}
