package distro_test

import (
	"cmp"
	"fmt"
	"os"
	"strconv"
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
	for seed := range seeds(t) {
		if _, err := distrotest.Chaos(seed, distrotest.Steps, nil); err != nil {
			t.Errorf("seed %d: %v", seed, err)
		}
	}
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

// Rapid shrinks what it finds to the shortest history that still fails.
func TestAnyHistoryEndsInAgreement(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		names := []string{"a", "b", "c"}
		cfg := distro.Default()
		cfg.VerifyInterval, cfg.Grace, cfg.Missing = time.Second, 2*time.Second, 5*time.Second
		cfg.Down, cfg.Lease = 5*time.Second, 20*time.Second
		c := distrotest.New(1, distrotest.Options{
			Nodes: names, Config: cfg,
			Reissue: rapid.Bool().Draw(t, "reissue"), Streams: rapid.SampledFrom([]float64{0, 1}).Draw(t, "streams"),
		})
		node := func() string { return rapid.SampledFrom(names).Draw(t, "node") }
		clients := map[string]string{}
		t.Repeat(map[string]func(*rapid.T){
			"register": func(t *rapid.T) {
				id, n := fmt.Sprintf("c%d", len(clients)), node()
				clients[id] = n
				c.Register(n, id, "x")
			},
			"end": func(t *rapid.T) {
				c.End(fmt.Sprintf("c%d", rapid.IntRange(0, 9).Draw(t, "client")))
			},
			"beat":    func(t *rapid.T) { c.Beat("10.0.0.1:80", rapid.SampledFrom([]string{"x", "y"}).Draw(t, "content")) },
			"silence": func(*rapid.T) { c.Silence("10.0.0.1:80") },
			"cut":     func(*rapid.T) { c.Cut(node(), node()) },
			"heal":    func(*rapid.T) { c.Heal() },
			"crash":   func(*rapid.T) { c.Crash(node()) },
			"restart": func(*rapid.T) { c.Restart(node()) },
			"stream":  func(t *rapid.T) { c.Stream("a", "b", rapid.Bool().Draw(t, "on")) },
			"list": func(t *rapid.T) {
				c.List(rapid.SampledFrom([][]string{{"a", "b"}, {"a", "c"}, names}).Draw(t, "list")...)
			},
			"": func(*rapid.T) { c.Advance(300 * time.Millisecond) },
		})
		c.Heal()
		c.List(names...)
		for _, n := range names {
			c.Restart(n)
		}
		c.Advance(time.Minute)
		if err := c.Err(); err != nil {
			t.Fatalf("%v\n%s", err, c.Transcript())
		}
		if err := c.Agree(); err != nil {
			t.Fatalf("%v\n%s", err, c.Transcript())
		}
	})
}
