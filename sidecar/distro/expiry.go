package distro

import (
	"container/list"
	"slices"
	"time"

	"github.com/distro-naming/naming-operator/sidecar/member"
	"github.com/distro-naming/naming-operator/sidecar/naming"
)

// lease is a replica's place in the queue of the member that should confirm it.
type lease struct {
	confirmed time.Time
	lessor    *lessor
	place     *list.Element
}

// lessor is a member that owns records held here, and what their leases depend
// on. Its queues are in order of confirmation, and every deadline rises with
// it, so the front of a queue is always the first to end.
type lessor struct {
	address member.Address
	stands  standing
	since   time.Time // of stands

	epoch     int64     // its incarnation; 0 while unknown, as that of a Java server is
	restarted time.Time // a new incarnation was seen last; zero if never
	spoke     time.Time // it confirmed something last; zero if never
	streak    time.Time // since when it has done so without a long pause

	connections, beats list.List // of *record
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
	epochs  map[member.Address]int64

	braked bool      // more than half of the peers are out of reach
	calm   time.Time // until then nothing ends except of owners that are gone
}

func newLeases(self member.Address, cfg Config) leases {
	return leases{self: self, cfg: cfg, epochs: map[member.Address]int64{}}
}

// of returns the lessor with that address, new if need be.
func (l *leases) of(a member.Address, now time.Time) *lessor {
	i, found := l.search(a)
	if !found {
		l.lessors = slices.Insert(l.lessors, i, &lessor{address: a, stands: l.standing(a), since: now, epoch: l.epochs[a]})
	}
	return l.lessors[i]
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
		return o.stands == gone && o.connections.Len() == 0 && o.beats.Len() == 0
	})
	braked := 2*(peers-reachable) > peers
	if l.braked && !braked {
		l.calm = later(l.calm, now.Add(l.cfg.settle()))
	}
	l.braked = braked
}

func (l *leases) incarnation(now time.Time, a member.Address, epoch int64) {
	known := l.epochs[a]
	if epoch <= known {
		return
	}
	l.epochs[a] = epoch
	i, found := l.search(a)
	if !found {
		return
	}
	o := l.lessors[i]
	o.epoch = epoch
	if known != 0 {
		o.restarted, o.spoke, o.streak = now, time.Time{}, time.Time{}
	}
}

// anew notes that a runs anew: what it does not confirm has ended with the one
// before.
func (l *leases) anew(now time.Time, a member.Address) {
	if i, found := l.search(a); found {
		o := l.lessors[i]
		o.restarted, o.spoke, o.streak = now, time.Time{}, time.Time{}
	}
}

// spoke notes that a confirmed records. After a long pause its streak begins
// anew: it cannot confirm everything at once, and must not seem to omit what it
// has not come to yet.
func (l *leases) spoke(now time.Time, a member.Address) {
	i, found := l.search(a)
	if !found {
		return
	}
	o := l.lessors[i]
	if now.Sub(o.spoke) > 3*l.cfg.VerifyInterval {
		o.streak = now
	}
	o.spoke = now
}

// end takes r's lease away.
func (l *leases) end(r *record) {
	if r.lessor != nil {
		r.lessor.queue(r.Client).Remove(r.place)
	}
	r.lease = lease{}
}

func (o *lessor) queue(c naming.ClientID) *list.List {
	if c.Beats() {
		return &o.beats
	}
	return &o.connections
}

// deadline returns when the record at the front of a queue is given up, and
// why. It is false while it must not be.
func (l *leases) deadline(o *lessor, r *record) (time.Time, Reason, bool) {
	at, reason := o.ends(r, l.cfg)
	if reason == OwnerGone {
		return at, reason, true
	}
	return later(at, l.calm), reason, !l.braked
}

// ends applies the rules of the package comment to one record. A client that
// beats outlives its owner: the ring finds it another.
func (o *lessor) ends(r *record, cfg Config) (time.Time, Reason) {
	if !r.Client.Beats() {
		switch {
		case o.stands == gone:
			return later(r.confirmed, o.since).Add(cfg.Grace), OwnerGone
		case !o.restarted.IsZero() && !r.confirmed.After(o.restarted):
			return o.restarted.Add(cfg.Grace), OwnerGone
		case o.outlived(r):
			return r.confirmed.Add(cfg.Grace), OwnerGone
		case o.stands == down:
			return later(r.confirmed, o.since).Add(cfg.Down), OwnerDown
		}
	}
	if o.stands != alive {
		return r.confirmed.Add(cfg.Lease), LeaseEnded
	}
	at, reason := r.confirmed.Add(cfg.Lease), LeaseEnded
	heard := later(r.confirmed, o.streak)
	if o.spoke.Sub(heard) >= cfg.Missing/2 {
		at, reason = heard.Add(cfg.Missing), OwnerForgets
	}
	return later(at, o.since.Add(cfg.settle())), reason
}

// outlived reports whether r is a connection from before the lessor's present
// incarnation. It came by hearsay: the lessor itself would not confirm it.
func (o *lessor) outlived(r *record) bool {
	opened, ok := r.Client.Opened()
	return ok && opened < o.epoch
}

// confirm begins r's lease anew, with the member that now owns it.
func (e *Engine) confirm(r *record) {
	e.leases.end(r)
	o := e.leases.of(e.lessorOf(r), e.now)
	r.lease = lease{confirmed: e.now, lessor: o, place: o.queue(r.Client).PushBack(r)}
}

// renew begins r's lease anew if it has one.
func (e *Engine) renew(r *record) {
	if !r.own {
		e.confirm(r)
	}
}

// lessorOf returns the member that should confirm r: the one that the ring
// names, or the one that holds the connection.
func (e *Engine) lessorOf(r *record) member.Address {
	if !r.Client.Beats() {
		return r.Stamp.Owner
	}
	owner, _ := RingOwner(e.ring, r.Client)
	return owner
}

// expire gives up the records whose leases have ended. They leave a tombstone
// that only their owner can lift.
func (e *Engine) expire() {
	for _, o := range e.leases.lessors {
		for _, queue := range []*list.List{&o.connections, &o.beats} {
			for queue.Len() > 0 {
				r := queue.Front().Value.(*record)
				at, reason, may := e.leases.deadline(o, r)
				if !may || at.After(e.now) {
					break
				}
				e.remove(r)
				e.outbox.forget(e.peers, r.Client)
				e.bury(r.Client, tombstone{version: r.Stamp.Version, expired: true})
				e.stats.Expired[reason]++
				e.emit(Expire{Client: r.Client, Reason: reason})
			}
		}
	}
}

func (e *Engine) nextExpiry(first *earliest) {
	for _, o := range e.leases.lessors {
		for _, queue := range []*list.List{&o.connections, &o.beats} {
			if queue.Len() == 0 {
				continue
			}
			if at, _, may := e.leases.deadline(o, queue.Front().Value.(*record)); may {
				first.add(at)
			}
		}
	}
	if at, ok := e.ended.next(e.cfg.Tombstone); ok {
		first.add(at)
	}
}
