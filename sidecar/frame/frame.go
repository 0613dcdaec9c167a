package frame

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/distro-naming/naming-operator/sidecar/member"
	"github.com/distro-naming/naming-operator/sidecar/naming"
)

// Version of the frames. Members that offer different ones do not stream.
const Version = 1

// ErrFrame means that a frame cannot be read.
var ErrFrame = errors.New("frame is faulty")

// Frame is what a member says in one message. The set is closed.
type Frame interface {
	// Append writes the frame behind b.
	Append(b []byte) []byte
}

// kind is the first byte of a frame.
type kind byte

const (
	kindHello kind = iota + 1
	kindWelcome
	kindDelta
	kindAck
	kindSummarize
	kindBuckets
	kindDetail
	kindDifferent
	kindFailed
	kindLoad
	kindChunk
	kindEnd
)

// Hello opens a stream. Session names the series of deltas that is begun or,
// after a broken stream, gone on with; Acked is the last one of them that the
// sender knows to be taken.
type Hello struct {
	Member  member.Address
	Epoch   int64 // incarnation of the sender
	Clock   int64 // its hybrid time
	Session uint64
	Acked   uint64
}

// Welcome answers Hello. Known says that the session is gone on with: all deltas
// up to Applied have been carried out, save what Refused names.
type Welcome struct {
	Epoch   int64
	Clock   int64
	Known   bool
	Applied uint64
	Refused []Refusal
}

// Ack says that every delta up to Seq was carried out, save what Refused names.
type Ack struct {
	Seq     uint64
	Clock   int64
	Refused []Refusal
}

// Refusal is a change that was not taken: the one in place Item of delta Seq.
type Refusal struct {
	Seq    uint64
	Item   int
	Code   Code
	Reason string
}

// Code is why a change was refused.
type Code byte

// The codes.
const (
	Other     Code = iota // Reason says it
	OwnedHere             // naming.ErrOwnedHere
	LacksBase             // naming.ErrLacksBase
)

// Summarize asks whether all clients that the sender owns are held alike; Root is
// the digest over them.
type Summarize struct {
	ID   uint64
	Root [16]byte
}

// Buckets answers Summarize with the digests of what is held, one for each part
// of the sender's clients; none when all are alike.
type Buckets struct {
	ID      uint64
	Digests [][16]byte
}

// Detail asks which of the marks, of what the sender owns in those buckets, are
// not held alike. Held is what the answer to Summarize adds up to that named the
// buckets.
type Detail struct {
	ID      uint64
	Held    [16]byte
	Buckets []uint8
	Marks   []naming.Mark
}

// Different answers Detail.
type Different struct {
	ID      uint64
	Clients []naming.ClientID
}

// Failed answers Summarize or Detail when it could not be looked.
type Failed struct {
	ID     uint64
	Reason string
}

// Load asks for every record whose owner is none of Except and whose client
// comes behind After, in order of client.
type Load struct {
	Member member.Address
	Except []member.Address
	After  naming.ClientID
}

// Chunk is a part of the answer to Load. More is how many records follow in others.
type Chunk struct {
	Records []*naming.Record
	More    int
}

// End is the end of it. Complete says that the sender is itself loaded.
type End struct{ Complete bool }

// Decode reads a frame.
func Decode(b []byte) (Frame, error) {
	if len(b) == 0 {
		return nil, fmt.Errorf("%w: it is empty", ErrFrame)
	}
	r := reader{rest: b[1:]}
	f := r.frame(kind(b[0]))
	if r.err == nil && len(r.rest) > 0 {
		r.fail("%d bytes follow its end", len(r.rest))
	}
	if r.err != nil {
		return nil, fmt.Errorf("%w: %w", ErrFrame, r.err)
	}
	return f, nil
}

func (r *reader) frame(k kind) Frame {
	switch k {
	case kindHello:
		return r.hello()
	case kindWelcome:
		return r.welcome()
	case kindDelta:
		return r.delta()
	case kindAck:
		return Ack{Seq: r.uvarint(), Clock: r.varint(), Refused: r.refusals()}
	case kindSummarize:
		return Summarize{ID: r.uvarint(), Root: r.digest()}
	case kindBuckets:
		return r.buckets()
	case kindDetail:
		return r.detail()
	case kindDifferent:
		return r.different()
	case kindFailed:
		return Failed{ID: r.uvarint(), Reason: r.string(maxReason)}
	case kindLoad:
		return r.load()
	case kindChunk:
		return r.chunk()
	case kindEnd:
		return End{Complete: r.flag()}
	default:
		r.fail("kind %d is unknown", k)
		return nil
	}
}

// begin writes the kind of a frame.
func begin(b []byte, k kind) []byte { return append(b, byte(k)) }

func appendString(b []byte, s string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

func appendFlag(b []byte, set bool) []byte {
	if set {
		return append(b, 1)
	}
	return append(b, 0)
}
