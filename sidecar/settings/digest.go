package settings

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
)

// Digest stands for a set of entries: a hash of each, all put together so that
// their order does not matter. The zero value is that of none.
type Digest [16]byte

// Buckets is the number of parts into which keys are divided.
const Buckets = 256

// String returns 32 hex digits.
func (d Digest) String() string { return hex.EncodeToString(d[:]) }

// MarshalText writes hex digits.
func (d Digest) MarshalText() ([]byte, error) { return hex.AppendEncode(nil, d[:]), nil }

// UnmarshalText reads them.
func (d *Digest) UnmarshalText(text []byte) error {
	if len(text) != hex.EncodedLen(len(d)) {
		return fmt.Errorf("a digest of %d digits: want %d", len(text), hex.EncodedLen(len(d)))
	}
	_, err := hex.Decode(d[:], text)
	return err
}

// with returns the digest of the set with another entry, or without it if it was
// there.
func (d Digest) with(o Digest) Digest {
	for i := range d {
		d[i] ^= o[i]
	}
	return d
}

// compare orders digests.
func (d Digest) compare(o Digest) int {
	for i := range d {
		if d[i] != o[i] {
			return int(d[i]) - int(o[i])
		}
	}
	return 0
}

// fingerprint returns the digest of one entry, and how many bytes it is written in.
// The text is the same at every member: keys of maps are in order.
func fingerprint(e Entry) (Digest, int) {
	text, _ := json.Marshal(e) // only what is no number fails, and that is refused before
	sum := sha256.Sum256(text)
	return Digest(sum[:16]), len(text)
}

// bucket returns the part that a key is in: the same at every member.
func (k Key) bucket() uint8 {
	text, _ := json.Marshal(k) // strings and a number
	sum := sha256.Sum256(text)
	return sum[0]
}
