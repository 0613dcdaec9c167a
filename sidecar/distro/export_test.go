package distro

import (
	"slices"
	"time"
)

// Mutations break one law each. The simulator must notice every one of them.
var Mutations = map[string]func(*Engine){
	"forgets when a client ended": func(e *Engine) {
		for c, t := range e.ended.of {
			t.version = 0
			e.ended.of[c] = t
		}
	},
	"forgets what it owns": func(e *Engine) {
		for _, r := range slices.Collect(e.own.all()) {
			e.lease(r)
		}
	},
	"forgets which version it has": func(e *Engine) {
		for _, r := range e.records {
			if !e.owns(r) {
				r.version = 1
			}
		}
	},
	"never gives anything up": func(e *Engine) {
		e.leases.calm = e.now.Add(time.Hour)
		for _, o := range e.leases.lessors {
			o.restarted = time.Time{}
			o.since = e.now
		}
	},
	"gives up in a partition": func(e *Engine) {
		e.leases.braked, e.leases.calm = false, time.Time{}
	},
	"tells nobody": func(e *Engine) {
		for _, p := range e.peers {
			for c := range e.records {
				e.outbox.forget(e.peers, c)
			}
			e.rounds[p].due = e.now.Add(time.Hour)
		}
	},
	"has no bound on flights": func(e *Engine) {
		for _, l := range e.outbox.lanes {
			l.limit = 1000
		}
	},
	"is loaded before anyone answered": func(e *Engine) {
		e.loading.done = true
		clear(e.loading.asked)
	},
	"counts a record twice": func(e *Engine) {
		for r := range e.own.all() {
			e.digest = e.digest.Plus(fingerprint(r.client, r.revision))
			return
		}
	},
	"takes every digest for equal": func(e *Engine) {
		for _, o := range e.leases.lessors {
			if e.streams[o.address] && o.said.at != 0 {
				o.confirmed = e.instant()
			}
		}
	},
	"confirms the buckets that differ": func(e *Engine) {
		for _, o := range e.leases.lessors {
			for i := range o.parts {
				o.parts[i].confirmed = max(o.parts[i].confirmed, o.said.at)
			}
			o.stale = true
		}
	},
	"renews a lease after its owner restarted": func(e *Engine) {
		for _, o := range e.leases.lessors {
			if !o.restarted.IsZero() {
				o.confirmed = e.instant()
			}
		}
	},
	"shows a digest that is not its own": func(e *Engine) { e.own.root = e.own.root.Plus(Digest{0, 1}) },
}
