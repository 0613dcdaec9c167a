package replica

import (
	"slices"
	"time"

	"github.com/distro-naming/naming-operator/sidecar/distro"
	"github.com/distro-naming/naming-operator/sidecar/naming"
)

// lose ends a client that was lost, and counted as such: its connection broke,
// or nobody confirms it. What the brake holds of it is listed as unhealthy for a
// while, the rest goes at once. An own client is rewritten, so that peers list
// the same; of another member's client each decides by the same rule.
func (l *Loop) lose(now time.Time, c naming.ClientID, why naming.Cause, own bool) {
	r := l.registry.Record(c)
	held, let := l.divide(r)
	if len(held) == 0 {
		l.end(now, c, why, own)
		return
	}
	store := l.put
	stamp := func() naming.Stamp { // it is no longer what its owner wrote at that version
		return naming.Stamp{Owner: r.Stamp.Owner, Revision: r.Stamp.Revision}
	}
	if own {
		store, stamp = l.write, func() naming.Stamp { return l.issue(now) }
	}
	for _, p := range let {
		r = r.Without(p.Service, stamp())
	}
	if len(let) > 0 {
		store(now, r, why)
	}
	count := 0
	for _, p := range held {
		r = r.Amended(withHealth(p, false), stamp())
		count += len(p.Instances)
	}
	store(now, r, naming.Cause{Kind: naming.CauseBraked, Client: c, Reason: string(why.Kind)})
	end := naming.Cause{Kind: naming.CauseExpired, Client: c, Reason: "braked for " + l.cfg.Brake.Hold.String()}
	l.hold(c, hold{until: now.Add(l.cfg.Brake.Hold), why: end, own: own, braked: true})
	l.observer.Braked(count)
}

// divide returns what the brake holds of r, and what it lets go.
func (l *Loop) divide(r *naming.Record) (held, let []naming.Publication) {
	if r == nil {
		return nil, nil
	}
	for _, p := range r.Publications() {
		if l.departures.brake.Holds(p.Service) && l.seen(r.Client, p) > 0 {
			held = append(held, p)
		} else {
			let = append(let, p)
		}
	}
	return held, let
}

// lost counts the loss of all that c publishes.
func (l *Loop) lost(now time.Time, c naming.ClientID) {
	if r := l.registry.Record(c); r != nil {
		for _, p := range r.Publications() {
			l.count(now, c, p)
		}
	}
}

// lostTogether counts what is given up at once before any of it goes: all of it
// is held then, or nothing, and on every member the same.
func (l *Loop) lostTogether(now time.Time, actions []distro.Action) {
	for _, a := range actions {
		if e, expires := a.(distro.Expire); expires {
			l.lost(now, e.Client)
		}
	}
}

// count notes that what c publishes as p is lost.
func (l *Loop) count(now time.Time, c naming.ClientID, p naming.Publication) {
	if n := l.seen(c, p); n > 0 {
		l.departures.some = true
		l.departures.brake.Lose(now, p.Service, n, func() int { return l.healthy(now, p.Service) })
	}
}

// brakedServices counts the services in which the brake holds something.
func (l *Loop) brakedServices() int {
	services := map[naming.ServiceKey]struct{}{}
	for c, h := range l.departures.holds {
		if !h.braked {
			continue
		}
		for _, p := range l.registry.Record(c).Publications() {
			services[p.Service] = struct{}{}
		}
	}
	return len(services)
}

// givenUp reports whether r is only listed for a while yet.
func (l *Loop) givenUp(r *naming.Record) bool {
	if _, held := l.departures.holds[r.Client]; !held { // nearly always, and looking at the engine costs
		return false
	}
	_, known := l.engine.Stamp(r.Client)
	return !known
}

// seen returns how many healthy instances of p vanish with c: those that another
// client has registered after it do not.
func (l *Loop) seen(c naming.ClientID, p naming.Publication) int {
	n := 0
	for _, i := range p.Instances {
		if i.Healthy && l.registry.Heir(c, p.Service, i.Endpoint()) == "" && !l.views.lost(p.Service, c, i.Endpoint()) {
			n++
		}
	}
	return n
}

// healthy counts the healthy instances that s lists.
func (l *Loop) healthy(now time.Time, s naming.ServiceKey) int {
	n := 0
	for _, h := range l.rebuild(now, s).Hosts {
		if h.Healthy {
			n++
		}
	}
	return n
}

// withHealth returns p with the health of all its instances changed.
func withHealth(p naming.Publication, healthy bool) naming.Publication {
	p.Instances = slices.Clone(p.Instances)
	for i := range p.Instances {
		p.Instances[i].Healthy = healthy
	}
	return p
}
