package distro

import (
	"maps"
	"slices"
	"time"

	"github.com/distro-naming/naming-operator/sidecar/member"
	"github.com/distro-naming/naming-operator/sidecar/naming"
)

// Members notes who is in the cluster and what is believed about them. When it
// returns, nothing is planned for a member that is not listed. The first view
// with a list starts the load.
func (e *Engine) Members(now time.Time, v member.View) {
	e.at(now)
	left := slices.DeleteFunc(e.peers, v.List.Contains)
	before := e.reachable
	e.view, e.peers = v, v.List.Without(e.self)
	e.reachable = map[member.Address]bool{}
	for _, p := range v.Reachable() {
		e.reachable[p] = true
	}
	for _, p := range left {
		e.part(p)
	}
	e.loading.members(e.now, v.List.Len(), e.peers, e.cfg)
	if v.List.Len() > 0 {
		e.conclude()
	}
	for _, p := range e.peers {
		e.meet(p, e.reachable[p] && !before[p])
		if before[p] && !e.reachable[p] {
			e.loading.lost(e.now, p)
		}
	}
	e.leases.members(e.now, v, len(e.peers), len(e.reachable))
	if ring := v.Ring(); !slices.Equal(ring, e.ring) {
		e.ring = ring
		e.assignAll()
	}
}

// Incarnation notes the incarnation of a peer, the Unix milliseconds of its
// start, and reports whether it is the latest known. When it rises, what the peer
// owned before has ended, except clients that beat, which outlive their owner. So
// have connections that are older than the incarnation, wherever they were heard
// of. What an earlier incarnation says must not be handed in.
func (e *Engine) Incarnation(now time.Time, peer member.Address, epoch int64) bool {
	e.at(now)
	return e.leases.begins(e.now, peer, epoch)
}

// Restarted notes that a peer was seen to start which, as a Java server, tells no
// incarnation: of its connections only those have not ended that it confirms
// from now on.
func (e *Engine) Restarted(now time.Time, peer member.Address) {
	e.at(now)
	e.leases.anew(e.now, peer)
}

// part forgets everything that was under way to a member that left.
func (e *Engine) part(p member.Address) {
	e.outbox.leave(p)
	delete(e.rounds, p)
	e.loading.part(e.now, p)
	delete(e.leases.lives, p)
	maps.DeleteFunc(e.errands, func(_ Ticket, job errand) bool { return job.peer == p })
}

// meet makes a peer known. One that has just come within reach is told at once
// whatever waited for it and asked if it still owes an answer; it is verified
// soon, but not before it had time to load what would else be sent to it twice.
func (e *Engine) meet(p member.Address, within bool) {
	e.outbox.join(p, e.limit(p))
	if e.rounds[p] == nil {
		e.rounds[p] = &round{due: e.now}
	}
	if !within {
		return
	}
	e.outbox.wake(e.now, p)
	e.rounds[p].due = e.now.Add(e.jitter(e.cfg.VerifyInterval / 2))
	if q := e.loading.asked[p]; q != nil {
		q.due = e.now
		if !e.streams[p] {
			q.due = e.now.Add(e.cfg.StreamWait)
		}
	}
}

// assignAll lets a changed ring decide anew about every client that beats.
func (e *Engine) assignAll() {
	var beating []naming.ClientID
	for c := range e.records {
		if c.Beats() {
			beating = append(beating, c)
		}
	}
	slices.Sort(beating)
	for _, c := range beating {
		r := e.records[c]
		switch mine := e.mine(c); {
		case mine && !e.owns(r):
			e.adopt(r)
		case !mine && e.owns(r):
			e.lease(r)
			e.emit(Yield{Client: c})
		case !mine:
			e.lease(r) // a new owner gets a full one
		}
	}
}

// adopt makes r owned here and tells the shell.
func (e *Engine) adopt(r *record) {
	e.place(r, &e.own)
	e.emit(Adopt{Client: r.client})
}
