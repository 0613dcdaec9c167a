package distro

import (
	"time"

	"github.com/distro-naming/naming-operator/sidecar/member"
)

// round is the state of verification towards one peer.
type round struct {
	due    time.Time
	flying bool
}

// verify shows each peer within reach whose round is due what is owned here.
// Before the load is complete it does not: what is owned then is not all, and
// peers would take the rest for missing.
func (e *Engine) verify() {
	if !e.loading.done {
		return
	}
	for _, p := range e.peers {
		r := e.rounds[p]
		if !e.reachable[p] || r.flying || r.due.After(e.now) {
			continue
		}
		r.due = e.now.Add(e.jitter(e.cfg.VerifyInterval))
		if len(e.own) == 0 {
			continue
		}
		r.flying = true
		t := e.issue(errand{kind: verification, peer: p})
		e.emit(Verify{Ticket: t, To: p, Marks: e.ownMarks()})
	}
}

// verified takes a peer's answer: what it lacks it is sent at once.
func (e *Engine) verified(p member.Address, r Result) {
	e.rounds[p].flying = false
	if r.Err != nil {
		return
	}
	e.stats.Different += uint64(len(r.Different))
	for _, c := range r.Different {
		if e.own[c] != nil {
			e.stats.Repaired++
			e.outbox.hurry(e.now, p, c)
		}
	}
}

func (e *Engine) nextVerify(first *earliest) {
	if !e.loading.done || len(e.own) == 0 {
		return
	}
	for _, p := range e.peers {
		if r := e.rounds[p]; e.reachable[p] && !r.flying {
			first.add(r.due)
		}
	}
}
