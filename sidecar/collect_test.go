package sidecar

import "testing"

func TestSmallHeapsAreLeftAlone(t *testing.T) {
	const mb = 1 << 20
	tests := map[string]struct {
		live, roots uint64
		want        int
	}{
		"nothing yet: 16 times the 4 MB from which Go begins":     {0, 0, 1600},
		"a small one grows to the least":                          {7 * mb, 1 * mb, 712},
		"one near the least grows to twice of it":                 {50 * mb, 1 * mb, 100},
		"a large one too":                                         {1000 * mb, 1 * mb, 100},
		"many connections: stacks count as if they were the heap": {8 * mb, 48 * mb, 100},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			if got := growth(tc.live, tc.roots); got != tc.want {
				t.Errorf("grows by %d %%, want %d", got, tc.want)
			}
		})
	}
}
