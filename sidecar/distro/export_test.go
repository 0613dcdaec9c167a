package distro

import (
	"slices"
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
	{"gives up its own clients", "immunity", 0, func(e *Engine) {
		for _, r := range slices.Collect(e.own.all()) {
			if e.now.Sub(e.origin.at(r.since)) > e.cfg.Lease {
				e.giveUp(r, LeaseEnded)
			}
		}
	}},
	{"forgets versions, as Java does", "monotonic", 0, func(e *Engine) {
		for _, r := range e.records {
			if !e.owns(r) {
				r.version = 0
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
			if !r.client.Beats() && !e.owns(r) {
				e.place(r, &e.own)
			}
		}
	}},
	{"forgets what it owns", "one owner", 0, func(e *Engine) {
		for _, r := range slices.Collect(e.own.all()) {
			e.lease(r)
		}
	}},
	{"counts a record twice", "same as the model", 0, func(e *Engine) {
		for r := range e.own.all() {
			e.digest = e.digest.Plus(fingerprint(r.client, r.revision))
			return
		}
	}},
	{"shows a digest that is not its own", "same as the model", 0, func(e *Engine) {
		e.own.root = e.own.root.Plus(Digest{0, 1})
	}},
	{"mistakes a version", "same as the model", 0, func(e *Engine) {
		for _, r := range e.records {
			if !e.owns(r) {
				r.version = 1
			}
		}
	}},
	{"has no bound on flights", "bounded", 0, func(e *Engine) {
		for _, l := range e.outbox.lanes {
			l.limit = 1000
		}
	}},
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
	{"gives up everything at once", "restraint", 6, func(e *Engine) {
		for _, o := range e.leases.lessors {
			o.restraint = restraint{}
		}
		e.Advance(e.now)
	}},
	{"gives up in a partition", "brake", 0, func(e *Engine) { e.leases.braked, e.leases.calm = false, time.Time{} }},
	{"tells nobody of changes", "complete", 0, func(e *Engine) {
		for r := range e.own.all() {
			e.outbox.forget(e.peers, r.client)
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
	{"never says which clients differ", "complete", 0, func(e *Engine) {
		e.actions = slices.DeleteFunc(e.actions, func(a Action) bool {
			d, ok := a.(Detail)
			if ok {
				e.rounds[d.To].flying = false
			}
			return ok
		})
	}},
	{"claims every client that beats", "agreement", 4, func(e *Engine) {
		e.ring = []member.Address{e.self}
		e.assignAll()
	}},
	{"tells an end only once", "no zombies", 30, func(e *Engine) {
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
			o.restarted, o.learnt, o.since = time.Time{}, e.now, e.now
		}
	}},
	{"takes every digest for equal", "no zombies", 4, func(e *Engine) {
		for _, o := range e.leases.lessors {
			if e.streams[o.address] && o.said.at != 0 {
				o.confirmed = e.instant()
			}
		}
	}},
	{"confirms the buckets that differ", "no zombies", 4, func(e *Engine) {
		for _, o := range e.leases.lessors {
			for i := range o.parts {
				o.parts[i].confirmed = max(o.parts[i].confirmed, o.said.at)
			}
			o.stale = true
		}
	}},
	{"renews a lease after its owner restarted", "no zombies", 0, func(e *Engine) {
		for _, o := range e.leases.lessors {
			if !o.restarted.IsZero() {
				o.confirmed = e.instant()
			}
		}
	}},
	{"repairs what is not broken", "quiet", 0, func(e *Engine) {
		for p, r := range e.rounds {
			for own := range e.own.all() {
				if r.flying && e.reachable[p] {
					e.outbox.hurry(e.now, p, own.client)
				}
			}
		}
		e.Advance(e.now)
	}},
}
