package naming

import "iter"

// Instances returns the number of instances that all answers together list: what
// Hosts would return, without making it. A service is counted again only when
// it has changed.
func (g *Registry) Instances() int {
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
	distinct := make(map[seat]struct{}, len(s.at))
	for at := range s.at {
		r := g.records[at]
		i, _ := r.search(&s.service)
		e := &r.entries[i]
		list, several := e.several()
		if !several {
			distinct[e.seat()] = struct{}{}
			continue
		}
		for _, one := range list {
			distinct[one.seat()] = struct{}{}
		}
	}
	return len(distinct)
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
