// Package turnstile counts the connections of one port, all of them and those of each
// address, and says which are too many. Those are not cut without a word: some of
// them are let in all the same, for the port to refuse them in its own protocol.
// Where even these are many, more are turned away.
//
// A turnstile is bounded by what it lets in: it remembers only who is inside.
package turnstile

import (
	"sync"

	"github.com/distro-naming/naming-operator/sidecar/limits"
)

// Refusals is how many connections may be inside to be refused.
const Refusals = 512

// Config says what a turnstile lets in; 0 is no limit.
type Config struct {
	Limit    string // name of the limit on all
	Most     int64
	PerIP    int64
	Observer limits.Observer // nil: nobody is told
}

// Turnstile is the turnstile of one port.
type Turnstile struct {
	cfg Config

	mu      sync.Mutex
	inside  int64
	refused int64
	by      map[string]int64 // of those that are not refused
}

// New returns a turnstile with nobody inside.
func New(cfg Config) *Turnstile { return &Turnstile{cfg: cfg, by: map[string]int64{}} }

// Place is what a connection takes up until it leaves.
type Place struct {
	stile *Turnstile
	ip    string
	over  *limits.Over
	once  sync.Once
}

// Enter lets a connection of ip in. It returns nil when there is no place even to
// refuse it: it is to be closed.
func (t *Turnstile) Enter(ip string) *Place {
	p := &Place{stile: t, ip: ip}
	t.mu.Lock()
	p.over = t.tooMany(ip)
	turned := p.over != nil && t.refused >= Refusals
	switch {
	case turned:
	case p.over != nil:
		t.refused++
	default:
		t.inside++
		t.by[ip]++
	}
	t.mu.Unlock()
	if p.over != nil && t.cfg.Observer != nil {
		t.cfg.Observer.Over(p.over.Limit)
	}
	if turned {
		return nil
	}
	return p
}

func (t *Turnstile) tooMany(ip string) *limits.Over {
	switch {
	case t.cfg.Most > 0 && t.inside >= t.cfg.Most:
		return &limits.Over{Limit: t.cfg.Limit, Most: t.cfg.Most, What: "too many connections to this member"}
	case t.cfg.PerIP > 0 && t.by[ip] >= t.cfg.PerIP:
		return &limits.Over{Limit: limits.PerIP, Most: t.cfg.PerIP, What: "too many connections of " + ip + " to this member"}
	default:
		return nil
	}
}

// Over returns why the connection must be refused, or nil. So it does without a
// place: what passed no turnstile is not refused.
func (p *Place) Over() error {
	if p == nil || p.over == nil {
		return nil
	}
	return p.over
}

// Leave gives the place back; later calls do nothing.
func (p *Place) Leave() {
	if p == nil {
		return
	}
	p.once.Do(func() {
		t := p.stile
		t.mu.Lock()
		defer t.mu.Unlock()
		if p.over != nil {
			t.refused--
			return
		}
		t.inside--
		if t.by[p.ip]--; t.by[p.ip] == 0 {
			delete(t.by, p.ip)
		}
	})
}
