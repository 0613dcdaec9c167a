package naming

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
)

// Registry is the truth of one member: the record of every client, and which
// clients publish in which service. It is single-threaded.
type Registry struct {
	records  map[ClientID]*Record
	services map[ServiceKey]map[ClientID]struct{}
}

// NewRegistry returns an empty registry.
func NewRegistry() *Registry {
	return &Registry{
		records:  map[ClientID]*Record{},
		services: map[ServiceKey]map[ClientID]struct{}{},
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
	changed := differing(old, r)
	g.records[r.Client] = r
	for _, s := range changed {
		g.index(s, r)
	}
	if old.Stamp == r.Stamp {
		return changed
	}
	for _, p := range r.Publications {
		if len(g.services[p.Service]) > 1 && !slices.Contains(changed, p.Service) && g.contested(r.Client, p) {
			changed = append(changed, p.Service)
		}
	}
	slices.SortFunc(changed, ServiceKey.Compare)
	return changed
}

// contested reports whether another client than c publishes an endpoint of p
// with other content.
func (g *Registry) contested(c ClientID, p Publication) bool {
	for other := range g.services[p.Service] {
		if other == c {
			continue
		}
		for _, i := range g.records[other].Find(p.Service).Instances {
			if slices.ContainsFunc(p.Instances, func(j Instance) bool { return i.Endpoint() == j.Endpoint() && !i.Equal(j) }) {
				return true
			}
		}
	}
	return false
}

// Remove forgets c and returns the services in which it had published.
func (g *Registry) Remove(c ClientID) []ServiceKey {
	old := g.records[c]
	if old == nil {
		return nil
	}
	changed := differing(old, &Record{Client: c})
	delete(g.records, c)
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

// differing returns the services in which a and b publish different things.
func differing(a, b *Record) []ServiceKey {
	var out []ServiceKey
	for _, p := range a.Publications {
		if q := b.Find(p.Service); q == nil || !equalInstances(p.Instances, q.Instances) {
			out = append(out, p.Service)
		}
	}
	for _, q := range b.Publications {
		if a.Find(q.Service) == nil {
			out = append(out, q.Service)
		}
	}
	slices.SortFunc(out, ServiceKey.Compare)
	return out
}

// Hosts returns the instances of s, sorted by endpoint, each endpoint once: of
// several publishers of one endpoint the newest registration wins, whichever
// client made it, and every member chooses the same.
func (g *Registry) Hosts(s ServiceKey) []Instance {
	type offer struct {
		Instance
		by Mark
	}
	best := map[Endpoint]offer{}
	for c := range g.services[s] {
		r := g.records[c]
		for _, i := range r.Find(s).Instances {
			held, taken := best[i.Endpoint()]
			if !taken || newer(r.Mark(), held.by) {
				best[i.Endpoint()] = offer{Instance: i, by: r.Mark()}
			}
		}
	}
	out := make([]Instance, 0, len(best))
	for _, o := range best {
		out = append(out, o.Instance)
	}
	slices.SortFunc(out, func(a, b Instance) int { return a.Endpoint().Compare(b.Endpoint()) })
	return out
}

// newer orders the publishers of one endpoint: by age, then by id. It is a
// total order, so that the answer does not depend on which is seen first.
func newer(a, b Mark) bool {
	return cmp.Or(cmp.Compare(a.age(), b.age()), cmp.Compare(a.Client, b.Client)) > 0
}

// age is the time of the mark's write in Unix milliseconds. A record of a Java
// server has no version; the id of a connection begins with its time.
func (m Mark) age() int64 {
	if m.Stamp.Version != 0 {
		return m.Stamp.Version
	}
	began, _, _ := strings.Cut(string(m.Client), "_")
	ms, err := strconv.ParseInt(began, 10, 64)
	if err != nil {
		return 0
	}
	return ms
}
