package distro

import (
	"time"

	"github.com/distro-naming/naming-operator/sidecar/member"
)

// loading is the start of a member: it asks every peer for all it knows.
//
// It is done when every listed peer has answered, also one that is itself still
// loading and gives what it has: members that boot together would otherwise
// wait for each other. A peer that does not answer is waited for until the
// deadline, and asked even later, when it comes within reach.
type loading struct {
	done     bool
	deadline time.Time // zero until there is a peer to ask
	asked    map[member.Address]*question
}

// question is what one peer is asked.
type question struct {
	due      time.Time
	flying   bool
	answered bool
}

// Loaded reports whether the registry is as complete as the peers within reach
// could make it. It never becomes false again.
func (e *Engine) Loaded() bool { return e.loading.done }

// members notes whom to ask. An empty list says nothing: it has not been read.
// A peer that joins after the load needs no question: it verifies what it owns.
func (l *loading) members(now time.Time, listed int, peers []member.Address, timeout time.Duration) {
	if l.done || listed == 0 {
		return
	}
	if l.deadline.IsZero() && len(peers) > 0 {
		l.deadline = now.Add(timeout)
	}
	for _, p := range peers {
		if l.asked[p] == nil {
			l.asked[p] = &question{due: now}
		}
	}
	l.conclude(now)
}

// conclude ends the load if nothing more is to be waited for.
func (l *loading) conclude(now time.Time) {
	late := !l.deadline.IsZero() && !now.Before(l.deadline)
	for _, q := range l.asked {
		if !q.answered && !late {
			return
		}
	}
	l.done = true
}

// ask puts the questions that are due to the peers within reach.
func (e *Engine) ask() {
	if !e.loading.done && !e.loading.deadline.IsZero() {
		e.loading.conclude(e.now)
	}
	for _, p := range e.peers {
		if q := e.question(p); q != nil && !q.due.After(e.now) {
			q.flying = true
			e.emit(Load{Ticket: e.issue(errand{kind: load, peer: p}), From: p})
		}
	}
}

// question returns what can be asked of p, or nil.
func (e *Engine) question(p member.Address) *question {
	q := e.loading.asked[p]
	if q == nil || q.answered || q.flying || !e.reachable[p] {
		return nil
	}
	return q
}

// answered notes the end of a question. A partial answer is one too: what is
// missing in it, its owners verify.
func (e *Engine) answered(p member.Address, r Result) {
	q := e.loading.asked[p]
	q.flying, q.answered = false, r.Err == nil
	q.due = e.now.Add(e.cfg.LoadRetry)
	if !e.loading.done {
		e.loading.conclude(e.now)
	}
}

func (e *Engine) nextQuestion(first *earliest) {
	if l := &e.loading; !l.done && !l.deadline.IsZero() {
		first.add(l.deadline)
	}
	for _, p := range e.peers {
		if q := e.question(p); q != nil {
			first.add(q.due)
		}
	}
}
