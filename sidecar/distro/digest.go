package distro

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"math/bits"

	"github.com/distro-naming/naming-operator/sidecar/naming"
)

// Digest stands for a set of records: the sum, modulo 2^128, of a hash of each
// record's client and revision. Equal sets give equal digests in whatever order
// they came about. The zero value is the digest of nothing.
//
// The revision is what also Java servers carry, so members agree on it even
// where a record's version was lost on its way through one.
type Digest struct{ high, low uint64 }

// String returns 32 hex digits.
func (d Digest) String() string { return fmt.Sprintf("%016x%016x", d.high, d.low) }

func (d Digest) plus(o Digest) Digest {
	low, carry := bits.Add64(d.low, o.low, 0)
	high, _ := bits.Add64(d.high, o.high, carry)
	return Digest{high, low}
}

func (d Digest) minus(o Digest) Digest {
	low, borrow := bits.Sub64(d.low, o.low, 0)
	high, _ := bits.Sub64(d.high, o.high, borrow)
	return Digest{high, low}
}

// digestOf returns the digest of one record. The revision has a fixed size and
// comes last, so no two pairs are hashed as the same text.
func digestOf(c naming.ClientID, revision int32) Digest {
	text := make([]byte, 0, 96)
	text = append(text, c...)
	text = binary.BigEndian.AppendUint32(text, uint32(revision))
	sum := sha256.Sum256(text)
	return Digest{binary.BigEndian.Uint64(sum[:8]), binary.BigEndian.Uint64(sum[8:16])}
}
