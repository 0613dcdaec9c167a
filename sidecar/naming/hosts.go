package naming

import (
	"cmp"
	"slices"
	"strings"
)

// offer is an instance that one client publishes.
type offer struct {
	Instance
	since  int64
	client ClientID
}

// Hosts returns the instances of s, sorted by endpoint, each endpoint once: of
// several publishers of one endpoint the newest registration wins, whichever
// client made it, and every member chooses the same.
func (g *Registry) Hosts(s ServiceKey) []Instance {
	held := g.services[s]
	if held == nil {
		return []Instance{}
	}
	offers := make([]offer, 0, len(held.at))
	for at := range held.at {
		offers = g.records[at].offers(&held.service, offers)
	}
	order := make([]int, len(offers)) // offers are large to be moved
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(i, j int) int {
		a, b := &offers[i], &offers[j]
		if a.IP != b.IP { // nearly always
			return strings.Compare(a.IP, b.IP)
		}
		if byEndpoint := a.Endpoint().Compare(b.Endpoint()); byEndpoint != 0 {
			return byEndpoint
		}
		return cmp.Or(b.compareAge(a), cmp.Compare(i, j)) // the newest first; of a client's own its first
	})
	out := make([]Instance, 0, len(offers))
	for _, i := range order {
		if last := len(out) - 1; last < 0 || out[last].Endpoint() != offers[i].Endpoint() {
			out = append(out, offers[i].Instance)
		}
	}
	return out
}

// offers appends what r publishes in s.
func (r *Record) offers(s *ServiceKey, out []offer) []offer {
	i, found := r.search(s)
	if !found {
		return out
	}
	e := &r.entries[i]
	list, several := e.several()
	if !several {
		return append(out, offer{e.unpack(s), e.since, r.Client})
	}
	for _, one := range list {
		out = append(out, offer{one.unpack(s), e.since, r.Client})
	}
	return out
}

// compareAge orders offers of one endpoint, the newest last.
func (o *offer) compareAge(p *offer) int {
	return cmp.Or(cmp.Compare(o.age(), p.age()), cmp.Compare(o.client, p.client))
}

// age is the time of the registration in Unix milliseconds. What came from a
// Java server does not say; the id of a connection begins with its time.
func (o *offer) age() int64 {
	if o.since != 0 {
		return o.since
	}
	opened, _ := o.client.Opened()
	return opened
}
