package naming

import (
	"hash/maphash"
	"iter"
	"slices"
)

// Instances returns the number of instances that all answers together list: what
// Hosts would return, without making it. A service is counted again only when
// it has changed.
func (g *Registry) Instances() int {
	if len(g.departed.clients) == 0 && g.mostChanged() {
		g.countAll()
	}
	n := 0
	for _, s := range g.services {
		switch {
		case !s.changed:
		case len(g.departed.clients) > 0: // of whom not everything is listed
			hosts, _ := g.Hosts(s.service)
			s.listed, s.changed = len(hosts), false
		default:
			s.listed, s.changed = g.count(s), false
		}
		n += s.listed
	}
	return n
}

// mostChanged reports whether so much has changed that it is quicker to look at
// every record in turn than at those of each service.
func (g *Registry) mostChanged() bool {
	all, changed := 0, 0
	for _, s := range g.services {
		all += len(s.at)
		if s.changed {
			changed += len(s.at)
		}
	}
	return 4*changed > all
}

// countAll counts every service again.
func (g *Registry) countAll() {
	of := make(map[*ServiceKey]*seats, len(g.services))
	for _, s := range g.services {
		room := make(seats, 0, len(s.at))
		of[&s.service] = &room
	}
	for r := range g.All() {
		for i := range r.entries {
			e := &r.entries[i]
			if e.count() == 0 {
				continue
			}
			list := of[e.service]
			if list == nil { // it was first put into another registry
				list = of[&g.services[*e.service].service]
			}
			list.add(e)
		}
	}
	for _, s := range g.services {
		s.listed, s.changed = of[&s.service].distinct(), false
	}
}

// Idle returns the records, in no order, that publish in no service: of clients
// that withdrew everything and are still there.
func (g *Registry) Idle() iter.Seq[*Record] {
	return func(yield func(*Record) bool) {
		for at := range g.idle {
			if !yield(g.records[at]) {
				return
			}
		}
	}
}

// count returns the number of endpoints of s.
func (g *Registry) count(s *publishers) int {
	list := make(seats, 0, len(s.at))
	for at := range s.at {
		r := g.records[at]
		i, _ := r.search(&s.service)
		list.add(&r.entries[i])
	}
	return list.distinct()
}

// seats are hashes of seats: of 64 bits, so that two of one service are as good as
// never alike by chance.
type seats []uint64

var seed = maphash.MakeSeed()

// add notes the seats of an entry.
func (s *seats) add(e *entry) {
	list, several := e.several()
	if !several {
		*s = append(*s, maphash.Comparable(seed, e.seat()))
		return
	}
	for _, one := range list {
		*s = append(*s, maphash.Comparable(seed, one.seat()))
	}
}

// distinct returns how many different seats there are. It changes their order.
func (s *seats) distinct() int {
	slices.Sort(*s)
	return len(slices.Compact(*s))
}

// seatOf returns what stands for e.
func seatOf(e Endpoint) seat {
	var p packed
	i := Instance{IP: e.IP, Port: e.Port}
	rest := p.derive(&i, &ServiceKey{})
	s := seat{ip: p.ip, port: int(p.port), cluster: e.Cluster}
	if p.flags&plain == 0 {
		s.odd, s.port = rest.ip, rest.port
	}
	return s
}

// seat stands for an Endpoint.
type seat struct {
	ip      [4]byte
	port    int
	odd     string // address
	cluster string
}

func (p packed) seat() seat {
	s := seat{ip: p.ip, port: int(p.port), cluster: p.cluster}
	if p.flags&plain == 0 && p.odd != nil {
		s.odd, s.port = p.odd.ip, p.odd.port
	}
	return s
}
