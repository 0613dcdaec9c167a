package frame

import (
	"encoding/binary"

	"github.com/distro-naming/naming-operator/sidecar/naming"
)

// Append writes the frame behind b.
func (f Summarize) Append(b []byte) []byte {
	return append(binary.AppendUvarint(begin(b, kindSummarize), f.ID), f.Root[:]...)
}

// Append writes the frame behind b.
func (f Buckets) Append(b []byte) []byte {
	b = binary.AppendUvarint(begin(b, kindBuckets), f.ID)
	b = binary.AppendUvarint(b, uint64(len(f.Digests)))
	for _, d := range f.Digests {
		b = append(b, d[:]...)
	}
	return b
}

func (r *reader) buckets() Buckets {
	const each = 16
	f := Buckets{ID: r.uvarint()}
	for range r.count(each) {
		f.Digests = append(f.Digests, r.digest())
	}
	return f
}

// Append writes the frame behind b.
func (f Detail) Append(b []byte) []byte {
	b = append(binary.AppendUvarint(begin(b, kindDetail), f.ID), f.Held[:]...)
	b = binary.AppendUvarint(b, uint64(len(f.Buckets)))
	b = append(b, f.Buckets...)
	b = binary.AppendUvarint(b, uint64(len(f.Marks)))
	e := Encoder{}
	e.forget()
	for _, m := range f.Marks {
		b = e.stamp(appendString(b, string(m.Client)), m.Stamp)
	}
	return b
}

func (r *reader) detail() Detail {
	const least = 4
	f := Detail{ID: r.uvarint(), Held: r.digest()}
	if n := r.count(1); n > 0 {
		f.Buckets = append(f.Buckets, r.take(uint64(n))...) //nolint:gosec // a count is not negative
	}
	if n := r.count(least); n > 0 {
		f.Marks = make([]naming.Mark, 0, n)
		for range n {
			f.Marks = append(f.Marks, naming.Mark{Client: r.client(), Stamp: r.stamp()})
		}
	}
	return f
}

// Append writes the frame behind b.
func (f Different) Append(b []byte) []byte {
	b = binary.AppendUvarint(begin(b, kindDifferent), f.ID)
	b = binary.AppendUvarint(b, uint64(len(f.Clients)))
	for _, c := range f.Clients {
		b = appendString(b, string(c))
	}
	return b
}

func (r *reader) different() Different {
	const least = 2
	f := Different{ID: r.uvarint()}
	for range r.count(least) {
		f.Clients = append(f.Clients, r.client())
	}
	return f
}

// Append writes the frame behind b.
func (f Failed) Append(b []byte) []byte {
	b = binary.AppendUvarint(begin(b, kindFailed), f.ID)
	return appendString(b, f.Reason[:min(len(f.Reason), maxReason)])
}
