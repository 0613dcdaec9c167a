package distrotest

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"math/bits"

	"github.com/distro-naming/naming-operator/sidecar/naming"
)

// entry is a stored record.
type entry struct {
	stamp   naming.Stamp
	content string
	sum     sum
}

func newEntry(c naming.ClientID, stamp naming.Stamp, content string) entry {
	return entry{stamp, content, sumOf(c, stamp.Revision)}
}

// sum is a second, independent computation of the engine's digest.
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
