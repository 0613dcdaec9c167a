package replica

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/distro-naming/naming-operator/sidecar/member"
	"github.com/distro-naming/naming-operator/sidecar/naming"
)

// departedScan is how often it is looked at whose time is over.
const departedScan = time.Second

// overlap is how long a record stays after it was replaced. Peers learn of the
// end from this member and of what replaces it from another one, so that is
// given time to come first: the end alone would be seen as a gap.
const overlap = 2 * time.Second

// departures are the connections that have ended, or are about to since their
// member leaves or has died, while what they published is still listed. The
// registry lets whoever registers an endpoint of theirs replace them for good.
//
// The state of the members is known to all, and so is who registered what: all
// of them list the same.
type departures struct {
	members map[member.Address]struct{} // that leave, left or are dead: their connections have departed
	epochs  map[member.Address]int64    // incarnations: older connections have departed
	holds   map[naming.ClientID]hold    // those that end here by time
	brake   *naming.Brake
	scan    time.Time
	some    bool // there is something to look at
	fresh   bool // somebody has departed whose heirs are still to be found
}

// hold keeps what a client published listed for a while.
type hold struct {
	until  time.Time
	why    naming.Cause // of its end; without a kind its beats decide that
	own    bool         // of this member, which tells the others
	since  time.Time    // all of it is replaced; zero: it is not
	braked bool         // listed as unhealthy: too much was lost at once
}

func newDepartures(cfg naming.BrakeConfig) departures {
	return departures{
		members: map[member.Address]struct{}{}, epochs: map[member.Address]int64{},
		holds: map[naming.ClientID]hold{}, brake: naming.NewBrake(cfg),
	}
}

func (d *departures) next() (time.Time, bool) { return d.scan.Add(departedScan), d.some }

// Depart ends the connection c of this member, which is leaving. What c
// published stays listed until it is registered anew elsewhere, but not longer
// than HandOver.
func (l *Loop) Depart(ctx context.Context, c naming.ClientID) error {
	return l.call(ctx, func(now time.Time) error {
		delete(l.connected, c)
		why := naming.Cause{Kind: naming.CauseConnection, Client: c, Reason: "not back since this member leaves"}
		l.hold(c, hold{until: now.Add(l.cfg.HandOver), why: why, own: true})
		return nil
	})
}

func (l *Loop) hold(c naming.ClientID, h hold) {
	if l.registry.Record(c) != nil {
		l.departures.holds[c] = h
		l.departs(c)
	}
}

func (l *Loop) departs(c naming.ClientID) {
	l.departures.some = true
	if !l.registry.Departed(c) {
		l.registry.Depart(c)
		l.departures.fresh = true
	}
}

// findHeirs looks once for all who have departed since it last did.
func (l *Loop) findHeirs() {
	if l.departures.fresh {
		l.registry.FindHeirs()
		l.departures.fresh = false
	}
}

// membersDepart takes note of who leaves, has left or is dead.
func (l *Loop) membersDepart(before, now member.View) {
	d := &l.departures
	var departed []member.Address
	for _, a := range append(before.List.Addresses(), now.List.Addresses()...) {
		s := now.State(a)
		_, known := d.members[a]
		switch departing := !now.List.Contains(a) || s == member.Draining || s == member.Down; {
		case departing && !known:
			d.members[a] = struct{}{}
			departed = append(departed, a)
		case !departing:
			delete(d.members, a)
		}
	}
	if len(departed) > 0 {
		l.departAll(departed...)
	}
}

// departAll looks for connections that have departed with their member, one of
// those given, and for who has replaced them already.
func (l *Loop) departAll(members ...member.Address) {
	for r := range l.registry.All() {
		if (r.Stamp.Owner == "" || slices.Contains(members, r.Stamp.Owner)) && l.orphaned(r) {
			l.departs(r.Client)
		}
	}
	l.findHeirs()
}

// orphaned reports whether r is of a connection whose member leaves or is dead,
// or has been started again since.
func (l *Loop) orphaned(r *naming.Record) bool {
	if r.Client.Beats() {
		return false // it outlives any member
	}
	owner := r.Stamp.Owner
	if owner == "" { // it may have been learnt since
		held, _ := l.engine.Stamp(r.Client)
		owner = held.Owner
	}
	if _, departing := l.departures.members[owner]; departing {
		return true
	}
	if owner == l.cfg.Self {
		return !l.engine.Owns(r.Client) // it was held here before a restart
	}
	epoch := l.departures.epochs[owner]
	if epoch == 0 {
		return false
	}
	opened, told := r.Client.Opened()
	return told && opened < epoch
}

// stored notes that a record was stored: its client is no longer held, and has
// departed if its member has.
func (l *Loop) stored(r *naming.Record) {
	delete(l.departures.holds, r.Client)
	if l.orphaned(r) {
		l.departs(r.Client)
	}
}

// replaced returns who registered anew what c published, or "" unless all of it
// was.
func (l *Loop) replaced(c naming.ClientID) (by naming.ClientID) {
	for _, p := range l.registry.Record(c).Publications() {
		for _, i := range p.Instances {
			if by = l.registry.Heir(c, p.Service, i.Endpoint()); by == "" {
				return ""
			}
		}
	}
	return by
}

// remaining returns r without what others took over from its client, if that has
// departed. Who loads it could not know of them when they have withdrawn since,
// and would list it.
//
// It is then older than what the owner wrote, by the least there is: if the owner
// is alive after all it finds that when it verifies, and sends the whole. Of a
// record without a version nothing can be older. The revision stays, so members
// agree.
func (l *Loop) remaining(r *naming.Record) *naming.Record {
	if r.Stamp.Version <= 1 || !l.registry.Departed(r.Client) {
		return r
	}
	var left []naming.Publication
	taken := false
	for _, p := range r.Publications() {
		had := len(p.Instances)
		p.Instances = slices.DeleteFunc(p.Instances, func(i naming.Instance) bool {
			return l.registry.Heir(r.Client, p.Service, i.Endpoint()) != ""
		})
		taken = taken || len(p.Instances) < had
		if len(p.Instances) > 0 {
			left = append(left, p)
		}
	}
	if !taken {
		return r
	}
	stamp := r.Stamp
	stamp.Version--
	return naming.Normal(r.Client, stamp, left)
}

// judgeHold ends a hold when its time is over, or when all of it was replaced:
// nobody sees that, as the others' is listed already.
func (l *Loop) judgeHold(now time.Time, c naming.ClientID) {
	h := l.departures.holds[c]
	by := l.replaced(c)
	switch {
	case by == "" && now.Before(h.until):
		h.since = time.Time{}
		l.departures.holds[c] = h
	case by == "" && h.why.Kind == "":
		delete(l.departures.holds, c)
	case by == "":
		l.end(now, c, h.why, h.own)
	case h.since.IsZero():
		h.since = now
		l.departures.holds[c] = h
	case now.Sub(h.since) >= overlap:
		l.end(now, c, naming.Cause{Kind: naming.CauseSuperseded, Client: c, By: by}, h.own)
	}
}

// end removes a client; peers are told of an own one.
func (l *Loop) end(now time.Time, c naming.ClientID, why naming.Cause, own bool) {
	if own {
		l.remove(now, c, why)
	} else {
		l.forget(now, c, why)
	}
}

// judgeDeparted ends the holds whose time is over, and takes back what has not
// departed after all: a member that was out of reach is there again.
func (l *Loop) judgeDeparted(now time.Time) {
	d := &l.departures
	if due, some := d.next(); !some || now.Before(due) {
		return
	}
	d.scan = now
	l.findHeirs()
	for _, c := range slices.Sorted(maps.Keys(d.holds)) {
		l.judgeHold(now, c)
	}
	var back []naming.ClientID
	left := 0
	for c := range l.registry.AllDeparted() {
		if _, held := d.holds[c]; held || l.orphaned(l.registry.Record(c)) {
			left++
		} else {
			back = append(back, c)
		}
	}
	for _, c := range back {
		for _, s := range l.registry.Return(c) {
			l.views.dirty(s)
			l.touch(s)
		}
	}
	d.some = d.brake.Forget(now) > 0 || left > 0
}
