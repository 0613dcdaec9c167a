package distro_test

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/distro-naming/naming-operator/sidecar/distro/distrotest"
)

var update = flag.Bool("update", false, "rewrite the transcripts in testdata")

// Each file of testdata is a scenario and, below the line, what happens in it.
// Every scenario runs twice: the same inputs give the same actions.
func TestScenariosGolden(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no scenarios: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			data, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			scenario, want, _ := strings.Cut(string(data), distrotest.Separator)
			got, err := distrotest.Script(scenario)
			if err != nil {
				t.Errorf("%v; transcript:\n%s", err, got)
			}
			if again, _ := distrotest.Script(scenario); again != got {
				t.Errorf("a second run differs:\n%s", cmp.Diff(got, again))
			}
			if *update {
				if err := os.WriteFile(file, []byte(scenario+distrotest.Separator+got), 0o600); err != nil {
					t.Fatal(err)
				}
				return
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("transcript differs (-want +got), -update rewrites it:\n%s", diff)
			}
		})
	}
}

func TestScriptNamesTheLineThatItCannotRead(t *testing.T) {
	tests := map[string]struct{ text, want string }{
		"a verb before members":     {"advance 1s", `line 1: "advance" before members`},
		"a number that is none":     {"members a MaxInFlight=x", "line 1: MaxInFlight=x: parse error"},
		"a setting that is none":    {"members a speed=9", "line 1: speed=9: no such flag"},
		"timers that do not fit":    {"members a Lease=1s", "Lease: 1s: want at least Missing"},
		"a duration that is none":   {"members a b\nadvance soon", "line 2: advance soon"},
		"an unknown verb":           {"members a b\nfrobnicate", "line 2"},
		"a missing argument":        {"members a b\ncrash", "crash takes 1 arguments, not 0"},
		"a write that was not made": {"members a b\nreplay a b c1 7", "c1 has 0 writes"},
		"a disagreement":            {"members a b\nregister a c1 x\nagree", "lacks c1"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			if _, err := distrotest.Script(tc.text); err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("Script(%q) = %v, want an error with %q", tc.text, err, tc.want)
			}
		})
	}
}

// What chance has done to a cluster is a scenario that does it again.
func TestASeedIsAScenario(t *testing.T) {
	for seed := range uint64(5) {
		c, err := distrotest.Chaos(seed, distrotest.Steps, nil)
		again, errAgain := distrotest.Script(c.Script())
		if err != nil || errAgain != nil {
			t.Fatalf("seed %d: %v, as a scenario: %v", seed, err, errAgain)
		}
		if diff := cmp.Diff(c.Transcript(), again); diff != "" {
			t.Errorf("seed %d differs from its scenario:\n%.2000s", seed, diff)
		}
	}
}

// A scenario that fails is shrunk to the lines that it takes.
func TestAFailureIsShrunk(t *testing.T) {
	long := "members a b\nadvance 2s\nregister a c1 x\nadvance 1s\nregister b c2 y\nend a c1\nadvance 1s\ncut a b\nregister a c3 z\nadvance 100ms\ncomplete\n"
	want := "members a b\nregister a c3 z\ncomplete\n"
	if got := distrotest.Shrink(long); got != want {
		t.Errorf("Shrink = %q, want %q", got, want)
	}
	if whole := "members a b\nadvance 2s\n"; distrotest.Shrink(whole) != whole {
		t.Errorf("a scenario that holds is changed to %q", distrotest.Shrink(whole))
	}
}
