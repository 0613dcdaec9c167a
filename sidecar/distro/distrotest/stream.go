package distrotest

import (
	"crypto/sha256"
	"encoding/binary"
	"math/bits"
	"slices"

	"github.com/distro-naming/naming-operator/sidecar/distro"
	"github.com/distro-naming/naming-operator/sidecar/member"
	"github.com/distro-naming/naming-operator/sidecar/naming"
)

// streams reports whether two nodes stream to each other while they take each
// other for up.
func (c *Cluster) streams(a, b string) bool {
	pair := [2]string{min(a, b), max(a, b)}
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
	for _, pair := range [][2]string{{a, b}, {b, a}} {
		n := c.node(pair[0])
		c.step(n, func() { n.stream(pair[1]) })
	}
}

// stream tells the engine whether a stream to a node is up.
func (n *node) stream(name string) {
	n.engine.Streams(n.cluster.now, address(name), n.states[name] == member.Up && n.cluster.streams(n.name, name))
}

func (n *node) summarize(a distro.Summarize) {
	n.call(a.To, a.Ticket, func(to *node) any {
		buckets := to.engine.CompareDigest(to.cluster.now, address(n.name), a.Root)
		if buckets == nil {
			return nil
		}
		if *buckets != to.buckets(address(n.name)) {
			to.cluster.violated("%s: buckets of %s are not those of the store", to.name, n.name)
		}
		to.cluster.say("%s holds what differs from %s's digest", to.name, n.name)
		return buckets
	})
}

func (n *node) detail(a distro.Detail) {
	n.cluster.say("%s -> %s detail of %d in %d buckets", n.name, a.To.Host(), len(a.Marks), len(a.Buckets))
	n.call(a.To, a.Ticket, func(to *node) any {
		return to.engine.CompareBuckets(to.cluster.now, address(n.name), a.Held, a.Buckets, a.Marks)
	})
}

// snapshot answers a Load.
func (n *node) snapshot(except []member.Address) loaded {
	out := loaded{complete: n.engine.Loaded()}
	for _, c := range n.sorted() {
		if owner, ok := n.engine.Owner(c); ok && slices.Contains(except, owner) {
			continue
		}
		out.messages = append(out.messages, message{naming.Mark{Client: c, Stamp: n.store[c].stamp}, n.store[c].content})
	}
	return out
}

// buckets is a second, independent computation of the digests of what is held of
// a member.
func (n *node) buckets(owner member.Address) [distro.Buckets]distro.Digest {
	var sums [distro.Buckets][2]uint64
	for id, held := range n.store {
		if o, ok := n.engine.Owner(id); !ok || o != owner || n.engine.Owns(id) != (owner == address(n.name)) {
			continue
		}
		high, low := hashed(id, held.stamp.Revision)
		if held.stamp.Version != 0 {
			high += scrambled(low ^ scrambled(uint64(held.stamp.Version)^fnv(string(held.stamp.Owner))))
		}
		sum := &sums[bucket(id)]
		var carry uint64
		sum[1], carry = bits.Add64(sum[1], low, 0)
		sum[0], _ = bits.Add64(sum[0], high, carry)
	}
	var out [distro.Buckets]distro.Digest
	for i, sum := range sums {
		var b [16]byte
		binary.BigEndian.PutUint64(b[:8], sum[0])
		binary.BigEndian.PutUint64(b[8:], sum[1])
		out[i] = distro.DigestOf(b)
	}
	return out
}

func bucket(id naming.ClientID) uint8 { return uint8(scrambled(fnv(string(id))) >> 56) } //nolint:gosec // eight bits are left

func hashed(id naming.ClientID, revision int32) (high, low uint64) {
	sum := sha256.Sum256(binary.BigEndian.AppendUint32([]byte(id), uint32(revision)))
	return binary.BigEndian.Uint64(sum[:8]), binary.BigEndian.Uint64(sum[8:16])
}

func fnv(s string) uint64 {
	h := uint64(0xcbf29ce484222325)
	for _, b := range []byte(s) {
		h ^= uint64(b)
		h *= 0x100000001b3
	}
	return h
}

// scrambled is the finalizer of SplitMix64.
func scrambled(x uint64) uint64 {
	x ^= x >> 30
	x *= 0xbf58476d1ce4e5b9
	x ^= x >> 27
	x *= 0x94d049bb133111eb
	return x ^ x>>31
}
