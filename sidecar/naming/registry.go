package naming

import (
	"cmp"
	"iter"
	"maps"
	"slices"
)

// Registry is the truth of one member: the record of every client, and which
// clients publish in which service. It is single-threaded.
type Registry struct {
	records  map[ClientID]*Record
	services map[ServiceKey]map[ClientID]struct{}
	departed departed
}

// NewRegistry returns an empty registry.
func NewRegistry() *Registry {
	return &Registry{
		records:  map[ClientID]*Record{},
		services: map[ServiceKey]map[ClientID]struct{}{},
		departed: newDeparted(),
	}
}

// Record returns the record of c, or nil.
func (g *Registry) Record(c ClientID) *Record { return g.records[c] }

// Len returns the number of clients.
func (g *Registry) Len() int { return len(g.records) }

// Publishers returns the number of clients that publish instances in s.
func (g *Registry) Publishers(s ServiceKey) int { return len(g.services[s]) }

// Services returns the services with at least one publisher, in order.
func (g *Registry) Services() []ServiceKey {
	out := make([]ServiceKey, 0, len(g.services))
	for k := range g.services {
		out = append(out, k)
	}
	slices.SortFunc(out, ServiceKey.Compare)
	return out
}

// All returns all records in no order, for who only counts.
func (g *Registry) All() iter.Seq[*Record] { return maps.Values(g.records) }

// Records returns all records in order of client.
func (g *Registry) Records() []*Record {
	out := make([]*Record, 0, len(g.records))
	for _, r := range g.records {
		out = append(out, r)
	}
	slices.SortFunc(out, func(a, b *Record) int { return cmp.Compare(a.Client, b.Client) })
	return out
}

// Put stores r in place of what its client published before, and returns the
// services whose answer may differ, in order. A new stamp alone changes only the
// services in which another client publishes one of its endpoints otherwise:
// there it may decide who wins.
func (g *Registry) Put(r *Record) []ServiceKey {
	old := g.records[r.Client]
	if old == nil {
		old = &Record{Client: r.Client}
	}
	changed := g.differing(old, r)
	g.records[r.Client] = r
	g.departed.replace(old, r)
	for _, s := range changed {
		g.index(s, r)
	}
	return changed
}

// Remove forgets c and returns the services in which it had published.
func (g *Registry) Remove(c ClientID) []ServiceKey {
	old := g.records[c]
	if old == nil {
		return nil
	}
	changed := g.differing(old, &Record{Client: c})
	delete(g.records, c)
	g.departed.replace(old, nil)
	for _, s := range changed {
		g.index(s, &Record{Client: c})
	}
	return changed
}

// index enters or removes r's client among the publishers of s. A batch that
// was emptied is a publisher of nothing and does not keep the service alive.
func (g *Registry) index(s ServiceKey, r *Record) {
	if p := r.Find(s); p != nil && len(p.Instances) > 0 {
		if g.services[s] == nil {
			g.services[s] = map[ClientID]struct{}{}
		}
		g.services[s][r.Client] = struct{}{}
		return
	}
	delete(g.services[s], r.Client)
	if len(g.services[s]) == 0 {
		delete(g.services, s)
	}
}

// differing returns the services, in order, whose answer may differ between the
// records a and b of one client: those in which they publish different things,
// and those in which another client publishes too and the time decides who is
// listed. Both lists are sorted, so one walk over both finds them.
func (g *Registry) differing(a, b *Record) []ServiceKey {
	var out []ServiceKey
	p, q := a.Publications, b.Publications
	for len(p) > 0 || len(q) > 0 {
		order := 0
		switch {
		case len(q) == 0:
			order = -1
		case len(p) == 0:
			order = 1
		default:
			order = p[0].Service.Compare(q[0].Service)
		}
		switch {
		case order < 0:
			out = append(out, p[0].Service)
			p = p[1:]
		case order > 0:
			out = append(out, q[0].Service)
			q = q[1:]
		default:
			if !equalInstances(p[0].Instances, q[0].Instances) ||
				p[0].Since != q[0].Since && g.Publishers(p[0].Service) > 1 {
				out = append(out, p[0].Service)
			}
			p, q = p[1:], q[1:]
		}
	}
	return out
}

// Contest is an endpoint that two clients publish.
type Contest struct {
	Endpoint Endpoint
	Listed   ClientID // registered it last
	Lost     ClientID // is not shown
}

// Compare orders contests by endpoint and clients.
func (c Contest) Compare(o Contest) int {
	return cmp.Or(c.Endpoint.Compare(o.Endpoint), cmp.Compare(c.Lost, o.Lost), cmp.Compare(c.Listed, o.Listed))
}

// Hosts returns the instances of s, sorted by endpoint, each endpoint once: of
// several publishers of one endpoint the newest registration wins, whichever
// client made it, and every member chooses the same. It also returns, in order,
// who lost.
func (g *Registry) Hosts(s ServiceKey) ([]Instance, []Contest) {
	type offer struct {
		Instance
		claim
	}
	best := map[Endpoint]offer{}
	var lost []Contest
	for c := range g.services[s] {
		p := g.records[c].Find(s)
		for _, i := range p.Instances {
			e, mine := i.Endpoint(), offer{i, claim{c, p.age(c)}}
			if g.departed.over(s, e, mine.claim) {
				lost = append(lost, Contest{e, g.departed.places[place{s, e}].client, c})
				continue
			}
			held, taken := best[e]
			switch {
			case !taken:
				best[e] = mine
			case mine.compare(held.claim) > 0:
				best[e] = mine
				lost = append(lost, Contest{Endpoint: e, Lost: held.client})
			case held.client != c:
				lost = append(lost, Contest{Endpoint: e, Lost: c})
			}
		}
	}
	out := make([]Instance, 0, len(best))
	for _, o := range best {
		out = append(out, o.Instance)
	}
	slices.SortFunc(out, func(a, b Instance) int { return a.Endpoint().Compare(b.Endpoint()) })
	for i := range lost {
		if winner, listed := best[lost[i].Endpoint]; listed {
			lost[i].Listed = winner.client
		}
	}
	slices.SortFunc(lost, Contest.Compare)
	return out, lost
}

// age is the time of the registration in Unix milliseconds. What came from a
// Java server does not say; the id of a connection begins with its time.
func (p Publication) age(c ClientID) int64 {
	if p.Since != 0 {
		return p.Since
	}
	opened, _ := c.Opened()
	return opened
}
