package frame

import (
	"encoding/binary"
	"math"

	"github.com/distro-naming/naming-operator/sidecar/member"
	"github.com/distro-naming/naming-operator/sidecar/naming"
)

const (
	maxPort  = 65535
	mostRoom = 256 // entries that room is made for before any was read
	mostLeft = math.MaxInt32
)

// chunk reads records to the end of the frame.
func (r *reader) chunk() (c Chunk) {
	left := r.uvarint()
	for r.err == nil && len(r.rest) > 0 {
		if record := r.record(); r.err == nil {
			c.Records = append(c.Records, record)
		}
	}
	if n := uint64(len(c.Records)); r.err == nil && (left < n || left > mostLeft) {
		r.fail("%d records are announced, %d follow at once: want at most %d", left, n, uint64(mostLeft))
		return Chunk{}
	}
	c.More = int(left) - len(c.Records) //nolint:gosec // less than mostLeft
	return c
}

func (r *reader) client() naming.ClientID {
	c := naming.ClientID(r.string(maxClient))
	switch {
	case r.err != nil:
	case c == "":
		r.fail("a client has no id")
	case c.Persistent():
		r.fail("persistent client %q is not replicated", c)
	}
	return c
}

func (r *reader) record() *naming.Record {
	const least = 6
	client, stamp := r.client(), r.stamp()
	n := r.count(least)
	list := r.list[:0]
	r.room = r.room[:0]
	for i := range n {
		p := r.publication(stamp.Version)
		if r.err != nil {
			break
		}
		if i > 0 && list[i-1].Service.Compare(p.Service) >= 0 {
			r.fail("services of client %q are not in order: %s", client, p.Service)
		}
		list = append(list, p)
	}
	r.list = list
	return naming.Normal(client, stamp, list)
}

func (r *reader) stamp() naming.Stamp {
	owner, version := member.Address(r.text()), r.varint()
	if len(owner) > maxName {
		r.fail("an owner's address of %d bytes: want at most %d", len(owner), maxName)
	}
	if !r.flag() {
		return naming.Issue(owner, version)
	}
	revision := r.varint()
	if revision < math.MinInt32 || revision > math.MaxInt32 {
		r.fail("revision %d does not fit in 32 bits", revision)
		return naming.Stamp{}
	}
	return naming.Stamp{Owner: owner, Version: version, Revision: int32(revision)}
}

func (r *reader) service() naming.ServiceKey {
	return naming.ServiceKey{Namespace: r.text(), Group: r.text(), Name: r.text()}
}

func (r *reader) publication(version int64) naming.Publication {
	const least = 5
	p := naming.Publication{Service: r.service(), Since: version}
	flags := r.byte()
	if flags > flagBatch|flagSince {
		r.fail("flags %#x of a publication are unknown", flags)
	}
	p.Batch = flags&flagBatch != 0
	if flags&flagSince != 0 {
		p.Since = version - r.varint()
	}
	if n := r.count(least); n > 0 {
		start := len(r.room)
		for range n {
			r.room = append(r.room, r.instance(p.Service))
		}
		p.Instances = r.room[start:len(r.room):len(r.room)]
	}
	return p
}

func (r *reader) instance(s naming.ServiceKey) naming.Instance {
	flags := r.byte()
	if flags&unusedFlags != 0 {
		r.fail("flags %#x of an instance are unknown", flags)
	}
	i := naming.Instance{
		IP: r.string(maxText), Port: r.port(), Cluster: r.text(), Weight: 1,
		Healthy: flags&flagHealthy != 0, Enabled: flags&flagEnabled != 0,
	}
	if flags&flagWeight != 0 {
		i.Weight = r.weight()
	}
	i.ID = r.id(flags, &i, s)
	if i.Cluster == "" {
		i.Cluster = naming.DefaultCluster
	}
	i.Metadata = r.metadata()
	return i
}

func (r *reader) id(flags byte, i *naming.Instance, s naming.ServiceKey) string {
	cluster := i.Cluster
	switch flags & (flagID | flagIDUsual | flagIDNull) {
	case 0:
		return ""
	case flagID:
		return r.string(maxText)
	case flagIDUsual:
	case flagIDNull:
		cluster = unnamedCluster
	default:
		r.fail("flags %#x of an instance contradict each other", flags)
		return ""
	}
	if n := len(i.IP) + len(cluster) + len(s.Group) + len(s.Name); n > maxUsualID {
		r.fail("an instance's id is to be made of %d bytes: want at most %d", n, maxUsualID)
		return ""
	}
	return naming.UsualID(i.IP, i.Port, cluster, s)
}

func (r *reader) port() int {
	n := r.uvarint()
	if n > maxPort {
		r.fail("port %d: want at most %d", n, maxPort)
		return 0
	}
	return int(n)
}

func (r *reader) weight() float64 {
	b := r.take(8)
	if r.err != nil {
		return 0
	}
	w := math.Float64frombits(binary.BigEndian.Uint64(b))
	if math.IsNaN(w) || math.IsInf(w, 0) {
		r.fail("weight %v is not a number", w)
	}
	return w
}

func (r *reader) metadata() map[string]string {
	switch n := r.uvarint(); {
	case n == 0:
		return nil
	case n > uint64(len(r.sets))+1:
		r.fail("metadata %d is named, %d are known", n-1, len(r.sets))
		return nil
	case n > 1:
		return r.sets[n-2]
	}
	const least = 2
	n := r.count(least)
	m := make(map[string]string, min(n, mostRoom))
	for range n {
		k := r.text()
		m[k] = r.text()
	}
	r.sets = append(r.sets, m)
	return m
}
