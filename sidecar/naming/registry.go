package naming

import (
	"cmp"
	"iter"
	"maps"
	"slices"
)

// Registry is the truth of one member: the record of every client, and which
// clients publish in which service. It is single-threaded.
//
// Records that it was given share what they have in common: names of services,
// metadata, addresses of owners.
type Registry struct {
	places   map[ClientID]place
	records  []*Record // by place; nil where there is none
	room     int       // clients that it was made for
	free     []place
	idle     map[place]struct{} // those of clients that publish in no service
	services map[ServiceKey]*publishers

	sharing  sharing
	departed departed
}

// place stands for a client as long as it publishes.
type place uint32

// publishers are the clients with instances in a service: at least one.
type publishers struct {
	service ServiceKey
	at      map[place]struct{}
	listed  int  // endpoints, when they were last counted
	changed bool // since then
}

// NewRegistry returns an empty registry.
func NewRegistry() *Registry {
	return &Registry{
		places: map[ClientID]place{}, idle: map[place]struct{}{}, services: map[ServiceKey]*publishers{},
		sharing: newSharing(), departed: newDeparted(),
	}
}

// Record returns the record of c, or nil.
func (g *Registry) Record(c ClientID) *Record {
	at, found := g.places[c]
	if !found {
		return nil
	}
	return g.records[at]
}

// Len returns the number of clients.
func (g *Registry) Len() int { return len(g.places) }

// Publishers returns the number of clients that publish instances in s.
func (g *Registry) Publishers(s ServiceKey) int {
	held := g.services[s]
	if held == nil {
		return 0
	}
	return len(held.at)
}

// Services returns the services with at least one publisher, in order.
func (g *Registry) Services() []ServiceKey {
	return slices.SortedFunc(maps.Keys(g.services), ServiceKey.Compare)
}

// In returns the records of the clients that publish instances in s, in no order.
func (g *Registry) In(s ServiceKey) iter.Seq[*Record] {
	return func(yield func(*Record) bool) {
		held := g.services[s]
		if held == nil {
			return
		}
		for at := range held.at {
			if !yield(g.records[at]) {
				return
			}
		}
	}
}

// All returns all records in no order, for who only counts.
func (g *Registry) All() iter.Seq[*Record] {
	return func(yield func(*Record) bool) {
		for _, r := range g.records {
			if r != nil && !yield(r) {
				return
			}
		}
	}
}

// Records returns all records in order of client.
func (g *Registry) Records() []*Record {
	out := slices.AppendSeq(make([]*Record, 0, g.Len()), g.All())
	slices.SortFunc(out, func(a, b *Record) int { return cmp.Compare(a.Client, b.Client) })
	return out
}

// Put stores r in place of what its client published before, and returns the
// services whose answer may differ, in order. A new stamp alone changes only the
// services in which another client publishes one of its endpoints otherwise:
// there it may decide who wins. A record that was never put into a registry
// belongs to this one from now on: nobody else may have it yet.
func (g *Registry) Put(r *Record) []ServiceKey {
	at, known := g.places[r.Client]
	var old *Record
	if known {
		old = g.records[at]
	} else {
		old = &Record{}
		at = g.settle()
		g.places[r.Client] = at
	}
	changed := g.replace(at, old, r)
	if !r.shared {
		if known {
			r.Client = old.Client
		}
		r.Stamp.Owner = g.sharing.owner(r.Stamp.Owner)
		r.shared = true
	}
	g.records[at] = r
	if r.Len() == 0 {
		g.idle[at] = struct{}{}
	} else {
		delete(g.idle, at)
	}
	g.departed.replace(old, r)
	return changed
}

// Expect makes room for that many clients more, so that it need not be made bit by
// bit while they come. To be told again meanwhile what is still to come costs
// nothing.
func (g *Registry) Expect(clients int) {
	need := len(g.places) + clients
	if need <= max(g.room, len(g.places))*3/2 {
		return
	}
	g.room = need
	places := make(map[ClientID]place, need)
	maps.Copy(places, g.places)
	g.places, g.records = places, slices.Grow(g.records, clients)
}

// settle returns a place that is free.
func (g *Registry) settle() place {
	if last := len(g.free) - 1; last >= 0 {
		at := g.free[last]
		g.free = g.free[:last]
		return at
	}
	g.records = append(g.records, nil)
	return place(len(g.records) - 1) //nolint:gosec // memory ends long before
}

// Remove forgets c and returns the services in which it had published.
func (g *Registry) Remove(c ClientID) []ServiceKey {
	at, found := g.places[c]
	if !found {
		return nil
	}
	old := g.records[at]
	changed := g.replace(at, old, &Record{})
	g.records[at] = nil
	delete(g.idle, at)
	g.departed.replace(old, nil)
	delete(g.places, c)
	g.free = append(g.free, at)
	return changed
}
