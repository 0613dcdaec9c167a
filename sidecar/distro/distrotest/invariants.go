package distrotest

import (
	"errors"
	"fmt"
	"maps"
	"math/bits"
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
	view   member.View
	flying map[distro.Ticket]flight
	marks  map[naming.ClientID]highWater

	began    time.Time               // the load
	answered map[member.Address]bool // who answered a Load
	loaded   bool
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
		flying:   map[distro.Ticket]flight{},
		marks:    map[naming.ClientID]highWater{},
		answered: map[member.Address]bool{},
	}
}

// applied checks that a client's version never falls and that nothing returns
// from the dead. A client that beats may fall once its replica was given up:
// then an owner that missed a disputed write is believed.
func (t *trace) applied(n *node, c naming.ClientID, version int64) {
	h := t.marks[c]
	switch {
	case h.expired && c.Beats():
	case version < h.version:
		n.cluster.violated("%s: version of %s falls from %d to %d", n.name, c, h.version, version)
	case h.removed && version == h.version:
		n.cluster.violated("%s: %s returns from the dead at version %d", n.name, c, version)
	}
	t.marks[c] = highWater{version: version}
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
func (t *trace) action(n *node, a distro.Action) {
	switch a := a.(type) {
	case distro.Send:
		t.launch(n, a.Ticket, flight{a.To, a.Client})
	case distro.Drop:
		t.launch(n, a.Ticket, flight{a.To, a.Client})
	case distro.Load:
		t.reaches(n, a.From)
	case distro.Verify:
		t.reaches(n, a.To)
		t.verifies(n, a)
	case distro.Summarize:
		t.reaches(n, a.To)
		t.summarizes(n, a)
	case distro.Detail:
		t.reaches(n, a.To)
		t.details(n, a)
	case distro.Expire:
		t.expires(n, a)
	}
}

// reaches checks that an action goes to a member of the list within reach.
func (t *trace) reaches(n *node, to member.Address) {
	if !slices.Contains(t.view.Reachable(), to) {
		n.cluster.violated("%s: action towards %s, which is not within reach", n.name, to)
	}
}

func (t *trace) launch(n *node, ticket distro.Ticket, f flight) {
	t.reaches(n, f.peer)
	count := 0
	for _, g := range t.flying {
		switch {
		case g == f:
			n.cluster.violated("%s: two deliveries of %s to %s at once", n.name, f.client, f.peer)
		case g.peer == f.peer:
			count++
		}
	}
	t.flying[ticket] = f
	limit := n.cluster.options.Config.MaxInFlight
	if n.cluster.streams(n.name, f.peer.Host()) {
		limit = n.cluster.options.Config.MaxInFlightStream
	}
	if count >= limit {
		n.cluster.violated("%s: more than %d deliveries to %s at once", n.name, limit, f.peer)
	}
}

func (t *trace) verifies(n *node, v distro.Verify) {
	if !n.engine.Loaded() {
		n.cluster.violated("%s: verifies before it is loaded", n.name)
	}
	if len(v.Marks) == 0 {
		n.cluster.violated("%s: verifies nothing", n.name)
	}
	if !slices.IsSortedFunc(v.Marks, func(a, b naming.Mark) int { return strings.Compare(string(a.Client), string(b.Client)) }) {
		n.cluster.violated("%s: marks are not in order", n.name)
	}
	for _, m := range v.Marks {
		if !n.engine.Owns(m.Client) {
			n.cluster.violated("%s: verifies %s, which it does not own", n.name, m.Client)
		}
	}
}

// summarizes checks that a digest is that of all that the node owns.
func (t *trace) summarizes(n *node, s distro.Summarize) {
	if !n.engine.Loaded() {
		n.cluster.violated("%s: verifies before it is loaded", n.name)
	}
	var root distro.Digest
	for _, d := range n.buckets(address(n.name)) {
		root = root.Plus(d)
	}
	if root != s.Root {
		n.cluster.violated("%s: digest shown is %v, of what it owns %v", n.name, s.Root, root)
	}
}

// details checks that all that the node owns in some buckets is listed, and
// nothing else.
func (t *trace) details(n *node, d distro.Detail) {
	listed := map[naming.ClientID]bool{}
	for _, m := range d.Marks {
		listed[m.Client] = true
	}
	for id := range n.store {
		want := n.engine.Owns(id) && slices.Contains(d.Buckets, bucket(id))
		if listed[id] != want {
			n.cluster.violated("%s: %s is listed among the buckets %v: %t", n.name, id, d.Buckets, listed[id])
		}
	}
	if len(listed) != len(d.Marks) {
		n.cluster.violated("%s: a client is listed twice", n.name)
	}
}

func (t *trace) expires(n *node, a distro.Expire) {
	peers, within := len(t.view.Peers()), len(t.view.Reachable())
	if a.Reason != distro.OwnerGone && 2*(peers-within) > peers {
		n.cluster.violated("%s: expires %s (%s) while most peers are out of reach", n.name, a.Client, a.Reason)
	}
}

// check compares the node with its engine and with the ledger.
func (n *node) check() {
	c := n.cluster
	if next, ok := n.engine.Next(); ok && !next.After(c.now) {
		c.violated("%s: Next is not later than the time of Advance", n.name)
	}
	if got := n.engine.Stats().Clients; got != len(n.store) {
		c.violated("%s: engine knows %d clients, store %d", n.name, got, len(n.store))
	}
	if got, want := n.engine.Digest().String(), n.digest(); got != want {
		c.violated("%s: digest is %s, of the store %s", n.name, got, want)
	}
	n.checkLoaded()
	n.checkPending()
	n.checkStore()
	n.checkClients()
}

// checkLoaded checks that the node does not call itself loaded before all peers
// have answered or it has waited for long enough.
func (n *node) checkLoaded() {
	t := &n.trace
	if t.loaded || !n.engine.Loaded() {
		return
	}
	t.loaded = true
	if n.cluster.now.Sub(t.began) >= n.cluster.options.Config.LoadTimeout {
		return
	}
	for _, p := range t.view.Peers() {
		if !t.answered[p] {
			n.cluster.violated("%s: loaded without an answer from %s", n.name, p)
		}
	}
}

func (n *node) checkPending() {
	s := n.engine.Stats()
	sum := 0
	for _, p := range n.trace.view.Peers() {
		count := n.engine.PendingFor(p)
		if limit := s.Clients + s.Tombstones; count > limit {
			n.cluster.violated("%s: %d items wait for %s, more than %d clients", n.name, count, p, limit)
		}
		sum += count
	}
	if sum != s.Pending {
		n.cluster.violated("%s: %d items pending, of single peers %d", n.name, s.Pending, sum)
	}
}

// checkStore looks for anything that no client ever published.
func (n *node) checkStore() {
	for id, held := range n.store {
		if s, ok := n.engine.Stamp(id); !ok || s != held.stamp {
			n.cluster.violated("%s: engine has %s at %v, store at %v", n.name, id, s, held.stamp)
		}
		if !n.cluster.ledger.client(id).wrote(held.stamp.Version, held.content) {
			n.cluster.violated("%s: %s@%d with %q was never written", n.name, id, held.stamp.Version, held.content)
		}
	}
}

// checkClients looks at the connections that the node holds, and at those that
// ended here.
func (n *node) checkClients() {
	for _, k := range n.cluster.ledger.clients {
		if k.home != n {
			continue
		}
		held, stored := n.store[k.id]
		switch {
		case k.alive && (!stored || held.content != k.content):
			n.cluster.violated("%s: own client %s is lost or changed: %q, want %q", n.name, k.id, held.content, k.content)
		case !k.alive && stored:
			n.cluster.violated("%s: own client %s has ended and is still there", n.name, k.id)
		}
	}
}

// digest is a second, independent computation of what the engine keeps up to
// date.
func (n *node) digest() string {
	var high, low, carry uint64
	for id, held := range n.store {
		h, l := hashed(id, held.stamp.Revision)
		low, carry = bits.Add64(low, l, 0)
		high, _ = bits.Add64(high, h, carry)
	}
	return fmt.Sprintf("%016x%016x", high, low)
}

// Complete returns an error unless every client that lives is known to every
// running node, with what it publishes now.
func (c *Cluster) Complete() error {
	var all []error
	for _, n := range c.running() {
		for _, k := range c.ledger.clients {
			if held, ok := n.store[k.id]; k.alive && (!ok || held.content != k.content) {
				all = append(all, fmt.Errorf("%s lacks %s with %q, has %q", n.name, k.id, k.content, held.content))
			}
		}
	}
	return errors.Join(all...)
}

// Agree returns an error unless every running node is loaded, holds exactly the
// clients that live, owes its peers nothing and has the same digest.
func (c *Cluster) Agree() error {
	all := []error{c.Complete()}
	nodes := c.running()
	for _, n := range nodes {
		if !n.engine.Loaded() {
			all = append(all, fmt.Errorf("%s is not loaded", n.name))
		}
		if p := n.engine.Pending(); p > 0 {
			all = append(all, fmt.Errorf("%s owes its peers %d changes", n.name, p))
		}
		if n.engine.Digest() != nodes[0].engine.Digest() {
			all = append(all, fmt.Errorf("digests of %s and %s differ", n.name, nodes[0].name))
		}
		for _, k := range c.ledger.clients {
			if _, ok := n.store[k.id]; ok && !k.alive {
				all = append(all, fmt.Errorf("%s still has %s, which is dead", n.name, k.id))
			}
		}
	}
	return errors.Join(all...)
}

func (c *Cluster) running() []*node {
	return slices.DeleteFunc(slices.Clone(c.nodes), func(n *node) bool { return !n.up })
}
