package naming

import (
	"maps"
	"math"
	"net/netip"
	"reflect"
	"strconv"
)

// entry is a Publication as a record keeps it. A million of them must fit into
// memory: what can be derived is not kept, and what the instances of a
// deployment have in common is kept once (sharing).
type entry struct {
	service *ServiceKey
	since   int64
	packed  // the only instance; without one, or with several, traits.list
}

// packed is an Instance as an entry keeps it.
type packed struct {
	*traits
	ip    [4]byte
	port  uint16
	flags flags
}

type flags uint8

const (
	healthy flags = 1 << iota
	enabled
	plain  // the address is ip and port
	ownID  // the id is DefaultID with the instance's cluster
	nullID // the id is DefaultID with nullCluster
	batch  // of an entry
)

// nullCluster stands in the default id of an instance that came without a
// cluster.
const nullCluster = "null"

// traits are what several instances can have in common. They never change.
type traits struct {
	cluster  string
	weight   float64
	metadata map[string]string
	odd      *odd     // what is neither kept in packed nor derived
	list     []packed // not nil: the traits of an entry with none or several
}

// odd is an address that is not IPv4 or has an impossible port, and an id that is
// not made of the address.
type odd struct {
	ip   string
	port int
	id   string
}

func (t *traits) equal(o *traits) bool {
	if t == o {
		return true
	}
	return t.list == nil && o.list == nil && t.cluster == o.cluster && t.weight == o.weight &&
		(t.odd == o.odd || t.odd != nil && o.odd != nil && *t.odd == *o.odd) && equalMaps(t.metadata, o.metadata)
}

// equalMaps is maps.Equal, but sees at once that both are one, as those of one
// frame nearly always are.
func equalMaps(a, b map[string]string) bool {
	return reflect.ValueOf(a).Pointer() == reflect.ValueOf(b).Pointer() || maps.Equal(a, b)
}

func (p packed) equal(o packed) bool {
	return p.ip == o.ip && p.port == o.port && (p.flags^o.flags)&^batch == 0 && p.traits.equal(o.traits)
}

// pack returns p as a record keeps it. Traits equal to last, if any, are last.
func pack(p *Publication, service *ServiceKey, last *traits) entry {
	e := entry{service: service, since: p.Since}
	if len(p.Instances) == 1 {
		e.packed = packInstance(&p.Instances[0], service, last)
	} else {
		list := make([]packed, len(p.Instances))
		for i := range p.Instances {
			list[i] = packInstance(&p.Instances[i], service, last)
			last = list[i].traits
		}
		e.traits = &traits{list: list}
	}
	if p.Batch {
		e.flags |= batch
	}
	return e
}

func packInstance(i *Instance, service *ServiceKey, last *traits) packed {
	out := packed{}
	if i.Healthy {
		out.flags |= healthy
	}
	if i.Enabled {
		out.flags |= enabled
	}
	own := traits{cluster: i.Cluster, weight: i.Weight, metadata: i.Metadata}
	if rest := out.derive(i, service); rest != (odd{}) {
		own.odd = &odd{rest.ip, rest.port, rest.id} // only then it is kept
	}
	if last != nil && last.equal(&own) {
		out.traits = last
	} else {
		out.traits = &traits{}
		*out.traits = own
	}
	return out
}

// derive notes address and id, and returns what has no room.
func (p *packed) derive(i *Instance, service *ServiceKey) (rest odd) {
	ip, err := netip.ParseAddr(i.IP)
	if err == nil && ip.Is4() && i.Port >= 0 && i.Port <= math.MaxUint16 {
		p.ip, p.port = ip.As4(), uint16(i.Port) //nolint:gosec // in range
		p.flags |= plain
	} else {
		rest.ip, rest.port = i.IP, i.Port
	}
	var buffer [128]byte
	switch {
	case i.ID == "":
	case i.ID == string(appendID(append(buffer[:0], i.IP...), i.Port, i.Cluster, service)):
		p.flags |= ownID
	case i.ID == string(appendID(append(buffer[:0], i.IP...), i.Port, nullCluster, service)):
		p.flags |= nullID
	default:
		rest.id = i.ID
	}
	return rest
}

// unpack returns the instance that was packed for service.
func (p packed) unpack(service *ServiceKey) Instance {
	out := Instance{
		Port: int(p.port), Cluster: p.cluster, Weight: p.weight, Metadata: p.metadata,
		Healthy: p.flags&healthy != 0, Enabled: p.flags&enabled != 0,
	}
	var buffer [128]byte
	b := buffer[:0]
	if p.flags&plain != 0 {
		b = netip.AddrFrom4(p.ip).AppendTo(b)
	} else if p.odd != nil {
		b, out.Port = append(b, p.odd.ip...), p.odd.port
	}
	length := len(b)
	switch {
	case p.flags&ownID != 0:
		b = appendID(b, out.Port, p.cluster, service)
	case p.flags&nullID != 0:
		b = appendID(b, out.Port, nullCluster, service)
	case p.odd != nil:
		out.ID = p.odd.id
	}
	text := string(b) // one for both
	out.IP = text[:length]
	if len(text) > length {
		out.ID = text
	}
	return out
}

// endpoint returns what Endpoint returns of the instance that was packed.
func (p packed) endpoint() Endpoint {
	e := Endpoint{Port: int(p.port), Cluster: p.cluster}
	if p.flags&plain != 0 {
		e.IP = netip.AddrFrom4(p.ip).String()
	} else if p.odd != nil {
		e.IP, e.Port = p.odd.ip, p.odd.port
	}
	return e
}

// appendID completes an IP to a DefaultID.
func appendID(b []byte, port int, cluster string, service *ServiceKey) []byte {
	b = append(strconv.AppendInt(append(b, '#'), int64(port), 10), '#')
	b = append(append(b, cluster...), '#')
	b = append(append(b, service.Group...), groupSeparator...)
	return append(b, service.Name...)
}

// several returns the instances of an entry that has none or several.
func (e *entry) several() ([]packed, bool) { return e.list, e.list != nil }

// count is the number of instances; of a nil entry, that is none.
func (e *entry) count() int {
	if e == nil {
		return 0
	}
	if list, ok := e.several(); ok {
		return len(list)
	}
	return 1
}

// at returns the i-th instance.
func (e *entry) at(i int) packed {
	if list, ok := e.several(); ok {
		return list[i]
	}
	return e.packed
}

// publication returns the entry with its unpacked instances.
func (e *entry) publication(instances []Instance) Publication {
	return Publication{Service: *e.service, Instances: instances, Batch: e.flags&batch != 0, Since: e.since}
}

// appendTo unpacks the instances.
func (e *entry) appendTo(out []Instance) []Instance {
	list, ok := e.several()
	if !ok {
		return append(out, e.unpack(e.service))
	}
	for _, one := range list {
		out = append(out, one.unpack(e.service))
	}
	return out
}

// same reports whether both publish the same instances in the same service.
func (e *entry) same(o *entry) bool {
	mine, ok := e.several()
	theirs, alike := o.several()
	switch {
	case ok != alike || len(mine) != len(theirs):
		return false
	case !ok:
		return e.equal(o.packed)
	}
	for i := range mine {
		if !mine[i].equal(theirs[i]) {
			return false
		}
	}
	return true
}
