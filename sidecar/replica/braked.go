package replica

import (
	"slices"
	"time"

	"github.com/distro-naming/naming-operator/sidecar/naming"
)

// lose ends a client that was lost: its connection broke, or nobody confirms it.
// What the brake holds of it is listed as unhealthy for a while, the rest goes
// at once. An own client is rewritten, so that peers list the same; of another
// member's client each decides by the same rule.
func (l *Loop) lose(now time.Time, c naming.ClientID, why naming.Cause, own bool) {
	r := l.registry.Record(c)
	var kept []naming.Publication
	if r != nil {
		kept = l.braked(now, r)
	}
	if len(kept) == 0 {
		l.end(now, c, why, own)
		return
	}
	store := l.put
	stamp := func() naming.Stamp { return r.Stamp }
	if own {
		store, stamp = l.write, func() naming.Stamp { return l.issue(now) }
	}
	if len(kept) < len(r.Publications) {
		for _, p := range r.Publications {
			if !slices.ContainsFunc(kept, func(k naming.Publication) bool { return k.Service == p.Service }) {
				r = r.Without(p.Service, stamp())
			}
		}
		store(now, r, why)
	}
	count := 0
	for _, p := range kept {
		r = r.Amended(p, stamp())
		count += len(p.Instances)
	}
	why.Kind, why.Reason = naming.CauseBraked, string(why.Kind)
	store(now, r, why)
	l.hold(c, hold{until: now.Add(l.cfg.Brake.Hold), why: naming.Cause{
		Kind: naming.CauseExpired, Client: c, Reason: "braked for " + l.cfg.Brake.Hold.String(),
	}, own: own, braked: true})
	l.observer.Braked(count)
}

// braked returns what the brake holds of r, as unhealthy.
func (l *Loop) braked(now time.Time, r *naming.Record) []naming.Publication {
	var kept []naming.Publication
	for _, p := range r.Publications {
		if l.brakes(now, r.Client, p) {
			kept = append(kept, withHealth(p, false))
		}
	}
	return kept
}

// brakes counts the loss of what c publishes as p, and reports whether the brake
// holds it.
func (l *Loop) brakes(now time.Time, c naming.ClientID, p naming.Publication) bool {
	n := l.seen(c, p)
	if n == 0 {
		return false
	}
	l.departures.some = true
	return l.departures.brake.Lose(now, p.Service, n, func() int { return l.healthy(now, p.Service) })
}

// lostElsewhere counts what a peer says is gone: it may be part of an event that
// this member sees another part of.
func (l *Loop) lostElsewhere(now time.Time, c naming.ClientID) {
	if r := l.registry.Record(c); r != nil {
		for _, p := range r.Publications {
			l.brakes(now, c, p)
		}
	}
}

// givenUp reports whether r is only listed for a while yet.
func (l *Loop) givenUp(r *naming.Record) bool {
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
