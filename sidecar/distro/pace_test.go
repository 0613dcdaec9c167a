package distro

import (
	"testing"
	"time"
)

func TestPaceFollowsTheLastTwoSpans(t *testing.T) {
	const span = 100 * time.Millisecond
	var p pace
	steps := []struct {
		at    time.Duration
		times int // counted then
		want  int
	}{
		{0, 3, 3},
		{50 * time.Millisecond, 2, 5},
		{100 * time.Millisecond, 1, 5}, // the span before saw more
		{199 * time.Millisecond, 6, 7},
		{299 * time.Millisecond, 0, 7},
		{300 * time.Millisecond, 0, 0},
		{350 * time.Millisecond, 4, 4},
		{time.Minute, 0, 0},
	}
	for _, step := range steps {
		for range step.times {
			p.count(after(step.at), span)
		}
		if got := p.of(after(step.at), span); got != step.want {
			t.Errorf("pace at %v = %d, want %d", step.at, got, step.want)
		}
	}
}
