package frame

import (
	"encoding/binary"
	"fmt"

	"github.com/distro-naming/naming-operator/sidecar/naming"
)

// Limits of what a frame holds, in bytes. They are wider than what clients may
// publish, as Java servers accept more.
const (
	maxName   = 1 << 10  // a member's address
	maxClient = 4 << 10  // a client's id
	maxText   = 64 << 10 // a name or a metadata value
	maxReason = 4 << 10

	maxUsualID = 256 // an id that is made by who reads it; longer ones are written
)

// reader reads a frame from its start. After the first fault its methods return
// zero values.
type reader struct {
	rest  []byte
	err   error
	texts []string             // written so far, by number
	sets  []map[string]string  // of metadata
	list  []naming.Publication // scratch, as the records copy it
	room  []naming.Instance    // scratch
}

func (r *reader) fail(format string, args ...any) {
	if r.err == nil {
		r.err = fmt.Errorf(format, args...)
	}
	r.rest = nil
}

func (r *reader) uvarint() uint64 {
	if len(r.rest) > 0 && r.rest[0] < 0x80 { // nearly always
		v := uint64(r.rest[0])
		r.rest = r.rest[1:]
		return v
	}
	v, n := binary.Uvarint(r.rest)
	if n <= 0 {
		r.fail("a number is cut off or too large")
		return 0
	}
	r.rest = r.rest[n:]
	return v
}

func (r *reader) varint() int64 {
	v, n := binary.Varint(r.rest)
	if n <= 0 {
		r.fail("a number is cut off or too large")
		return 0
	}
	r.rest = r.rest[n:]
	return v
}

func (r *reader) byte() byte {
	if len(r.rest) == 0 {
		r.fail("it is cut off")
		return 0
	}
	b := r.rest[0]
	r.rest = r.rest[1:]
	return b
}

func (r *reader) flag() bool {
	b := r.byte()
	if b > 1 {
		r.fail("%d is neither true nor false", b)
	}
	return b == 1
}

// take returns the next n bytes, which stay the frame's.
func (r *reader) take(n uint64) []byte {
	if n > uint64(len(r.rest)) {
		r.fail("%d bytes are announced, %d are left", n, len(r.rest))
		return nil
	}
	b := r.rest[:n:n]
	r.rest = r.rest[n:]
	return b
}

// count reads how many things follow that take at least so many bytes each, so
// that room for them can be made without being led astray.
func (r *reader) count(each int) int {
	n := r.uvarint()
	if n > uint64(len(r.rest)/each) {
		r.fail("%d things are announced in %d bytes", n, len(r.rest))
		return 0
	}
	return int(n) //nolint:gosec // no more than the frame is long
}

func (r *reader) string(limit uint64) string {
	n := r.uvarint()
	if n > limit {
		r.fail("a string of %d bytes: want at most %d", n, limit)
		return ""
	}
	return string(r.take(n))
}

// text reads a string that may have been written before.
func (r *reader) text() string {
	n := r.uvarint()
	switch {
	case n == 0:
		s := r.string(maxText)
		r.texts = append(r.texts, s)
		return s
	case n > uint64(len(r.texts)):
		r.fail("string %d is named, %d are known", n, len(r.texts))
		return ""
	}
	return r.texts[n-1]
}

func (r *reader) digest() (d [16]byte) {
	copy(d[:], r.take(uint64(len(d))))
	return d
}
