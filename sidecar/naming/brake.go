package naming

import (
	"maps"
	"time"
)

// BrakeConfig says when so much of a service is lost at once that the fault is
// more likely on the way to its clients than in them.
type BrakeConfig struct {
	Share  float64       // of a service's healthy instances: losing more within Window brakes; 1 never does
	Least  int           // healthy instances that a service must have had
	Window time.Duration // from the first loss; while it brakes, from the last one
	Hold   time.Duration // for which what was lost then stays listed, as unhealthy
}

// DefaultBrake returns the values that a member runs with. Half is more than a
// rolling update takes away at once (Kubernetes: a quarter) and less than a lost
// network does. Under ten instances a share says little. An SDK notices a
// broken connection within 20 s and connects again within 5 s, so Window sees
// one event as one, and whoever lives is back long before Hold ends.
func DefaultBrake() BrakeConfig {
	return BrakeConfig{Share: 0.5, Least: 10, Window: 15 * time.Second, Hold: time.Minute}
}

// Brake counts what services lose with broken connections, and decides what is
// held. Withdrawals are not its business. It is single-threaded and its time is
// what it is told.
type Brake struct {
	cfg    BrakeConfig
	losses map[ServiceKey]*losses
}

// losses are those of one service in one window.
type losses struct {
	ends  time.Time
	had   int // healthy instances when the window began
	lost  int // since then
	holds bool
}

// NewBrake returns a brake that has seen nothing.
func NewBrake(cfg BrakeConfig) *Brake {
	return &Brake{cfg: cfg, losses: map[ServiceKey]*losses{}}
}

// Lose notes that s loses n healthy instances now. healthy counts what s has
// before the loss; it is called when a window begins.
func (b *Brake) Lose(now time.Time, s ServiceKey, n int, healthy func() int) {
	l := b.losses[s]
	if l == nil || !now.Before(l.ends) {
		l = &losses{ends: now.Add(b.cfg.Window), had: healthy()}
		b.losses[s] = l
	}
	l.lost += n
	if b.cfg.Share < 1 && l.had >= b.cfg.Least && float64(l.lost) > b.cfg.Share*float64(l.had) {
		l.holds = true
	}
	if l.holds {
		l.ends = now.Add(b.cfg.Window)
	}
}

// Holds reports whether what s lost now is to be held.
func (b *Brake) Holds(s ServiceKey) bool {
	l := b.losses[s]
	return l != nil && l.holds
}

// Forget drops the windows that are over and returns how many are left.
func (b *Brake) Forget(now time.Time) int {
	maps.DeleteFunc(b.losses, func(_ ServiceKey, l *losses) bool { return !now.Before(l.ends) })
	return len(b.losses)
}
