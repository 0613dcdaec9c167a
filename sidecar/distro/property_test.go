package distro_test

import (
	"cmp"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/distro-naming/naming-operator/sidecar/distro"
	"github.com/distro-naming/naming-operator/sidecar/distro/distrotest"
)

// seeds is how many seeds a run tries; SEEDS in the environment asks for more.
func seeds(t *testing.T) uint64 {
	t.Helper()
	text := cmp.Or(os.Getenv("SEEDS"), "200")
	n, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		t.Fatalf("SEEDS: %v", err)
	}
	return n
}

func TestEverySeedEndsInAgreement(t *testing.T) {
	all := seeds(t)
	var next atomic.Uint64
	var workers sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		workers.Go(func() {
			for seed := next.Add(1) - 1; seed < all; seed = next.Add(1) - 1 {
				if _, err := distrotest.Chaos(seed, distrotest.Steps, nil); err != nil {
					t.Errorf("seed %d: %v", seed, err)
				}
			}
		})
	}
	workers.Wait()
}

func TestTheSameSeedGivesTheSameActions(t *testing.T) {
	for seed := range uint64(10) {
		first, _ := distrotest.Chaos(seed, distrotest.Steps, nil)
		second, _ := distrotest.Chaos(seed, distrotest.Steps, nil)
		if first.Transcript() != second.Transcript() {
			t.Errorf("seed %d gives two transcripts", seed)
		}
	}
}

// Rapid shrinks what it finds to the shortest history that still fails, and
// prints it as a scenario: put it into testdata and it is a test.
func TestAnyHistoryEndsInAgreement(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		h := newHistory(t)
		t.Repeat(map[string]func(*rapid.T){
			"register": func(t *rapid.T) { h.register(t) },
			"change":   func(t *rapid.T) { h.withOpen(t, func(c string) { h.do(t, "register %s x%d", c, h.content(t)) }) },
			"end":      func(t *rapid.T) { h.withOpen(t, func(c string) { h.do(t, "end %s", c) }) },
			"beat":     func(t *rapid.T) { h.do(t, "beat 10.0.0.1:80 x%d", h.content(t)) },
			"silence":  func(t *rapid.T) { h.do(t, "silence 10.0.0.1:80") },
			"cut":      func(t *rapid.T) { h.do(t, "cut %s %s", h.node(t), h.node(t)) },
			"mend":     func(t *rapid.T) { h.do(t, "mend") },
			"crash":    func(t *rapid.T) { h.crash(t, h.node(t)) },
			"restart":  func(t *rapid.T) { h.do(t, "restart %s", h.node(t)) },
			"stream":   func(t *rapid.T) { h.do(t, "stream a b") },
			"unstream": func(t *rapid.T) { h.do(t, "unstream a b") },
			"lose":     func(t *rapid.T) { h.do(t, "lose %s %s", h.node(t), h.node(t)) },
			"freeze":   func(t *rapid.T) { h.do(t, "freeze %s", h.node(t)) },
			"thaw":     func(t *rapid.T) { h.do(t, "thaw %s", h.node(t)) },
			"clock": func(t *rapid.T) {
				h.do(t, "clock %s %s", h.node(t), rapid.SampledFrom([]string{"-1h", "1h"}).Draw(t, "by"))
			},
			"list": func(t *rapid.T) {
				h.do(t, "list %s", rapid.SampledFrom([]string{"a b", "a c", "a b c"}).Draw(t, "list"))
			},
			"": func(t *rapid.T) { h.do(t, "advance 300ms") },
		})
		for _, line := range []string{"heal", "list a b c", "restart a", "restart b", "restart c", "advance 1m", "agree"} {
			h.do(t, "%s", line)
		}
	})
}

// history is a cluster to which rapid does what it likes.
type history struct {
	cluster *distrotest.Cluster
	opened  int
	open    []string // connections, each with the node that holds it before its id
}

func newHistory(t *rapid.T) *history {
	cfg := distro.Default()
	cfg.VerifyInterval, cfg.Grace, cfg.Missing = time.Second, 2*time.Second, 5*time.Second
	cfg.Down, cfg.Lease = 5*time.Second, 20*time.Second
	return &history{
		cluster: distrotest.New(distrotest.Options{
			Seed: 1, Nodes: []string{"a", "b", "c"}, Config: cfg,
			Reissue: rapid.Bool().Draw(t, "reissue"), Streams: rapid.SampledFrom([]float64{0, 1}).Draw(t, "streams"),
		}),
	}
}

func (h *history) do(t *rapid.T, format string, args ...any) {
	if err := h.cluster.Do(fmt.Sprintf(format, args...)); err != nil {
		t.Fatalf("%v; as a scenario:\n%s", err, h.cluster.Script())
	}
}

func (h *history) node(t *rapid.T) string {
	return rapid.SampledFrom([]string{"a", "b", "c"}).Draw(t, "node")
}

// register opens a connection, whose id was never used before.
func (h *history) register(t *rapid.T) {
	h.opened++
	c := fmt.Sprintf("%s c%d", h.node(t), h.opened)
	h.do(t, "register %s x%d", c, h.content(t))
	h.open = append(h.open, c)
}

func (h *history) withOpen(t *rapid.T, do func(connection string)) {
	if len(h.open) > 0 {
		do(rapid.SampledFrom(h.open).Draw(t, "connection"))
	}
}

func (h *history) crash(t *rapid.T, node string) {
	h.do(t, "crash %s", node)
	h.forget(node)
}

// forget drops the connections of a node that has stopped.
func (h *history) forget(node string) {
	h.open = slices.DeleteFunc(h.open, func(c string) bool { return strings.HasPrefix(c, node+" ") })
}

func (h *history) content(t *rapid.T) int { return rapid.IntRange(0, 2).Draw(t, "content") }
