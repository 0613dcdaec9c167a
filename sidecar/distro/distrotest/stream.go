package distrotest

import (
	"errors"
	"slices"

	"github.com/distro-naming/naming-operator/sidecar/distro"
	"github.com/distro-naming/naming-operator/sidecar/naming"
)

// errNoStream is what a node is told that speaks of digests to one that does not
// stream with it (any more).
var errNoStream = errors.New("no stream")

// streams reports whether two nodes speak by the stream of our own members,
// rather than by Nacos's messages, while they take each other for up.
func (c *Cluster) streams(a, b *node) bool {
	if a.java || b.java {
		return false
	}
	pair := [2]string{min(a.name, b.name), max(a.name, b.name)}
	on, drawn := c.pairs[pair]
	if !drawn && c.options.Streams > 0 {
		on = c.random.Float64() < c.options.Streams
		c.pairs[pair] = on
	}
	return on
}

// Stream has two nodes stream to each other from now on, or no longer.
func (c *Cluster) Stream(a, b string, on bool) {
	c.pairs[[2]string{min(a, b), max(a, b)}] = on
	for _, name := range []string{a, b} {
		if n := c.node(name); n.up {
			c.step(n, n.server.members)
		}
	}
}

// stream tells the engine that the stream to a peer is up or down.
func (s *sidecar) stream(peer *node, on bool) {
	if s.streaming[peer.name] != on {
		s.streaming[peer.name] = on
		s.engine.Streams(s.now(), address(peer.name), on)
	}
}

func (s *sidecar) summarize(a distro.Summarize) {
	s.call(a.To, a.Ticket, func(to *node) any {
		return to.server.(*sidecar).overStream(s.node, func(to *sidecar) any { return to.compareDigest(s.node, a.Root) })
	})
}

func (s *sidecar) detail(a distro.Detail) {
	s.cluster.say("%s -> %s detail of %d in %d buckets", s.name, a.To.Host(), len(a.Marks), len(a.Buckets))
	s.call(a.To, a.Ticket, func(to *node) any {
		return to.server.(*sidecar).overStream(s.node, func(to *sidecar) any { return to.compareBuckets(s.node, a) })
	})
}

// overStream serves what comes over a stream, which is thereby up.
func (s *sidecar) overStream(from *node, serve func(*sidecar) any) any {
	if !s.cluster.streams(s.node, from) {
		return errNoStream
	}
	s.stream(from, true)
	return serve(s)
}

func (s *sidecar) compareDigest(from *node, root distro.Digest) any {
	buckets := s.engine.CompareDigest(s.now(), address(from.name), root)
	if buckets != nil {
		if _, want := s.buckets(address(from.name)); *buckets != want {
			s.violated(lawModel, "buckets of %s are not those of the store", from.name)
		}
		s.cluster.say("%s holds what differs from %s's digest", s.name, from.name)
		return buckets
	}
	if s.engine.Loaded() {
		for c := range s.store {
			if owner, ok := s.engine.Owner(c); ok && owner == address(from.name) {
				s.trace.confirmed[c] = s.now()
			}
		}
	}
	return nil
}

func (s *sidecar) compareBuckets(from *node, a distro.Detail) any {
	different := s.engine.CompareBuckets(s.now(), address(from.name), a.Held, a.Buckets, a.Marks)
	if s.engine.Loaded() {
		s.confirm(a.Marks, different)
	}
	return different
}

// confirm notes which of the marks that an owner has shown are held alike.
func (s *sidecar) confirm(marks []naming.Mark, different []naming.ClientID) {
	for _, m := range marks {
		held, ok := s.engine.Stamp(m.Client)
		if ok && held.Revision == m.Stamp.Revision && !slices.Contains(different, m.Client) {
			s.trace.confirmed[m.Client] = s.now()
		}
	}
}
