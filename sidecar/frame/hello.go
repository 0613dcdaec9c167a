package frame

import (
	"encoding/binary"

	"github.com/distro-naming/naming-operator/sidecar/member"
	"github.com/distro-naming/naming-operator/sidecar/naming"
)

// Append writes the frame behind b.
func (f Hello) Append(b []byte) []byte {
	b = appendString(begin(b, kindHello), string(f.Member))
	b = binary.AppendVarint(b, f.Epoch)
	b = binary.AppendVarint(b, f.Clock)
	b = binary.AppendUvarint(b, f.Session)
	return binary.AppendUvarint(b, f.Acked)
}

func (r *reader) hello() Hello {
	return Hello{
		Member: r.member(), Epoch: r.varint(), Clock: r.varint(),
		Session: r.uvarint(), Acked: r.uvarint(),
	}
}

func (r *reader) member() member.Address { return member.Address(r.string(maxName)) }

// Append writes the frame behind b.
func (f Welcome) Append(b []byte) []byte {
	b = binary.AppendVarint(begin(b, kindWelcome), f.Epoch)
	b = binary.AppendVarint(b, f.Clock)
	b = appendFlag(b, f.Known)
	b = binary.AppendUvarint(b, f.Applied)
	return appendRefusals(b, f.Refused)
}

func (r *reader) welcome() Welcome {
	return Welcome{
		Epoch: r.varint(), Clock: r.varint(), Known: r.flag(),
		Applied: r.uvarint(), Refused: r.refusals(),
	}
}

// Append writes the frame behind b.
func (f Ack) Append(b []byte) []byte {
	b = binary.AppendUvarint(begin(b, kindAck), f.Seq)
	b = binary.AppendVarint(b, f.Clock)
	return appendRefusals(b, f.Refused)
}

func appendRefusals(b []byte, list []Refusal) []byte {
	b = binary.AppendUvarint(b, uint64(len(list)))
	for _, f := range list {
		b = binary.AppendUvarint(b, f.Seq)
		b = binary.AppendUvarint(b, uint64(f.Item)) //nolint:gosec // a place is not negative
		b = appendString(append(b, byte(f.Code)), f.Reason[:min(len(f.Reason), maxReason)])
	}
	return b
}

func (r *reader) refusals() []Refusal {
	const least = 4
	n := r.count(least)
	if n == 0 {
		return nil
	}
	out := make([]Refusal, 0, n)
	for range n {
		f := Refusal{Seq: r.uvarint(), Item: r.place(), Code: Code(r.byte()), Reason: r.string(maxReason)}
		out = append(out, f)
	}
	return out
}

// place reads the place of something in a frame.
func (r *reader) place() int {
	const most = 1 << 24
	n := r.uvarint()
	if n > most {
		r.fail("place %d is beyond every frame", n)
		return 0
	}
	return int(n)
}

// Append writes the frame behind b.
func (f Load) Append(b []byte) []byte {
	b = appendString(begin(b, kindLoad), string(f.Member))
	b = binary.AppendUvarint(b, uint64(len(f.Except)))
	for _, a := range f.Except {
		b = appendString(b, string(a))
	}
	return appendString(b, string(f.After))
}

func (r *reader) load() Load {
	f := Load{Member: r.member()}
	for range r.count(1) {
		f.Except = append(f.Except, r.member())
	}
	f.After = naming.ClientID(r.string(maxClient))
	return f
}

// Append writes the frame behind b.
func (f End) Append(b []byte) []byte { return appendFlag(begin(b, kindEnd), f.Complete) }
