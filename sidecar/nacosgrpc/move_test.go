package nacosgrpc

import (
	"testing"
	"time"
)

func TestMovesAreSpreadOverTheTimeThatIsLeft(t *testing.T) {
	tests := map[string]struct {
		clients    int
		left, want time.Duration
	}{
		"a few at once":               {19, 20 * time.Second, 0},
		"a hundred in half a second":  {100, 20 * time.Second, 500 * time.Millisecond},
		"ten thousand in half of it":  {10_000, 20 * time.Second, 10 * time.Second},
		"none when no time is left":   {10_000, 0, 0},
		"thousands when time is long": {2000, time.Hour, 10 * time.Second},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			if got := spread(tc.clients, tc.left); got != tc.want {
				t.Errorf("spread = %s, want %s", got, tc.want)
			}
		})
	}
}
