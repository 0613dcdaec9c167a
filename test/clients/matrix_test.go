package clients

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
)

// TestMatrix runs every scenario with every official client, and prints what
// came of it. Every cell must be as the table of kinds says: what a client does
// not offer stands there with the reason, and everything else passes.
func TestMatrix(t *testing.T) {
	t.Parallel()
	seen := &results{}
	t.Cleanup(func() { fmt.Fprint(os.Stdout, seen) }) // when all clients are done
	for _, k := range kinds {
		t.Run(k.name, func(t *testing.T) {
			t.Parallel() // most of the time is spent in waiting
			command := k.prepare(t)
			for _, p := range parts {
				t.Run(p.name, func(t *testing.T) { k.play(t, command, p, seen) })
			}
		})
	}
	t.Run(dubboKind.name, func(t *testing.T) {
		t.Parallel()
		d := openDubbo(t, &stage{Cluster: startCluster(t), life: t.Context(), kind: dubboKind, command: dubboKind.prepare(t)})
		for _, sc := range dubboScenarios {
			t.Run(sc.name, func(t *testing.T) {
				defer dubboKind.judge(t, sc.name, seen)
				sc.run(t, d)
			})
		}
	})
}

// play runs a part of the table on a new stage.
func (k kind) play(t *testing.T, command []string, p part, seen *results) {
	t.Helper()
	s := &stage{life: t.Context(), kind: k, command: command}
	s.Cluster = startCluster(t, p.prepare(t, s)...)
	var (
		a      *application
		absent error // what all scenarios need
	)
	if k.application {
		a = openApplication(t, s)
	} else {
		absent = s.open(t)
	}
	for _, sc := range p.scenarios {
		t.Run(sc.name, func(t *testing.T) {
			defer k.judge(t, sc.name, seen)
			requireOffered(t, absent)
			switch {
			case a == nil:
				sc.run(t, s)
			case sc.app == nil:
				t.Skip("applications have no such thing")
			default:
				sc.app(t, a)
			}
		})
	}
}

// judge compares what came of a scenario with the table.
func (k kind) judge(t *testing.T, scenario string, seen *results) {
	t.Helper()
	reason, absent := k.absent[scenario]
	switch {
	case t.Failed():
	case t.Skipped() && !absent:
		t.Errorf("%s does not offer %q: add the reason to kinds", k.name, scenario)
	case !t.Skipped() && absent:
		t.Errorf("%s passes %q, of which kinds say: %s", k.name, scenario, reason)
	}
	seen.note(t, k.name, scenario)
}

// prepare makes the client ready to run, or says loudly why it is left out. In
// continuous integration nothing is left out.
func (k kind) prepare(t *testing.T) []string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), preparing)
	defer cancel()
	command, err := k.build(ctx)
	if errors.Is(err, errUnreachable) && os.Getenv("CI") != "true" {
		fmt.Fprintf(os.Stdout, "\n!!! %s IS NOT TESTED: %v\n\n", strings.ToUpper(k.name), err)
		t.Skip(err)
	}
	must(t, err)
	return command
}
