package distrotest

import (
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/distro-naming/naming-operator/sidecar/distro"
	"github.com/distro-naming/naming-operator/sidecar/member"
	"github.com/distro-naming/naming-operator/sidecar/naming"
)

// trace is what a node's engine has done in this incarnation, kept to judge
// what it does next.
type trace struct {
	view      member.View
	flying    map[distro.Ticket]flight
	marks     map[naming.ClientID]highWater
	lost      map[member.Address]*losses
	confirmed map[naming.ClientID]time.Time // when a replica was last offered, or found alike by its owner

	began    time.Time                    // the load
	answered map[member.Address]bool      // who answered a Load
	gave     map[member.Address]time.Time // when whoever answers one gave a record last
	promise  map[naming.ClientID]bool     // what those answers held
	loaded   bool
	told     int // sends, drops and details
}

// flight is a Send or Drop that was not yet reported finished.
type flight struct {
	peer   member.Address
	client naming.ClientID
}

// highWater is the highest version of a client that was applied, and how it
// went if it did.
type highWater struct {
	version          int64
	removed, expired bool
}

func newTrace() trace {
	return trace{
		flying:    map[distro.Ticket]flight{},
		marks:     map[naming.ClientID]highWater{},
		lost:      map[member.Address]*losses{},
		confirmed: map[naming.ClientID]time.Time{},
		answered:  map[member.Address]bool{},
		gave:      map[member.Address]time.Time{},
		promise:   map[naming.ClientID]bool{},
	}
}

func (s *sidecar) violated(l Law, format string, args ...any) {
	s.cluster.violated(l, s.name+": "+format, args...)
}

// applied checks that a client's version never falls and that nothing returns
// from the dead. A client that beats may fall once its replica was given up:
// then an owner that missed a disputed write is believed. What a Java server
// writes has no version; it is believed when it says that a client beats.
func (t *trace) applied(s *sidecar, c naming.ClientID, stamp naming.Stamp) {
	h := t.marks[c]
	switch version := stamp.Version; {
	case c.Beats() && (h.expired || version == 0):
	case h.removed && version <= h.version:
		s.violated(lawResurrection, "%s returns from the dead at version %d", c, version)
	case version < h.version && version != 0:
		s.violated(lawMonotonic, "version of %s falls from %d to %d", c, h.version, version)
	}
	t.marks[c] = highWater{version: stamp.Version}
}

func (t *trace) removed(c naming.ClientID, version int64) {
	t.marks[c] = highWater{version: max(version, t.marks[c].version), removed: true}
}

func (t *trace) expired(c naming.ClientID, version int64) {
	t.marks[c] = highWater{version: version, expired: true}
}

// see takes a new view. What flies to a node that left is none of ours any more.
func (t *trace) see(v member.View) {
	t.view = v
	maps.DeleteFunc(t.flying, func(_ distro.Ticket, f flight) bool { return !v.List.Contains(f.peer) })
}

func (t *trace) finished(ticket distro.Ticket) { delete(t.flying, ticket) }

// action checks an action before it is carried out.
func (t *trace) action(s *sidecar, a distro.Action) {
	switch a := a.(type) {
	case distro.Send:
		t.launch(s, a.Ticket, flight{a.To, a.Client})
	case distro.Drop:
		t.launch(s, a.Ticket, flight{a.To, a.Client})
	case distro.Load:
		t.reaches(s, a.From)
	case distro.Verify:
		t.reaches(s, a.To)
		t.verifies(s, a.Marks)
		if len(a.Marks) == 0 {
			s.violated(lawReach, "verifies nothing")
		}
		if !slices.IsSortedFunc(a.Marks, func(a, b naming.Mark) int { return strings.Compare(string(a.Client), string(b.Client)) }) {
			s.violated(lawModel, "marks are not in order")
		}
	case distro.Summarize:
		t.reaches(s, a.To)
		t.verifies(s, nil)
		if root, _ := s.buckets(address(s.name)); root != a.Root {
			s.violated(lawModel, "digest shown is %v, of what it owns %v", a.Root, root)
		}
	case distro.Detail:
		t.reaches(s, a.To)
		t.verifies(s, a.Marks)
		t.details(s, a)
		t.told++
	case distro.Expire:
		t.expires(s, a)
	}
}

func (t *trace) reaches(s *sidecar, to member.Address) {
	if !slices.Contains(t.view.Reachable(), to) {
		s.violated(lawReach, "action towards %s, which is not within reach", to)
	}
}

func (t *trace) launch(s *sidecar, ticket distro.Ticket, f flight) {
	t.reaches(s, f.peer)
	t.told++
	count := 0
	for _, g := range t.flying {
		switch {
		case g == f:
			s.violated(lawBounded, "two deliveries of %s to %s at once", f.client, f.peer)
		case g.peer == f.peer:
			count++
		}
	}
	t.flying[ticket] = f
	limit := s.cluster.options.Config.MaxInFlight
	if s.streaming[f.peer.Host()] {
		limit = s.cluster.options.Config.MaxInFlightStream
	}
	if count >= limit {
		s.violated(lawBounded, "more than %d deliveries to %s at once", limit, f.peer)
	}
}

func (t *trace) verifies(s *sidecar, marks []naming.Mark) {
	if !s.engine.Loaded() {
		s.violated(lawLoaded, "verifies before it is loaded")
	}
	for _, m := range marks {
		if !s.engine.Owns(m.Client) {
			s.violated(lawReach, "verifies %s, which it does not own", m.Client)
		}
	}
}

// details checks that all that the node owns in some buckets is listed, and
// nothing else.
func (t *trace) details(s *sidecar, d distro.Detail) {
	listed := map[naming.ClientID]bool{}
	for _, m := range d.Marks {
		listed[m.Client] = true
	}
	for id := range s.store {
		want := s.engine.Owns(id) && slices.Contains(d.Buckets, bucket(id))
		if listed[id] != want {
			s.violated(lawModel, "%s is listed among the buckets %v: %t", id, d.Buckets, listed[id])
		}
	}
	if len(listed) != len(d.Marks) {
		s.violated(lawModel, "a client is listed twice")
	}
}

// expires checks that a replica is given up late enough and for a reason. That a
// Java server was restarted can only be guessed, also wrongly.
func (t *trace) expires(s *sidecar, a distro.Expire) {
	k := s.cluster.ledger.client(a.Client)
	if k.home == s.node && k.alive {
		s.violated(lawImmunity, "expires %s, whose connection it holds", a.Client)
	}
	peers, within := len(t.view.Peers()), len(t.view.Reachable())
	if a.Reason != distro.OwnerGone && 2*(peers-within) > peers {
		s.violated(lawBrake, "expires %s (%s) while most peers are out of reach", a.Client, a.Reason)
	}
	if a.Reason != distro.OwnerGone {
		t.loses(s, a.Client)
		if !s.engine.Loaded() {
			s.violated(lawPatience, "expires %s (%s) while it loads", a.Client, a.Reason)
		}
	}
	cfg := s.cluster.options.Config
	least := map[distro.Reason]time.Duration{
		distro.LeaseEnded: cfg.Lease, distro.OwnerDown: cfg.Down, distro.OwnerGone: cfg.Grace, distro.OwnerForgets: cfg.Missing,
	}[a.Reason]
	if since := s.now().Sub(t.confirmed[a.Client]); since < least {
		s.violated(lawPatience, "expires %s (%s) %v after it was confirmed, want at least %v", a.Client, a.Reason, since, least)
	}
	if a.Reason == distro.OwnerGone && k.alive && k.home != nil && !k.home.java && t.view.List.Contains(address(k.home.name)) {
		s.violated(lawPatience, "expires %s as gone, which %s holds", a.Client, k.home.name)
	}
}
