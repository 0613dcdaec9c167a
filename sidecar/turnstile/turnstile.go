// Package turnstile counts the connections of one port, all of them and those of each
// address, and says which are too many. Those are not cut without a word: some of
// them are let in all the same, for the port to refuse them in its own protocol.
// Where even these are many, more are turned away.
//
// A gate is bounded by what it lets in: it remembers only who is inside.
package turnstile

import (
	"sync"

	"github.com/distro-naming/naming-operator/sidecar/limits"
)

// Refusals is how many connections may be inside to be refused.
const Refusals = 512

// Config says what a gate lets in; 0 is no limit.
type Config struct {
	Limit    string // name of the limit on all
	Most     int64
	PerIP    int64
	Observer limits.Observer // nil: nobody is told
}

// Gate is the gate of one port.
type Gate struct {
	cfg Config

	mu      sync.Mutex
	inside  int64
	refused int64
	by      map[string]int64 // of those that are not refused
}

// New returns a gate with nobody inside.
func New(cfg Config) *Gate { return &Gate{cfg: cfg, by: map[string]int64{}} }

// Place is what a connection takes up until it leaves.
type Place struct {
	gate *Gate
	ip   string
	over *limits.Over
	once sync.Once
}

// Enter lets a connection of ip in. It returns nil when there is no place even to
// refuse it: it is to be closed.
func (g *Gate) Enter(ip string) *Place {
	p := &Place{gate: g, ip: ip}
	g.mu.Lock()
	p.over = g.tooMany(ip)
	turned := p.over != nil && g.refused >= Refusals
	switch {
	case turned:
	case p.over != nil:
		g.refused++
	default:
		g.inside++
		g.by[ip]++
	}
	g.mu.Unlock()
	if p.over != nil && g.cfg.Observer != nil {
		g.cfg.Observer.Over(p.over.Limit)
	}
	if turned {
		return nil
	}
	return p
}

func (g *Gate) tooMany(ip string) *limits.Over {
	switch {
	case g.cfg.Most > 0 && g.inside >= g.cfg.Most:
		return &limits.Over{Limit: g.cfg.Limit, Most: g.cfg.Most, What: "too many connections to this member"}
	case g.cfg.PerIP > 0 && g.by[ip] >= g.cfg.PerIP:
		return &limits.Over{Limit: limits.PerIP, Most: g.cfg.PerIP, What: "too many connections of " + ip + " to this member"}
	default:
		return nil
	}
}

// Over returns why the connection must be refused, or nil. So it does without a
// place: what passed no gate is not refused.
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
		g := p.gate
		g.mu.Lock()
		defer g.mu.Unlock()
		if p.over != nil {
			g.refused--
			return
		}
		g.inside--
		if g.by[p.ip]--; g.by[p.ip] == 0 {
			delete(g.by, p.ip)
		}
	})
}
