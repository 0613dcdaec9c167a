package naming

import (
	"testing"
	"time"
)

func TestBrakeHoldsWhatIsLostAtOnce(t *testing.T) {
	type loss struct {
		at   time.Duration
		n    int
		held bool
	}
	tests := map[string]struct {
		had    int
		losses []loss
	}{
		"half of a service may go":         {20, []loss{{0, 5, false}, {time.Second, 5, false}}},
		"more than half is held":           {20, []loss{{0, 10, false}, {time.Second, 1, true}, {2 * time.Second, 9, true}}},
		"a batch that is all there is":     {10, []loss{{0, 10, true}}},
		"a small service is let go":        {9, []loss{{0, 9, false}}},
		"what comes slowly is no event":    {20, []loss{{0, 10, false}, {15 * time.Second, 10, false}}},
		"an event goes on while losses do": {20, []loss{{0, 11, true}, {14 * time.Second, 1, true}, {28 * time.Second, 1, true}, {43 * time.Second, 1, false}}},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			b, begin := NewBrake(DefaultBrake()), time.Unix(1000, 0)
			for _, l := range tc.losses {
				b.Lose(begin.Add(l.at), web, l.n, func() int { return tc.had })
				if got := b.Holds(web); got != l.held {
					t.Errorf("%d lost after %s: held %t, want %t", l.n, l.at, got, l.held)
				}
			}
		})
	}
}

func TestBrakeThatIsOff(t *testing.T) {
	cfg := DefaultBrake()
	cfg.Share = 1
	b := NewBrake(cfg)
	b.Lose(time.Unix(0, 0), web, 11, func() int { return 10 })
	if b.Holds(web) {
		t.Error("held with a share of 1")
	}
}

func TestBrakeForgetsWhatIsOver(t *testing.T) {
	b, begin := NewBrake(DefaultBrake()), time.Unix(1000, 0)
	b.Lose(begin, web, 1, func() int { return 20 })
	b.Lose(begin.Add(time.Second), service("api"), 1, func() int { return 20 })
	for _, row := range []struct {
		after time.Duration
		left  int
	}{{14 * time.Second, 2}, {15 * time.Second, 1}, {16 * time.Second, 0}} {
		if got := b.Forget(begin.Add(row.after)); got != row.left {
			t.Errorf("%d windows after %s, want %d", got, row.after, row.left)
		}
	}
}
