package distro

import (
	"cmp"
	"slices"
	"time"

	"github.com/distro-naming/naming-operator/sidecar/member"
	"github.com/distro-naming/naming-operator/sidecar/naming"
)

// lessor is a member that owns records held here, and what their leases depend
// on. Every deadline rises with the time of confirmation, so the first of a chain
// is always the first of it to end.
type lessor struct {
	share
	said    reply
	address member.Address
	stands  standing
	since   time.Time // of stands

	incarnation
	restarted time.Time // a new incarnation was seen last; zero if never
	spoke     time.Time // it confirmed something last; zero if never
	streak    time.Time // since when it has done so without a long pause

	restraint restraint
}

// incarnation is one life of a member.
type incarnation struct {
	epoch  int64     // Unix milliseconds of its start by its own clock; 0 while unknown, as that of a Java server is
	learnt time.Time // when it was heard of here
}

// standing is what is known of a lessor.
type standing int

const (
	unknown standing = iota // nothing: no list yet, or a record that names no owner
	gone                    // not in the list, or an earlier incarnation of this member
	down
	silent // out of reach
	alive
)

// leases holds the lessors and what may delay every end.
type leases struct {
	self    member.Address
	cfg     Config
	view    member.View
	lessors []*lessor // in order of address
	lives   map[member.Address]incarnation

	braked  bool      // more than half of the peers are out of reach
	loading bool      // this member is: nobody confirms anything
	calm    time.Time // until then nothing ends except of owners that are gone
}

func newLeases(self member.Address, cfg Config) leases {
	return leases{self: self, cfg: cfg, loading: true, lives: map[member.Address]incarnation{}}
}

// of returns the lessor with that address, new if need be.
func (l *leases) of(a member.Address, now time.Time) *lessor {
	i, found := l.search(a)
	if !found {
		o := &lessor{address: a, stands: l.standing(a), since: now, incarnation: l.lives[a]}
		o.lessor = o
		l.lessors = slices.Insert(l.lessors, i, o)
	}
	return l.lessors[i]
}

// find returns the lessor with that address, or nil.
func (l *leases) find(a member.Address) *lessor {
	if i, found := l.search(a); found {
		return l.lessors[i]
	}
	return nil
}

// known returns a, as the string that is kept already if there is one: a million
// records name a few members.
func (l *leases) known(a member.Address) member.Address {
	if a == l.self {
		return l.self
	}
	if o := l.find(a); o != nil {
		return o.address
	}
	return a
}

func (l *leases) search(a member.Address) (int, bool) {
	return slices.BinarySearchFunc(l.lessors, a, func(o *lessor, a member.Address) int {
		switch {
		case o.address < a:
			return -1
		case o.address > a:
			return 1
		}
		return 0
	})
}

func (l *leases) standing(a member.Address) standing {
	switch {
	case a == l.self:
		return gone
	case a == "" || l.view.List.Len() == 0:
		return unknown
	case !l.view.List.Contains(a):
		return gone
	}
	switch l.view.State(a) {
	case member.Up, member.Draining:
		return alive
	case member.Down:
		return down
	default:
		return silent
	}
}

// members applies a new view: owners that came back are given time, and so is
// everybody once a partition ends.
func (l *leases) members(now time.Time, v member.View, peers, reachable int) {
	l.view = v
	for _, o := range l.lessors {
		if s := l.standing(o.address); s != o.stands {
			o.stands, o.since = s, now
		}
	}
	l.lessors = slices.DeleteFunc(l.lessors, func(o *lessor) bool {
		return o.stands == gone && o.count == 0
	})
	braked := 2*(peers-reachable) > peers
	if l.braked && !braked {
		l.calm = later(l.calm, now.Add(l.cfg.settle()))
	}
	l.braked = braked
}

// begins notes an incarnation of a member, and reports whether none later is
// known. What it has begun without ends, as the package comment says.
func (l *leases) begins(now time.Time, a member.Address, epoch int64) bool {
	before := l.lives[a]
	if epoch <= before.epoch {
		return epoch == before.epoch
	}
	l.lives[a] = incarnation{epoch, now}
	o := l.find(a)
	if o == nil {
		return true
	}
	o.incarnation = l.lives[a]
	o.sort()
	if before.epoch != 0 {
		o.anew(now)
	}
	return true
}

// anew notes that a runs anew: what it does not confirm has ended with the one
// before.
func (l *leases) anew(now time.Time, a member.Address) {
	if o := l.find(a); o != nil {
		o.anew(now)
	}
}

func (o *lessor) anew(now time.Time) {
	o.restarted, o.spoke, o.streak = now, time.Time{}, time.Time{}
}

// spoke notes that a confirmed records. After a long pause its streak begins
// anew: it cannot confirm everything at once, and must not seem to omit what it
// has not come to yet.
func (l *leases) spoke(now time.Time, a member.Address) {
	o := l.find(a)
	if o == nil {
		return
	}
	if now.Sub(o.spoke) > 3*l.cfg.VerifyInterval {
		o.streak = now
	}
	o.spoke = now
}

// deadline returns when a record of o that was last confirmed then is given up,
// and why. It is false while it must not be.
func (l *leases) deadline(o *lessor, k kind, confirmed time.Time) (time.Time, Reason, bool) {
	at, reason := o.ends(k, confirmed, l.cfg)
	if reason == OwnerGone {
		return at, reason, true
	}
	return later(at, l.calm), reason, !l.braked && !l.loading
}

// ends applies the rules of the package comment to one record. A client that
// beats outlives its owner: the ring finds it another.
func (o *lessor) ends(k kind, confirmed time.Time, cfg Config) (time.Time, Reason) {
	if k != beating {
		switch {
		case o.stands == gone:
			return later(confirmed, o.since).Add(cfg.Grace), OwnerGone
		case k != fresh && !o.restarted.IsZero() && !confirmed.After(o.restarted):
			return o.restarted.Add(cfg.Grace), OwnerGone
		case k == relic:
			return later(confirmed, o.learnt).Add(cfg.Grace), OwnerGone
		case o.stands == down:
			return later(confirmed, o.since).Add(cfg.Down), OwnerDown
		}
	}
	if o.stands != alive {
		return confirmed.Add(cfg.Lease), LeaseEnded
	}
	at, reason := confirmed.Add(cfg.Lease), LeaseEnded
	heard := later(confirmed, o.streak)
	if o.spoke.Sub(heard) >= cfg.Missing/2 {
		at, reason = heard.Add(cfg.Missing), OwnerForgets
	}
	return later(at, o.since.Add(cfg.settle())), reason
}

// age tells from the time at which a connection was opened which incarnation of
// the lessor it is of. A relic came by hearsay: the lessor itself would not
// confirm it.
func (o *lessor) age(c naming.ClientID) kind {
	opened, dated := c.Opened()
	switch {
	case !dated || o.epoch == 0:
		return connection
	case opened < o.epoch:
		return relic
	default:
		return fresh
	}
}

// sort finds out anew which connections are of the present incarnation. Chains
// stay in order.
func (o *lessor) sort() {
	byTime := func(a, b *record) int { return cmp.Compare(a.since, b.since) }
	for _, r := range slices.SortedStableFunc(o.all(), byTime) {
		o.unlink(r)
		r.kind = o.kindOf(r.client)
		o.push(r)
	}
}

// lease begins r's lease, with the member that owns it now. A lease that it has
// with that member already goes on.
func (e *Engine) lease(r *record) {
	o := e.leases.of(e.lessorOf(r), e.now)
	if r.share != &o.share {
		e.place(r, &o.share)
	}
}

// renew begins r's lease anew if it has one.
func (e *Engine) renew(r *record) {
	if e.owns(r) {
		return
	}
	e.lease(r)
	r.share.renew(r, e.instant())
}

// lessorOf returns the member that should confirm r: the one that the ring
// names, or the one that holds the connection.
func (e *Engine) lessorOf(r *record) member.Address {
	if !r.client.Beats() {
		return r.owner
	}
	owner, _ := RingOwner(e.ring, r.client)
	return owner
}

// expire gives up the records whose leases have ended.
func (e *Engine) expire() {
	for _, o := range e.leases.lessors {
		for k := range kind(kinds) {
			if at, may := e.firstEnd(o, k); may && !at.After(e.now) {
				e.expireOf(o, k)
			}
		}
	}
}

// firstEnd returns when the first lease of a kind ends.
func (e *Engine) firstEnd(o *lessor, k kind) (time.Time, bool) {
	confirmed := o.longest(k)
	if confirmed == 0 {
		return time.Time{}, false
	}
	at, reason, may := e.leases.deadline(o, k, e.origin.at(confirmed))
	if reason != OwnerGone {
		at = o.restraint.from(at)
	}
	return at, may
}

func (e *Engine) expireOf(o *lessor, k kind) {
	for i := range o.parts {
		part := &o.parts[i]
		for r := part.chains[k].first; r != nil; r = part.chains[k].first {
			at, reason, may := e.leases.deadline(o, k, e.origin.at(o.effective(part, r)))
			if !may || at.After(e.now) {
				break
			}
			if reason != OwnerGone && !o.restraint.take(e.now, o.count, e.cfg.VerifyInterval) {
				return
			}
			e.giveUp(r, reason)
		}
	}
}

// giveUp forgets a record. It leaves a tombstone that only its owner can lift.
func (e *Engine) giveUp(r *record, reason Reason) {
	e.remove(r)
	e.outbox.forget(e.peers, r.client)
	e.bury(r.client, tombstone{version: r.version, expired: true})
	e.stats.Expired[reason]++
	e.emit(Expire{Client: r.client, Reason: reason})
}

func (e *Engine) nextExpiry(first *earliest) {
	for _, o := range e.leases.lessors {
		for k := range kind(kinds) {
			if at, may := e.firstEnd(o, k); may {
				first.add(at)
			}
		}
	}
	if at, ok := e.ended.next(e.cfg.Tombstone); ok {
		first.add(at)
	}
}
