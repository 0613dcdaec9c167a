package distro

import (
	"time"

	"github.com/distro-naming/naming-operator/sidecar/member"
)

// Mutation is an engine that is wrong in one way.
type Mutation struct {
	Name  string // "an engine that …"
	Law   string // of package distrotest, which it breaks
	Seed  uint64 // from which on it is looked for: one at which it shows spares time
	Break func(*Engine)
}

// Mutations break every law that an engine can break. Each is applied whenever
// the engine has advanced, before its actions are carried out; the simulator must
// name the law for every one of them.
var Mutations = []Mutation{
	{"gives its own clients a lease", "immunity", 0, func(e *Engine) {
		for _, r := range e.own {
			if r.lessor == nil {
				e.confirm(r)
			}
		}
	}},
	{"forgets versions, as Java does", "monotonic", 0, func(e *Engine) {
		for _, r := range e.records {
			if !r.own {
				r.Stamp.Version = 0
			}
		}
	}},
	{"forgets when a client ended", "no resurrection", 0, func(e *Engine) {
		for c, t := range e.ended.of {
			t.version = 0
			e.ended.of[c] = t
		}
	}},
	{"owns what another member holds", "one owner", 0, func(e *Engine) {
		for _, r := range e.records {
			if !r.Client.Beats() {
				e.hold(r)
			}
		}
	}},
	{"forgets what it owns", "one owner", 0, func(e *Engine) {
		for _, r := range e.own {
			e.release(r)
		}
	}},
	{"counts a record twice", "same as the model", 0, func(e *Engine) {
		for c, r := range e.records {
			if r.own {
				e.digest = e.digest.plus(digestOf(c, r.Stamp.Revision))
				return
			}
		}
	}},
	{"mistakes a version", "same as the model", 0, func(e *Engine) {
		for _, r := range e.records {
			if !r.own {
				r.Stamp.Version = 1
			}
		}
	}},
	{"has no bound on flights", "bounded", 0, func(e *Engine) { e.outbox.cfg.MaxInFlight = 1000 }},
	{"takes every peer for reachable", "only within reach", 0, func(e *Engine) {
		for _, p := range e.peers {
			e.reachable[p] = true
		}
		e.Advance(e.now)
	}},
	{"leaves undone what is due", "time moves on", 0, func(e *Engine) {
		for _, r := range e.rounds {
			r.due = e.now
		}
	}},
	{"is loaded before anyone answered", "loaded is true", 0, func(e *Engine) { e.loading.done = true }},
	{"is content with the first answer", "loaded is true", 0, func(e *Engine) {
		for _, q := range e.loading.asked {
			if q.answered {
				e.loading.done = true
			}
		}
	}},
	{"gives up too soon", "patience", 0, func(e *Engine) { e.leases.cfg.Lease = e.cfg.VerifyInterval }},
	{"takes silence for death", "patience", 0, func(e *Engine) {
		for _, o := range e.leases.lessors {
			if o.stands == silent {
				o.stands = gone
			}
		}
	}},
	{"gives up in a partition", "brake", 0, func(e *Engine) { e.leases.braked, e.leases.calm = false, time.Time{} }},
	{"tells nobody of changes", "complete", 0, func(e *Engine) {
		for c := range e.own {
			e.outbox.forget(e.peers, c)
		}
		for _, r := range e.rounds {
			r.due = e.now.Add(time.Hour)
		}
	}},
	{"never verifies", "complete", 0, func(e *Engine) {
		for _, r := range e.rounds {
			r.due = e.now.Add(time.Hour)
		}
	}},
	{"claims every client that beats", "agreement", 9, func(e *Engine) { e.ring = []member.Address{e.self} }},
	{"tells an end only once", "no zombies", 27, func(e *Engine) {
		for _, p := range e.peers {
			for c, it := range e.outbox.lanes[p].items {
				if it.drop && it.failures > 0 {
					e.outbox.forget([]member.Address{p}, c)
				}
			}
		}
	}},
	{"never gives anything up", "no zombies", 0, func(e *Engine) {
		e.leases.calm = e.now.Add(time.Hour)
		for _, o := range e.leases.lessors {
			o.restarted, o.epoch, o.since = time.Time{}, 0, e.now
		}
	}},
	{"repairs what is not broken", "quiet", 11, func(e *Engine) {
		for p, r := range e.rounds {
			for c := range e.own {
				if r.flying && e.reachable[p] {
					e.outbox.hurry(e.now, p, c)
				}
			}
		}
	}},
}
