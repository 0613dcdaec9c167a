package distro

import "time"

// pace counts what happened in the last span of time, give or take one span:
// the larger of what the span before saw and what this one has seen so far.
type pace struct {
	began        time.Time // of this span
	before, here int
}

// count notes that it happened once more.
func (p *pace) count(now time.Time, span time.Duration) {
	p.turn(now, span)
	p.here++
}

// of returns the count.
func (p *pace) of(now time.Time, span time.Duration) int {
	p.turn(now, span)
	return max(p.before, p.here)
}

// turn begins a new span when this one is over.
func (p *pace) turn(now time.Time, span time.Duration) {
	switch past := now.Sub(p.began); {
	case past < span:
	case past < 2*span:
		p.began, p.before, p.here = p.began.Add(span), p.here, 0
	default:
		*p = pace{began: now}
	}
}
