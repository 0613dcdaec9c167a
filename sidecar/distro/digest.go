package distro

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"math/bits"

	"github.com/distro-naming/naming-operator/sidecar/naming"
)

// Digest stands for a set of records: the sum, modulo 2^128, of a hash of each.
// Equal sets give equal digests in whatever order they came about. The zero
// value is the digest of nothing.
//
// There are two kinds, which are not compared with each other. The digest over
// all that a member knows hashes the client and the revision, which is what also
// Java servers carry: members agree on it even where a record's version was lost
// on its way through one. The digest of what one owner has hashes the version
// and the writer too where they are known, so that equal ones leave nothing to be
// learnt.
type Digest struct{ high, low uint64 }

// DigestOf returns the digest that was written as Bytes.
func DigestOf(b [16]byte) Digest {
	return Digest{binary.BigEndian.Uint64(b[:8]), binary.BigEndian.Uint64(b[8:])}
}

// Bytes returns the digest as members write it to each other, big-endian.
func (d Digest) Bytes() [16]byte {
	var b [16]byte
	binary.BigEndian.PutUint64(b[:8], d.high)
	binary.BigEndian.PutUint64(b[8:], d.low)
	return b
}

// String returns 32 hex digits.
func (d Digest) String() string { return fmt.Sprintf("%016x%016x", d.high, d.low) }

// Plus returns the digest of two sets that have nothing in common.
func (d Digest) Plus(o Digest) Digest {
	low, carry := bits.Add64(d.low, o.low, 0)
	high, _ := bits.Add64(d.high, o.high, carry)
	return Digest{high, low}
}

func (d Digest) minus(o Digest) Digest {
	low, borrow := bits.Sub64(d.low, o.low, 0)
	high, _ := bits.Sub64(d.high, o.high, borrow)
	return Digest{high, low}
}

// fingerprint returns the digest of one record. The revision has a fixed size
// and comes last, so no two pairs are hashed as the same text.
func fingerprint(c naming.ClientID, revision int32) Digest {
	text := make([]byte, 0, 96)
	text = append(text, c...)
	text = binary.BigEndian.AppendUint32(text, uint32(revision))
	sum := sha256.Sum256(text)
	return Digest{binary.BigEndian.Uint64(sum[:8]), binary.BigEndian.Uint64(sum[8:16])}
}

// versioned returns the digest of a record, given its fingerprint, among those of
// its owner. A record without a version is its fingerprint.
func (d Digest) versioned(s naming.Stamp) Digest {
	if s.Version == 0 {
		return d
	}
	d.high += mix(d.low ^ mix(uint64(s.Version)^hash64(string(s.Owner)))) //nolint:gosec // bits, not a number
	return d
}

// bucketOf returns the bucket of a client: the same at every member.
func bucketOf(c naming.ClientID) uint8 { return uint8(mix(hash64(string(c))) >> 56) } //nolint:gosec // eight bits are left

// hash64 is FNV-1a.
func hash64(s string) uint64 {
	h := uint64(14695981039346656037)
	for i := range len(s) {
		h = (h ^ uint64(s[i])) * 1099511628211
	}
	return h
}

// mix spreads what differs in any bit over all bits (the finalizer of SplitMix64).
func mix(x uint64) uint64 {
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}
