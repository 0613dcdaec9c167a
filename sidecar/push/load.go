package push

import (
	"math"
	"time"
)

// load counts about how much happened in the last second: what lies further
// back counts half as much for each second.
type load struct {
	n  float64
	at time.Time
}

func (l *load) add(now time.Time) {
	l.n, l.at = l.of(now)+1, now
}

func (l *load) of(now time.Time) float64 {
	return l.n * math.Exp2(-now.Sub(l.at).Seconds())
}
