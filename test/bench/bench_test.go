package main

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
)

// TestMain lets the test be the echo server too, which is this very program.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == echoCommand {
		main()
		return
	}
	os.Exit(m.Run())
}

// Every measurement works, and says something.
func TestMeasurementsWithTinyCounts(t *testing.T) {
	l, err := newLab(output{t})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(l.dir) })
	l.quick = true
	for _, m := range measurements {
		t.Run(m.name, func(t *testing.T) {
			before := len(l.rows)
			if err := m.run(t.Context(), l); err != nil {
				t.Fatal(err)
			}
			if len(l.rows) == before {
				t.Error("it added nothing to the table")
			}
			for _, r := range l.rows[before:] {
				if r.what == "" || r.measured == "" {
					t.Errorf("an empty line: %+v", r)
				}
			}
		})
	}
}

func TestMeasurementsAreChosenByName(t *testing.T) {
	all := strings.Join(known(), ",")
	tests := map[string]struct {
		names string
		want  string
	}{
		"all when none is named": {"", all},
		"one":                    {"heap", "heap"},
		"in the order given":     {"join,push", "join,push"},
		"none that is unknown":   {"heap,speed", ""},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			chosen, err := choose(tc.names)
			var got []string
			for _, m := range chosen {
				got = append(got, m.name)
			}
			if strings.Join(got, ",") != tc.want || (err != nil) != (tc.want == "") {
				t.Errorf("%v, %v, want %s", got, err, tc.want)
			}
		})
	}
}

// output shows what a measurement says with the test that it belongs to.
type output struct{ t *testing.T }

func (o output) Write(p []byte) (int, error) {
	return fmt.Fprint(o.t.Output(), string(p))
}

// Clients of a member that dies come back before anybody is told that they went.
func TestNobodyIsRemovedWhenAMemberDies(t *testing.T) {
	l, err := newLab(output{t})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(l.dir) })
	cluster, err := l.start(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	seen, err := herdOn(t.Context(), cluster, 200, 10, false)
	if err := errors.Join(err, cluster.Kill()); err != nil {
		t.Fatal(err)
	}
	if seen.short > 0 || seen.pushed == 0 {
		t.Errorf("of %d lists %d lacked an instance that is alive: %s", seen.pushed, seen.short, seen.example)
	}
}
