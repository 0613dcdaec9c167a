package distrotest

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"math/bits"

	"github.com/distro-naming/naming-operator/sidecar/distro"
	"github.com/distro-naming/naming-operator/sidecar/member"
	"github.com/distro-naming/naming-operator/sidecar/naming"
)

// sum is a second, independent computation of a digest of the engine's.
type sum struct{ high, low uint64 }

func sumOf(c naming.ClientID, revision int32) sum {
	text := sha256.Sum256(binary.BigEndian.AppendUint32([]byte(c), uint32(revision))) //nolint:gosec // its bits
	return sum{binary.BigEndian.Uint64(text[:8]), binary.BigEndian.Uint64(text[8:16])}
}

func (s sum) plus(o sum) sum {
	low, carry := bits.Add64(s.low, o.low, 0)
	high, _ := bits.Add64(s.high, o.high, carry)
	return sum{high, low}
}

func (s sum) minus(o sum) sum {
	low, borrow := bits.Sub64(s.low, o.low, 0)
	high, _ := bits.Sub64(s.high, o.high, borrow)
	return sum{high, low}
}

func (s sum) String() string { return fmt.Sprintf("%016x%016x", s.high, s.low) }

func (s sum) digest() distro.Digest {
	var b [16]byte
	binary.BigEndian.PutUint64(b[:8], s.high)
	binary.BigEndian.PutUint64(b[8:], s.low)
	return distro.DigestOf(b)
}

// buckets computes the digests of what is held of a member, or owned here if it
// is this one.
func (s *sidecar) buckets(owner member.Address) (root distro.Digest, parts [distro.Buckets]distro.Digest) {
	var sums [distro.Buckets]sum
	var all sum
	for id, held := range s.store {
		if o, ok := s.engine.Owner(id); !ok || o != owner || s.engine.Owns(id) != (owner == address(s.name)) {
			continue
		}
		part := held.sum
		if stamp, _ := s.engine.Stamp(id); stamp.Version != 0 {
			part.high += scrambled(part.low ^ scrambled(uint64(stamp.Version)^fnv64(string(stamp.Owner)))) //nolint:gosec // bits
		}
		sums[bucket(id)] = sums[bucket(id)].plus(part)
		all = all.plus(part)
	}
	for i := range sums {
		parts[i] = sums[i].digest()
	}
	return all.digest(), parts
}

func bucket(id naming.ClientID) uint8 { return uint8(scrambled(fnv64(string(id))) >> 56) } //nolint:gosec // eight bits are left

func fnv64(s string) uint64 {
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
