package naming

import (
	"cmp"
	"slices"
	"strings"
)

// Contest is an endpoint that several clients publish.
type Contest struct {
	Endpoint Endpoint
	Listed   ClientID // registered it last
	Lost     ClientID // is not shown
}

// Compare orders contests by endpoint and clients.
func (c Contest) Compare(o Contest) int {
	return cmp.Or(c.Endpoint.Compare(o.Endpoint), cmp.Compare(c.Lost, o.Lost), cmp.Compare(c.Listed, o.Listed))
}

// offer is an instance that one client publishes.
type offer struct {
	Instance
	since  int64
	client ClientID
}

// Hosts returns the instances of s, sorted by endpoint, each endpoint once: of
// several publishers of one endpoint the newest registration wins, whichever
// client made it, and every member chooses the same. It also returns, in order,
// who lost.
func (g *Registry) Hosts(s ServiceKey) ([]Instance, []Contest) {
	held := g.services[s]
	if held == nil {
		return []Instance{}, nil
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
	return g.listed(s, offers, order)
}

// listed goes through the offers of s in order: by endpoint, the newest first.
func (g *Registry) listed(s ServiceKey, offers []offer, order []int) (out []Instance, lost []Contest) {
	out = make([]Instance, 0, len(offers))
	var winner ClientID
	for _, i := range order {
		o, last := &offers[i], len(out)-1
		heir := g.departed.heir(s, o)
		switch {
		case last >= 0 && out[last].Endpoint() == o.Endpoint():
			if o.client != winner {
				lost = append(lost, Contest{o.Endpoint(), winner, o.client})
			}
		case heir != "":
			lost = append(lost, Contest{o.Endpoint(), heir, o.client})
		default:
			out, winner = append(out, o.Instance), o.client
		}
	}
	slices.SortFunc(lost, Contest.Compare)
	return out, lost
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

func (o *offer) age() int64 { return age(o.since, o.client) }

// age is the time of a registration in Unix milliseconds. What came from a Java
// server does not say; the id of a connection begins with its time.
func age(since int64, c ClientID) int64 {
	if since != 0 {
		return since
	}
	opened, _ := c.Opened()
	return opened
}
