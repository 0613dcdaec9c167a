package distro

import (
	"time"

	"github.com/distro-naming/naming-operator/sidecar/member"
	"github.com/distro-naming/naming-operator/sidecar/naming"
)

// round is the state of verification towards one peer.
type round struct {
	due    time.Time
	flying bool
	shown  *[Buckets]Digest // of what is owned here, when the peer that streams was last shown their sum
	detail *detail          // what its answer asks for
}

// detail is what a peer that streams has to be shown next.
type detail struct {
	held    Digest
	buckets []uint8
}

// Streams notes that a stream to a peer is up, or is no longer: it then compares
// digests and takes partial loads. The shell must have told it to be up before it
// hands in anything that came over it.
func (e *Engine) Streams(now time.Time, peer member.Address, on bool) {
	e.at(now)
	if on {
		e.streams[peer] = true
		if q := e.loading.asked[peer]; q != nil {
			q.due = earlier(q.due, e.now)
		}
	} else {
		delete(e.streams, peer)
	}
	if e.rounds[peer] != nil {
		e.rounds[peer].detail = nil
		e.outbox.join(peer, e.limit(peer))
	}
}

// limit returns how many deliveries may be under way to p.
func (e *Engine) limit(p member.Address) int {
	if e.streams[p] {
		return e.cfg.MaxInFlightStream
	}
	return e.cfg.MaxInFlight
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
		if !e.reachable[p] || r.flying {
			continue
		}
		switch {
		case r.detail != nil:
			e.show(p, r)
		case e.begins(p, r).After(e.now):
		case e.streams[p]:
			r.due = e.now.Add(e.jitter(e.cfg.VerifyInterval))
			e.summarize(p, r)
		default:
			r.due = e.now.Add(e.jitter(e.cfg.VerifyInterval))
			if e.own.count > 0 {
				r.flying = true
				t := e.issue(errand{kind: verification, peer: p})
				e.emit(Verify{Ticket: t, To: p, Marks: e.ownMarks()})
			}
		}
	}
}

// begins returns when the round towards p may begin. Changes that wait to be sent
// make buckets differ that need no repair, and in a burst all of them: a digest is
// shown when nothing waits, but no more than half a VerifyInterval later than due.
// Then as many buckets are detailed as have changes waiting, and what the peer
// lacks of them is sent, once, as it would have been anyway. What is in flight
// arrives before the digest, unless it is lost: it differs, is detailed, and is
// sent again when its failure is known.
func (e *Engine) begins(p member.Address, r *round) time.Time {
	if e.streams[p] && e.outbox.waits(p) {
		return r.due.Add(e.cfg.VerifyInterval / 2)
	}
	return r.due
}

// summarize shows p the digest of what is owned here.
func (e *Engine) summarize(p member.Address, r *round) {
	r.flying, r.shown = true, e.own.digests()
	e.emit(Summarize{Ticket: e.issue(errand{kind: summary, peer: p}), To: p, Root: e.own.root})
}

// show lists for p what is owned here in the buckets that differ there.
func (e *Engine) show(p member.Address, r *round) {
	d := r.detail
	r.flying, r.detail = true, nil
	var marks []naming.Mark
	for _, bucket := range d.buckets {
		for r := range e.own.of(bucket) {
			marks = append(marks, r.mark())
		}
	}
	t := e.issue(errand{kind: verification, peer: p})
	e.emit(Detail{Ticket: t, To: p, Held: d.held, Buckets: d.buckets, Marks: marks})
}

// summarized takes a peer's answer to a digest. Its buckets are compared with what
// it was shown: what has changed since was sent after it.
func (e *Engine) summarized(p member.Address, res Result) {
	r := e.rounds[p]
	r.flying = false
	if res.Err != nil {
		return
	}
	e.stats.Summaries++
	if res.Buckets == nil {
		return
	}
	e.stats.Differing++
	if !e.streams[p] {
		return
	}
	d := &detail{}
	for i, held := range res.Buckets {
		d.held = d.held.Plus(held)
		if held != r.shown[i] {
			d.buckets = append(d.buckets, uint8(i)) //nolint:gosec // less than 256
		}
	}
	r.detail = d
}

// verified takes a peer's answer to marks: what it lacks it is sent at once.
func (e *Engine) verified(p member.Address, r Result) {
	e.rounds[p].flying = false
	if r.Err != nil {
		return
	}
	e.stats.Different += uint64(len(r.Different))
	for _, c := range r.Different {
		if e.held(c) {
			e.stats.Repaired++
			e.outbox.hurry(e.now, p, c)
		}
	}
}

// held reports whether c is known and owned here.
func (e *Engine) held(c naming.ClientID) bool {
	r := e.records[c]
	return r != nil && e.owns(r)
}

func (e *Engine) nextVerify(first *earliest) {
	if !e.loading.done {
		return
	}
	for _, p := range e.peers {
		r := e.rounds[p]
		switch {
		case !e.reachable[p] || r.flying:
		case r.detail != nil:
			first.add(e.now)
		case e.own.count > 0 || e.streams[p]:
			first.add(e.begins(p, r))
		}
	}
}
