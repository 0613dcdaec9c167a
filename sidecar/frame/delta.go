package frame

import (
	"encoding/binary"

	"github.com/distro-naming/naming-operator/sidecar/naming"
)

// Delta is a batch of changes: the one numbered Seq of its session. Seen is the
// last one whose Ack the sender has read.
type Delta struct {
	Seq     uint64
	Seen    uint64
	Clock   int64
	Changes []naming.Change
}

// what a change says.
const (
	changeDrop  byte = iota + 1
	changeWhole      // a record
	changePart       // what is different since another
)

// Append writes the frame behind b. Who sends the same changes to several peers
// writes them once with Encoder.Change.
func (f Delta) Append(b []byte) []byte {
	var e Encoder
	b = AppendDelta(b, f.Seq, f.Seen, f.Clock)
	for _, c := range f.Changes {
		b = AppendChange(b, e.Change(nil, c))
	}
	return b
}

// AppendDelta begins a Delta; its changes follow, each by AppendChange.
func AppendDelta(b []byte, seq, seen uint64, clock int64) []byte {
	b = binary.AppendUvarint(begin(b, kindDelta), seq)
	b = binary.AppendUvarint(b, seen)
	return binary.AppendVarint(b, clock)
}

// AppendChange adds a change, as Encoder.Change wrote it, to a Delta.
func AppendChange(b, change []byte) []byte {
	return append(binary.AppendUvarint(b, uint64(len(change))), change...)
}

// Change writes a change so that it can be read apart from all others.
func (e *Encoder) Change(b []byte, c naming.Change) []byte {
	e.forget()
	switch {
	case c.Record == nil:
		b = appendString(append(b, changeDrop), string(c.Client))
		return binary.AppendVarint(b, c.Version)
	case c.Base == naming.Stamp{}:
		return e.record(append(b, changeWhole), c.Record)
	}
	b = e.stamp(append(b, changePart), c.Base)
	b = binary.AppendUvarint(b, uint64(len(c.Removed)))
	for _, s := range c.Removed {
		b = e.service(b, s)
	}
	return e.record(b, c.Record)
}

func (r *reader) delta() Delta {
	f := Delta{Seq: r.uvarint(), Seen: r.uvarint(), Clock: r.varint()}
	for r.err == nil && len(r.rest) > 0 {
		inner := reader{rest: r.take(r.uvarint()), texts: r.texts[:0], sets: r.sets[:0], list: r.list, room: r.room}
		c := inner.change()
		if inner.err == nil && len(inner.rest) > 0 {
			inner.fail("change %d: %d bytes follow its end", len(f.Changes), len(inner.rest))
		}
		if inner.err != nil {
			r.fail("change %d: %w", len(f.Changes), inner.err)
		}
		r.texts, r.sets, r.list, r.room = inner.texts, inner.sets, inner.list, inner.room
		f.Changes = append(f.Changes, c)
	}
	return f
}

func (r *reader) change() (c naming.Change) {
	switch what := r.byte(); what {
	case changeDrop:
		return naming.Change{Client: r.client(), Version: r.varint()}
	case changeWhole:
		c.Record = r.record()
	case changePart:
		c = r.part()
	default:
		r.fail("change of kind %d is unknown", what)
	}
	if r.err != nil {
		return naming.Change{}
	}
	c.Client = c.Record.Client
	return c
}

func (r *reader) part() naming.Change {
	const least = 3
	c := naming.Change{Base: r.stamp()}
	for i := range r.count(least) {
		c.Removed = append(c.Removed, r.service())
		if i > 0 && c.Removed[i-1].Compare(c.Removed[i]) >= 0 {
			r.fail("removed services are not in order")
		}
	}
	c.Record = r.record()
	if c.Base.Version == 0 {
		r.fail("the record that is built on has no version")
	}
	return c
}
