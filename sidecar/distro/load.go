package distro

import (
	"maps"
	"slices"
	"time"

	"github.com/distro-naming/naming-operator/sidecar/member"
)

// loading is the start of a member: it asks every peer for all it knows.
//
// It is done when every listed peer has answered, also one that is itself still
// loading and gives what it has: members that boot together would otherwise
// wait for each other. A peer that gives records is waited for as long as it goes
// on to, up to LoadMax; one that is silent for a LoadTimeout no longer, but it is
// asked even later, when it comes within reach.
//
// Peers that stream share the work: each gives what it owns and what nobody else
// is asked to give. So they are asked together, and a peer is given a StreamWait to
// begin to stream before it is asked as one that does not. If one of them then fails, or is
// itself still loading, another is asked for what is known of it there: that is a
// debt, and it is waited for too.
type loading struct {
	done     bool
	began    time.Time // zero until there is a peer to ask
	heard    time.Time // when a record was given last; before, as began
	together time.Time // when peers that stream are asked, if not all do so before
	asked    map[member.Address]*question
	debts    map[member.Address]*debt // by owner
}

// question is what one peer is asked.
type question struct {
	heard    time.Time // when the peer gave a record last; before, as the load's began
	due      time.Time
	flying   bool
	answered bool
	whole    bool             // the peer was loaded itself when it answered
	except   []member.Address // owners that it was told to leave out
}

// debt is an owner that some peers were told to leave out and that did not give
// all it has itself.
type debt struct {
	since  time.Time
	due    time.Time
	flying bool
	donor  member.Address // asked last
}

func newLoading() loading {
	return loading{asked: map[member.Address]*question{}, debts: map[member.Address]*debt{}}
}

// Loaded reports whether the registry is as complete as the peers within reach
// could make it. It never becomes false again.
func (e *Engine) Loaded() bool { return e.loading.done }

// members notes whom to ask. An empty list says nothing: it has not been read.
// A peer that joins after the load needs no question: it verifies what it owns.
func (l *loading) members(now time.Time, listed int, peers []member.Address, cfg Config) {
	if l.done || listed == 0 {
		return
	}
	if l.began.IsZero() && len(peers) > 0 {
		l.began, l.heard, l.together = now, now, now.Add(max(cfg.SyncDelay, cfg.StreamWait))
	}
	for _, p := range peers {
		if l.asked[p] == nil {
			l.asked[p] = &question{heard: l.began, due: now.Add(cfg.StreamWait)}
		}
	}
}

// given notes that a peer gives what it was asked for, or will when it has given to
// others.
func (l *loading) given(now time.Time, from member.Address) {
	if l.done {
		return
	}
	l.heard = now
	if q := l.asked[from]; q != nil {
		q.heard = now
	}
}

// part forgets a member that left, as one that is asked.
func (l *loading) part(now time.Time, p member.Address) {
	l.lost(now, p)
	delete(l.asked, p)
	for _, d := range l.debts {
		if d.flying && d.donor == p {
			d.due, d.flying = now, false
		}
	}
}

// lost notes that a peer left or is out of reach, perhaps before it has answered.
func (l *loading) lost(now time.Time, p member.Address) {
	if q := l.asked[p]; q != nil && !q.answered {
		l.owe(now, p)
	}
}

// owe notes that an owner has not given all that others were told to leave out.
func (l *loading) owe(now time.Time, owner member.Address) {
	if l.debts[owner] != nil {
		return
	}
	for _, q := range l.asked {
		if slices.Contains(q.except, owner) {
			l.debts[owner] = &debt{since: now, due: now}
			return
		}
	}
}

// repay notes that an owner's clients were given, by itself or by another.
func (l *loading) repay(owner member.Address) {
	delete(l.debts, owner)
	for _, q := range l.asked {
		q.except = without(q.except, owner)
	}
}

// ends returns when nothing more is waited for if nobody answers before. A debt is
// waited for while anybody gives: who could pay it may be busy with that.
func (l *loading) ends(cfg Config) time.Time {
	last := l.began
	for _, q := range l.asked {
		if !q.answered {
			last = later(last, q.heard.Add(cfg.LoadTimeout))
		}
	}
	for _, d := range l.debts {
		last = later(last, later(d.since, l.heard).Add(cfg.LoadTimeout))
	}
	if latest := l.began.Add(cfg.LoadMax); last.After(latest) {
		return latest
	}
	return last
}

// conclude ends the load if nothing more is to be waited for. Every owner then has
// time to confirm what it has.
func (e *Engine) conclude() {
	if e.loading.done || e.now.Before(e.loading.ends(e.cfg)) {
		return
	}
	e.loading.done, e.leases.loading = true, false
	e.leases.calm = later(e.leases.calm, e.now.Add(e.cfg.settle()))
}

// ask puts the questions that are due to the peers within reach.
func (e *Engine) ask() {
	l := &e.loading
	if !l.began.IsZero() {
		e.conclude()
	}
	if len(l.asked)+len(l.debts) == 0 {
		return
	}
	sharing := e.sharing()
	for _, p := range e.peers {
		q, at := e.question(p)
		if q == nil || at.After(e.now) {
			continue
		}
		q.flying, q.except = true, nil
		if e.streams[p] {
			q.except = without(sharing, p)
		}
		e.emit(Load{Ticket: e.issue(errand{kind: load, peer: p}), From: p, Except: slices.Clone(q.except)})
	}
	for _, owner := range slices.Sorted(maps.Keys(l.debts)) {
		d := l.debts[owner]
		if donor, ok := e.donor(owner); ok && !d.due.After(e.now) {
			d.flying, d.donor = true, donor
			t := e.issue(errand{kind: load, peer: donor, owner: owner})
			e.emit(Load{Ticket: t, From: donor, Except: e.allBut(owner, donor)})
		}
	}
}

// sharing returns the peers that give what they own themselves, so that others
// may leave it out: they have done so, or are asked by now.
func (e *Engine) sharing() []member.Address {
	var out []member.Address
	for _, p := range e.peers {
		q := e.loading.asked[p]
		if q == nil || e.loading.debts[p] != nil {
			continue
		}
		_, at := e.question(p)
		asked := q.flying || !at.IsZero() && !at.After(e.now)
		if q.answered && q.whole || asked && e.streams[p] {
			out = append(out, p)
		}
	}
	return out
}

// question returns what can be asked of p and when, or nil.
func (e *Engine) question(p member.Address) (*question, time.Time) {
	q := e.loading.asked[p]
	if q == nil || q.answered || q.flying || !e.reachable[p] {
		return nil, time.Time{}
	}
	if e.streams[p] && !e.allStream() {
		return q, later(q.due, e.loading.together)
	}
	return q, q.due
}

// allStream reports whether all peers are within reach and stream.
func (e *Engine) allStream() bool {
	return !slices.ContainsFunc(e.peers, func(p member.Address) bool { return !e.reachable[p] || !e.streams[p] })
}

// donor returns the peer to ask for what is known of owner: the next one after
// that which was asked last, if any is within reach and none is being asked.
func (e *Engine) donor(owner member.Address) (member.Address, bool) {
	d := e.loading.debts[owner]
	if d.flying {
		return "", false
	}
	after, _ := slices.BinarySearch(e.peers, d.donor+"\x00")
	for _, p := range append(slices.Clone(e.peers[after:]), e.peers[:after]...) {
		if p != owner && e.reachable[p] {
			return p, true
		}
	}
	return "", false
}

// allBut returns the whole list without owner, if donor understands that.
func (e *Engine) allBut(owner, donor member.Address) []member.Address {
	if !e.streams[donor] {
		return nil
	}
	return without(e.view.List.Addresses(), owner)
}

// without returns a new list that lacks one member.
func without(list []member.Address, m member.Address) []member.Address {
	return slices.DeleteFunc(slices.Clone(list), func(o member.Address) bool { return o == m })
}

// answered notes the end of a question. A partial answer is one too: what is
// missing in it, its owners verify.
func (e *Engine) answered(job errand, r Result) {
	l := &e.loading
	if r.Busy {
		l.given(e.now, job.peer)
	}
	if job.owner != "" {
		e.repaid(job.owner, r)
	} else if q := l.asked[job.peer]; q != nil {
		q.flying, q.answered, q.whole = false, r.Err == nil, r.Err == nil && r.Complete
		q.due = e.now.Add(e.cfg.LoadRetry)
		if q.whole {
			l.repay(job.peer)
		} else {
			l.owe(e.now, job.peer)
		}
	}
	e.conclude()
	l.forget()
}

// forget drops the questions when none will be put again.
func (l *loading) forget() {
	if !l.done || len(l.debts) > 0 {
		return
	}
	for _, q := range l.asked {
		if !q.answered {
			return
		}
	}
	clear(l.asked)
}

// repaid notes what became of the question for a debt.
func (e *Engine) repaid(owner member.Address, r Result) {
	d := e.loading.debts[owner]
	switch {
	case d == nil: // the owner has answered meanwhile
	case r.Err == nil:
		e.loading.repay(owner)
	default:
		d.flying, d.due = false, e.now.Add(e.cfg.LoadRetry)
	}
}

func (e *Engine) nextQuestion(first *earliest) {
	if l := &e.loading; !l.done && !l.began.IsZero() {
		first.add(l.ends(e.cfg))
	}
	if len(e.loading.asked)+len(e.loading.debts) == 0 {
		return
	}
	for _, p := range e.peers {
		if q, at := e.question(p); q != nil {
			first.add(at)
		}
	}
	for owner, d := range e.loading.debts {
		if _, ok := e.donor(owner); ok {
			first.add(d.due)
		}
	}
}
