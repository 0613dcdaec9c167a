package replica

import (
	"testing"
	"time"
)

func TestHybridClock(t *testing.T) {
	start := time.UnixMilli(1_000_000)
	tests := map[string]struct {
		run  func(c *hybridClock) int64
		want int64
	}{
		"follows the wall clock":               {func(c *hybridClock) int64 { return c.tick(start) }, 1_000_000},
		"rises within one millisecond":         {func(c *hybridClock) int64 { c.tick(start); return c.tick(start) }, 1_000_001},
		"does not go back with the wall clock": {func(c *hybridClock) int64 { c.tick(start); return c.tick(start.Add(-time.Hour)) }, 1_000_001},
		"exceeds what a peer issued":           {func(c *hybridClock) int64 { c.observe(start, 1_500_000); return c.tick(start) }, 1_500_001},
		"ignores what is older":                {func(c *hybridClock) int64 { c.tick(start); c.observe(start, 5); return c.tick(start) }, 1_000_001},
		"does not follow a broken clock for ever": {func(c *hybridClock) int64 {
			c.observe(start, start.Add(10*365*24*time.Hour).UnixMilli())
			return c.tick(start)
		}, 1_000_000},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			if got := tc.run(&hybridClock{}); got != tc.want {
				t.Errorf("tick = %d, want %d", got, tc.want)
			}
		})
	}
}
