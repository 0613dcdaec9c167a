package sidecar

import "testing"

func TestHeapsAreLeftAlone(t *testing.T) {
	const mb = 1 << 20
	tests := map[string]struct {
		live, roots, soon uint64
		want              int
	}{
		"nothing yet: 16 times the 4 MB from which Go begins": {0, 0, 0, 1600},
		"a small one grows to the least, busy or not":         {7 * mb, 1 * mb, 0, 712},
		"one near the least grows to twice of it":             {50 * mb, 1 * mb, 9999 * mb, 100},
		"a large one too": {1000 * mb, 1 * mb, 9999 * mb, 100},
		"many connections: stacks count as if they were the heap": {8 * mb, 48 * mb, 0, 100},
		"at rest it grows by what is allocated in a while":        {140 * mb, 60 * mb, 50 * mb, 25},
		"and by a sixteenth at least":                             {140 * mb, 60 * mb, 0, 6},
		"near the least at rest it grows to that":                 {60 * mb, 60 * mb, 1 * mb, 6},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			if got := growth(tc.live, tc.roots, tc.soon); got != tc.want {
				t.Errorf("grows by %d %%, want %d", got, tc.want)
			}
		})
	}
}
