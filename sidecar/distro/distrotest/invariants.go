package distrotest

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/distro-naming/naming-operator/sidecar/member"
	"github.com/distro-naming/naming-operator/sidecar/naming"
)

// check compares the node with its engine and with the ledger.
func (s *sidecar) check() {
	if next, ok := s.engine.Next(); ok && !next.After(s.now()) {
		s.violated(lawTime, "Next is not later than the time of Advance")
	}
	if got := s.engine.Stats().Clients; got != len(s.store) {
		s.violated(lawModel, "engine knows %d clients, store %d", got, len(s.store))
	}
	if got := s.engine.Digest().String(); got != s.sum.String() {
		s.violated(lawModel, "digest is %s, of the store %s", got, s.sum)
	}
	s.checkLoaded()
	s.checkBounds()
	s.checkClients()
	if s.steps++; s.changed || s.steps%8 == 0 {
		s.changed = false
		s.checkStore()
	}
}

// checkLoaded judges the moment from which the node serves.
func (s *sidecar) checkLoaded() {
	t := &s.trace
	if t.loaded || !s.engine.Loaded() {
		return
	}
	t.loaded = true
	cfg := s.cluster.options.Config
	for _, p := range t.view.Peers() {
		silent := min(s.now().Sub(t.began), s.now().Sub(t.gave[p]))
		if !t.answered[p] && silent < cfg.LoadTimeout && s.now().Sub(t.began) < cfg.LoadMax {
			s.violated(lawLoaded, "loaded without an answer from %s, which spoke %v ago", p, silent)
		}
	}
	for c := range t.promise {
		k := s.cluster.ledger.client(c)
		if _, held := s.store[c]; !held && k.alive && k.home != nil {
			s.violated(lawLoaded, "serves without %s, which lives and of which it was told", c)
		}
	}
}

func (s *sidecar) checkBounds() {
	stats := s.engine.Stats()
	total := 0
	for _, p := range s.trace.view.Peers() {
		count := s.engine.PendingFor(p)
		if limit := stats.Clients + stats.Tombstones; count > limit {
			s.violated(lawBounded, "%d items wait for %s, more than %d clients", count, p, limit)
		}
		total += count
	}
	if total != stats.Pending {
		s.violated(lawModel, "%d items pending, of single peers %d", stats.Pending, total)
	}
	if limit := s.cluster.options.Config.MaxTombstones; stats.Tombstones > limit {
		s.violated(lawBounded, "%d tombstones, more than %d", stats.Tombstones, limit)
	}
}

// checkStore compares every record with what the engine knows of it. A stamp may
// be completed there, since who wrote what Java relays is learnt later.
func (s *sidecar) checkStore() {
	for id, held := range s.store {
		k := s.cluster.ledger.client(id)
		known, ok := s.engine.Stamp(id)
		completed := known.Revision == held.stamp.Revision && k.wrote(known, held.content)
		if !ok || known != held.stamp && !completed {
			s.violated(lawModel, "engine has %s at %v, store at %v", id, known, held.stamp)
		}
		if !id.Beats() && s.engine.Owns(id) && (k.home != s.node || !k.alive) {
			s.violated(lawOwner, "owns %s, whose connection it does not hold", id)
		}
	}
}

// checkClients looks at the connections that the node holds, and at those that
// ended here.
func (s *sidecar) checkClients() {
	for _, k := range s.cluster.ledger.clients {
		if k.home != s.node {
			continue
		}
		held, stored := s.store[k.id]
		switch {
		case k.alive && (!stored || held.content != k.content):
			s.violated(lawImmunity, "own client %s is lost or changed: %q, want %q", k.id, held.content, k.content)
		case !k.alive && stored:
			s.violated(lawImmunity, "own client %s has ended and is still there", k.id)
		case k.alive && !s.engine.Owns(k.id):
			s.violated(lawOwner, "does not own %s, whose connection it holds", k.id)
		}
	}
}

// Complete returns an error unless every client that lives is known to every
// running node, with what it publishes now.
func (c *Cluster) Complete() error {
	var all []error
	for _, n := range c.running() {
		store := n.server.holds()
		for _, k := range c.ledger.clients {
			if held, ok := store[k.id]; k.alive && (!ok || held.content != k.content) {
				all = append(all, fmt.Errorf("%s lacks %s with %q, has %q", n.name, k.id, k.content, held.content))
			}
		}
	}
	return lawComplete.broken(errors.Join(all...))
}

// Clean returns an error if a running node holds a client that has ended.
func (c *Cluster) Clean() error {
	var all []error
	for _, n := range c.running() {
		for _, id := range slices.Sorted(maps.Keys(n.server.holds())) {
			if !c.ledger.client(id).alive {
				all = append(all, fmt.Errorf("%s still has %s, which is dead", n.name, id))
			}
		}
	}
	return lawZombie.broken(errors.Join(all...))
}

// Agree returns an error unless every running node is loaded, holds exactly the
// clients that live, owes its peers nothing, has the same digest, and names the
// same owner of every client that beats.
func (c *Cluster) Agree() error {
	if err := errors.Join(c.Complete(), c.Clean()); err != nil {
		return err
	}
	var all []error
	nodes := c.running()
	for _, n := range nodes {
		first, here := nodes[0].server, n.server
		if !here.state().loaded {
			all = append(all, fmt.Errorf("%s is not loaded", n.name))
		}
		if p := here.state().pending; p > 0 {
			all = append(all, fmt.Errorf("%s owes its peers %d changes", n.name, p))
		}
		if here.state().digest != first.state().digest {
			all = append(all, fmt.Errorf("digests of %s and %s differ", n.name, nodes[0].name))
		}
		for _, k := range c.ledger.clients {
			if k.id.Beats() && k.alive && ownerOf(here, k.id) != ownerOf(first, k.id) {
				all = append(all, fmt.Errorf("%s and %s name different owners of %s", n.name, nodes[0].name, k.id))
			}
		}
	}
	return lawAgreement.broken(errors.Join(all...))
}

func ownerOf(s server, c naming.ClientID) member.Address {
	owner, _ := s.owner(c)
	return owner
}

// told counts what our members have told each other since they started, verify
// aside.
func (c *Cluster) told() int {
	n := 0
	for _, m := range c.running() {
		if s, ours := m.server.(*sidecar); ours {
			n += s.trace.told
		}
	}
	return n
}

func (c *Cluster) running() []*node {
	return slices.DeleteFunc(slices.Clone(c.nodes), func(n *node) bool { return !n.up })
}
