package replica

import (
	"context"
	"iter"
	"slices"
	"time"

	"github.com/distro-naming/naming-operator/sidecar/naming"
)

// beatScan is how often the beats of own HTTP clients are judged. Nacos judges
// every 5 s; timeouts are 15 s and 30 s.
const beatScan = time.Second

// beatTable remembers when the HTTP clients that this member owns were last
// heard of, per service.
type beatTable struct {
	last map[naming.ClientID]map[naming.ServiceKey]time.Time
	scan time.Time
}

func newBeatTable() *beatTable {
	return &beatTable{last: map[naming.ClientID]map[naming.ServiceKey]time.Time{}}
}

func (b *beatTable) heard(now time.Time, c naming.ClientID, s naming.ServiceKey) {
	if b.last[c] == nil {
		b.last[c] = map[naming.ServiceKey]time.Time{}
	}
	b.last[c][s] = now
}

// pausedFor is how late the judgement must come for this member to have been
// stopped: it then heard no beats, whoever sent them.
const pausedFor = 4 * beatScan

// pardon counts no silence for the time in which nothing was heard at all.
func (b *beatTable) pardon(now time.Time, paused time.Duration) {
	for _, services := range b.last {
		for s, last := range services {
			if services[s] = last.Add(paused); services[s].After(now) {
				services[s] = now
			}
		}
	}
}

func (b *beatTable) next() (time.Time, bool) {
	return b.scan.Add(beatScan), len(b.last) > 0
}

// Beat renews what the HTTP client c publishes in s. It reports false when
// nothing is published there, and the client must then register.
func (l *Loop) Beat(ctx context.Context, c naming.ClientID, s naming.ServiceKey) (bool, error) {
	known := false
	err := l.call(ctx, func(now time.Time) error {
		r := l.registry.Record(c)
		if r == nil {
			return nil
		}
		p := r.Find(s)
		if p == nil || len(p.Instances) == 0 {
			return nil
		}
		known = true
		if l.engine.Owns(c) {
			l.beats.heard(now, c, s)
		}
		if !p.Instances[0].Healthy {
			l.write(now, r.Amended(withHealth(*p, true), l.issue(now)), naming.Cause{Client: c})
		}
		return nil
	})
	return known, err
}

// expireBeats marks own HTTP instances unhealthy or removes them, as their
// silence demands.
func (l *Loop) expireBeats(now time.Time) {
	due, some := l.beats.next()
	if !some || now.Before(due) {
		return
	}
	if late := now.Sub(due); late > pausedFor {
		l.beats.pardon(now, late)
	}
	l.beats.scan = now
	for _, c := range slices.Sorted(l.silent(now)) {
		for s, last := range l.beats.last[c] {
			l.judge(now, c, s, now.Sub(last))
		}
	}
}

// silent returns the clients with something to judge: few of many.
func (l *Loop) silent(now time.Time) iter.Seq[naming.ClientID] {
	return func(yield func(naming.ClientID) bool) {
		for c, services := range l.beats.last {
			r := l.registry.Record(c)
			for s, last := range services {
				if r.Alive(s, now.Sub(last)) && !l.settings.Overridden(s) { // what is said of it may have other times
					continue
				}
				if !yield(c) {
					return
				}
				break
			}
		}
	}
}

func (l *Loop) judge(now time.Time, c naming.ClientID, s naming.ServiceKey, silence time.Duration) {
	r := l.registry.Record(c)
	if r == nil || r.Find(s) == nil || len(r.Find(s).Instances) == 0 {
		l.silence(c, s)
		return
	}
	p := *r.Find(s)
	_, held := l.departures.holds[c]
	switch naming.LivenessOf(l.overridden(s, p.Instances[0]), silence) {
	case naming.Lost:
		if !held {
			l.withdraw(now, c, s, naming.Cause{Kind: naming.CauseExpired, Client: c, Reason: "no beats"})
		}
	case naming.Unhealthy:
		if p.Instances[0].Healthy {
			l.fade(now, r, p)
		}
	case naming.Alive:
	}
}

// fade lists an instance without beats as unhealthy, and for longer than its own
// time if the brake holds it.
func (l *Loop) fade(now time.Time, r *naming.Record, p naming.Publication) {
	l.count(now, r.Client, p)
	why, braked := naming.Cause{Client: r.Client}, l.departures.brake.Holds(p.Service)
	if braked {
		why.Kind, why.Reason = naming.CauseBraked, "no beats"
	}
	l.write(now, r.Amended(withHealth(p, false), l.issue(now)), why)
	if braked {
		l.hold(r.Client, hold{until: now.Add(l.cfg.Brake.Hold), own: true, braked: true})
		l.observer.Braked(len(p.Instances))
	}
}

// silence forgets the beats of c in s.
func (l *Loop) silence(c naming.ClientID, s naming.ServiceKey) {
	delete(l.beats.last[c], s)
	if len(l.beats.last[c]) == 0 {
		delete(l.beats.last, c)
	}
}
