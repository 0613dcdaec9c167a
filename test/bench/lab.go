package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"github.com/distro-naming/naming-operator/test/loopback"
)

// lab is what measurements share: the program under test, a directory, and the
// table of results.
type lab struct {
	out     io.Writer
	dir     string
	quick   bool // tiny counts, to see that everything works
	rounds  int
	samples int

	build sync.Once
	built string
	fault error
	rows  []line
}

// line is one line of the table: what was measured, what it should be, and what
// it is. The goal is empty where there is none.
type line struct{ what, goal, measured string }

// measurement is one thing to measure.
type measurement struct {
	name, about string
	run         func(context.Context, *lab) error
}

var measurements = []measurement{
	{"register", "CPU per registration, beside an empty echo server", cpuOf(registerFew, registerMany)},
	{"query", "CPU per query, beside an empty echo server", cpuOf(queryTen)},
	{"push", "CPU per push, beside an empty echo server, and the time until all have acknowledged", cpuOf(pushTen, fanOut)},
	{"visible", "time until a lone registration is pushed here, and visible on a peer", visibleIdle},
	{"loaded", "the same under 1000 registrations a second", visibleLoaded},
	{"connections", "resident memory of idle connections", idleConnections},
	{"herd", "10,000 clients whose member dies: until all are back, and who was thought gone", herd},
	{"burst", "what 100,000 registrations at once leave to be told, and the heap", burst},
	{"verify", "what members cost that verify each other and nothing changes", verifySteady},
	{"heap", "live heap per instance, and the share of garbage collection", heapPerInstance},
	{"join", "time until a new member holds what another does", join},
}

// newLab makes the lab's directory, which the caller removes.
func newLab(out io.Writer) (*lab, error) {
	dir, err := os.MkdirTemp("", "naming-bench-")
	if err != nil {
		return nil, fmt.Errorf("make a directory: %w", err)
	}
	return &lab{out: out, dir: dir}, nil
}

// program builds the sidecar once, unless one is given.
func (l *lab) program(ctx context.Context) (string, error) {
	l.build.Do(func() {
		if l.built != "" {
			return
		}
		l.say("building the sidecar")
		l.built, l.fault = loopback.Build(ctx, moduleDir(), l.dir)
	})
	return l.built, l.fault
}

// moduleDir is the module of the sidecar: here, or two levels up for tests.
func moduleDir() string {
	if _, err := os.Stat("cmd/sidecar"); err == nil {
		return "."
	}
	return "../.."
}

// start runs a cluster of three real members.
func (l *lab) start(ctx context.Context) (*loopback.Cluster, error) {
	program, err := l.program(ctx)
	if err != nil {
		return nil, err
	}
	startup, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	return loopback.Start(ctx, startup, program, l.dir, 3)
}

// count returns n, or few in quick mode.
func (l *lab) count(n, few int) int {
	if l.quick {
		return few
	}
	return n
}

// wait returns d, or a tenth of it in quick mode.
func (l *lab) wait(d time.Duration) time.Duration {
	if l.quick {
		return d / 10
	}
	return d
}

func (l *lab) say(format string, args ...any) { fmt.Fprintf(l.out, format+"\n", args...) }

// row adds a line to the table and prints it at once.
func (l *lab) row(what, goal, format string, args ...any) {
	r := line{what, goal, fmt.Sprintf(format, args...)}
	l.rows = append(l.rows, r)
	if goal != "" {
		goal = "   (goal: " + goal + ")"
	}
	l.say("  %s: %s%s", r.what, r.measured, goal)
}

// print writes the table in Markdown.
func (l *lab) print() {
	l.say("\n| what | goal | measured |\n|---|---|---|")
	for _, r := range l.rows {
		l.say("| %s | %s | %s |", r.what, r.goal, r.measured)
	}
}
