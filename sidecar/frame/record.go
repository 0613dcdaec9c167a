package frame

import (
	"encoding/binary"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/distro-naming/naming-operator/sidecar/naming"
)

// Flags of a publication and of an instance. What is as usual takes no room.
const (
	flagBatch = 1 << iota // publication
	flagSince             // publication: written at another time than the record
)

const (
	flagHealthy = 1 << iota
	flagEnabled
	flagWeight // not 1
	flagID     // it has one of its own
	flagIDUsual
	flagIDNull  // the usual one of an instance whose client named no cluster
	lastFlag    = flagIDNull
	unusedFlags = ^byte(2*lastFlag - 1)
)

// unnamedCluster stands in the usual id where the client named no cluster.
const unnamedCluster = "null"

// Encoder writes what holds records. Its zero value is ready; it is used by one
// goroutine at a time.
type Encoder struct {
	texts map[string]uint64  // number of each string written
	sets  map[string]uint64  // number of each set of metadata written, by what is in it
	maps  map[uintptr]uint64 // the same by where it is, which is quicker where sets are shared

	// Scratch.
	keys []string
	set  []byte
	list []naming.Publication
	room []naming.Instance
}

// mostKept is how large a table may be and still be used again: clearing costs
// what it once held.
const mostKept = 256

// forget begins a new series of strings and metadata.
func (e *Encoder) forget() {
	e.texts, e.sets, e.maps = cleared(e.texts), cleared(e.sets), cleared(e.maps)
}

func cleared[K comparable](m map[K]uint64) map[K]uint64 {
	if m == nil || len(m) > mostKept {
		return map[K]uint64{}
	}
	clear(m)
	return m
}

// Chunk writes a Chunk of the first records of list, as many as fit in about
// limit bytes but at least one, and returns their number. The others follow.
func (e *Encoder) Chunk(b []byte, list []*naming.Record, limit int) ([]byte, int) {
	return e.chunk(b, list, len(list), limit)
}

// chunk writes a Chunk; left is the number of records in it and in those that
// follow.
func (e *Encoder) chunk(b []byte, list []*naming.Record, left, limit int) ([]byte, int) {
	e.forget()
	b = binary.AppendUvarint(begin(b, kindChunk), uint64(left)) //nolint:gosec // a number of things
	for n, r := range list {
		if b = e.record(b, r); len(b) >= limit {
			return b, n + 1
		}
	}
	return b, len(list)
}

// Append writes the frame behind b.
func (f Chunk) Append(b []byte) []byte {
	var e Encoder
	b, _ = e.chunk(b, f.Records, len(f.Records)+f.More, math.MaxInt)
	return b
}

// text writes s, or its number if it was written before.
func (e *Encoder) text(b []byte, s string) []byte {
	if n, known := e.texts[s]; known {
		return binary.AppendUvarint(b, n)
	}
	e.texts[s] = uint64(len(e.texts) + 1)
	return appendString(append(b, 0), s)
}

func (e *Encoder) record(b []byte, r *naming.Record) []byte {
	b = e.stamp(appendString(b, string(r.Client)), r.Stamp)
	e.list, e.room = r.AppendPublications(e.list[:0], e.room[:0])
	b = binary.AppendUvarint(b, uint64(len(e.list)))
	for i := range e.list {
		b = e.publication(b, &e.list[i], r.Stamp.Version)
	}
	return b
}

func (e *Encoder) stamp(b []byte, s naming.Stamp) []byte {
	b = e.text(b, string(s.Owner))
	b = binary.AppendVarint(b, s.Version)
	if s == naming.Issue(s.Owner, s.Version) && s.Version != 0 {
		return append(b, 0) // nearly always: it is made of the version
	}
	return binary.AppendVarint(append(b, 1), int64(s.Revision))
}

func (e *Encoder) service(b []byte, s naming.ServiceKey) []byte {
	return e.text(e.text(e.text(b, s.Namespace), s.Group), s.Name)
}

func (e *Encoder) publication(b []byte, p *naming.Publication, version int64) []byte {
	b = e.service(b, p.Service)
	var flags byte
	if p.Batch {
		flags |= flagBatch
	}
	if p.Since != version {
		flags |= flagSince
	}
	b = append(b, flags)
	if p.Since != version {
		b = binary.AppendVarint(b, version-p.Since)
	}
	b = binary.AppendUvarint(b, uint64(len(p.Instances)))
	for i := range p.Instances {
		b = e.instance(b, &p.Instances[i], p.Service)
	}
	return b
}

func (e *Encoder) instance(b []byte, i *naming.Instance, s naming.ServiceKey) []byte {
	flags := idFlag(i, s)
	if i.Healthy {
		flags |= flagHealthy
	}
	if i.Enabled {
		flags |= flagEnabled
	}
	if i.Weight != 1 {
		flags |= flagWeight
	}
	b = appendString(append(b, flags), i.IP)
	b = binary.AppendUvarint(b, uint64(i.Port)) //nolint:gosec // 0-65535
	b = e.text(b, i.Cluster)
	if i.Weight != 1 {
		b = binary.BigEndian.AppendUint64(b, math.Float64bits(i.Weight))
	}
	if flags&flagID != 0 {
		b = appendString(b, i.ID)
	}
	return e.metadata(b, i.Metadata)
}

// idFlag says how the id is written: not at all where Nacos made it of the rest.
func idFlag(i *naming.Instance, s naming.ServiceKey) byte {
	switch {
	case i.ID == "":
		return 0
	case len(i.ID) > maxUsualID:
		return flagID
	}
	var digits [20]byte
	port := strconv.AppendInt(digits[:0], int64(i.Port), 10)
	rest, usual := strings.CutPrefix(i.ID, i.IP)
	for _, part := range [...]string{"#", string(port), "#"} {
		if usual {
			rest, usual = strings.CutPrefix(rest, part)
		}
	}
	if !usual {
		return flagID
	}
	tail := func(cluster string) bool {
		rest, ok := strings.CutPrefix(rest, cluster)
		return ok && len(rest) > 0 && rest[0] == '#' && grouped(rest[1:], s)
	}
	switch {
	case tail(i.Cluster):
		return flagIDUsual
	case tail(unnamedCluster):
		return flagIDNull
	}
	return flagID
}

// grouped reports whether text is the name of s with its group.
func grouped(text string, s naming.ServiceKey) bool {
	rest, ok := strings.CutPrefix(text, s.Group)
	if ok {
		rest, ok = strings.CutPrefix(rest, "@@")
	}
	return ok && rest == s.Name
}

// metadata writes 0 for none, 1 before a new set, or one more than the number of
// a set that was written before.
func (e *Encoder) metadata(b []byte, m map[string]string) []byte {
	if len(m) == 0 {
		return append(b, 0)
	}
	at := reflect.ValueOf(m).Pointer()
	n, known := e.maps[at]
	if !known {
		n, known = e.find(m)
		e.maps[at] = n // who reads them meanwhile keeps them where they are
	}
	if known {
		return binary.AppendUvarint(b, n+1)
	}
	b = binary.AppendUvarint(append(b, 1), uint64(len(m)))
	for _, k := range e.keys {
		b = e.text(e.text(b, k), m[k])
	}
	return b
}

// find returns the number of a set like m and whether it was written before. Its
// keys are then e.keys, in order.
func (e *Encoder) find(m map[string]string) (uint64, bool) {
	e.keys = e.keys[:0]
	for k := range m {
		e.keys = append(e.keys, k)
	}
	slices.Sort(e.keys)
	e.set = e.set[:0]
	for _, k := range e.keys {
		e.set = appendString(appendString(e.set, k), m[k])
	}
	if n, known := e.sets[string(e.set)]; known {
		return n, true
	}
	n := uint64(len(e.sets) + 1)
	e.sets[string(e.set)] = n
	return n, false
}
