package naming

import (
	"cmp"
	"iter"
	"maps"
	"slices"
)

// departed are clients whose connection has ended, or whose member leaves or
// has died, while what they published is still listed. Where another client
// registers one of their endpoints after them, theirs is over for good: it does
// not come back when the other one withdraws it.
//
// It is empty, and costs nothing, while nobody has departed.
type departed struct {
	clients map[ClientID]struct{}
	places  map[place]*estate
}

// place is one endpoint of one service.
type place struct {
	service  ServiceKey
	endpoint Endpoint
}

// estate is what becomes of a place that departed clients publish.
type estate struct {
	left []ClientID // the departed who publish it, each once
	claim
}

// claim is the registration of an endpoint by a client.
type claim struct {
	client ClientID
	age    int64
}

// compare orders the claims to one endpoint: the greater one is listed.
func (c claim) compare(o claim) int {
	return cmp.Or(cmp.Compare(c.age, o.age), cmp.Compare(c.client, o.client))
}

func newDeparted() departed {
	return departed{clients: map[ClientID]struct{}{}, places: map[place]*estate{}}
}

// Depart notes that a client has departed; one that publishes nothing is not
// known. It changes no answer.
func (g *Registry) Depart(c ClientID) {
	r := g.Record(c)
	if r == nil || g.Departed(c) {
		return
	}
	g.departed.clients[c] = struct{}{}
	g.departed.enter(r)
	g.departed.inherit(r)
}

// Settle looks among all records for those that have taken over an endpoint of
// a departed client before it was known to have departed. It takes the time of
// one look at every instance.
func (g *Registry) Settle() {
	if len(g.departed.clients) == 0 {
		return
	}
	for r := range g.All() {
		g.departed.inherit(r)
	}
}

// Return notes that a client has not departed after all, and returns the
// services in which it may be listed again.
func (g *Registry) Return(c ClientID) []ServiceKey {
	if !g.Departed(c) {
		return nil
	}
	r := g.Record(c)
	g.departed.leave(r)
	delete(g.departed.clients, c)
	var out []ServiceKey
	for p := range r.All() {
		out = append(out, p.Service)
	}
	return out
}

// AllDeparted goes through the departed clients in no order.
func (g *Registry) AllDeparted() iter.Seq[ClientID] { return maps.Keys(g.departed.clients) }

// Departed reports whether c has departed.
func (g *Registry) Departed(c ClientID) bool {
	_, known := g.departed.clients[c]
	return known
}

// Replaced returns the departed clients, in order, of which r has taken over an
// endpoint.
func (g *Registry) Replaced(r *Record) []ClientID {
	if len(g.departed.places) == 0 {
		return nil
	}
	var out []ClientID
	for p := range r.All() {
		for _, i := range p.Instances {
			e := g.departed.places[place{p.Service, i.Endpoint()}]
			if e == nil || e.client != r.Client {
				continue
			}
			for _, c := range e.left {
				if g.departed.over(p.Service, i.Endpoint(), claim{c, g.Record(c).Find(p.Service).age(c)}) {
					out = append(out, c)
				}
			}
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// Heir returns who took over the endpoint e of s from c when c had departed, or
// "".
func (g *Registry) Heir(c ClientID, s ServiceKey, e Endpoint) ClientID {
	p := g.Record(c).Find(s)
	if p == nil || !g.departed.over(s, e, claim{c, p.age(c)}) {
		return ""
	}
	return g.departed.places[place{s, e}].client
}

// over reports whether mine, the claim of a departed client, has been taken over.
func (d *departed) over(s ServiceKey, e Endpoint, mine claim) bool {
	if len(d.clients) == 0 {
		return false
	}
	if _, left := d.clients[mine.client]; !left {
		return false
	}
	heir := d.places[place{s, e}]
	return heir != nil && heir.client != "" && heir.compare(mine) > 0
}

// replace notes that the record fresh of a client stands in place of old; nil
// stands for none.
func (d *departed) replace(old, fresh *Record) {
	if len(d.clients) == 0 {
		return
	}
	d.leave(old)
	if fresh == nil {
		delete(d.clients, old.Client)
		return
	}
	d.enter(fresh)
	d.inherit(fresh)
}

// enter notes what a departed client publishes.
func (d *departed) enter(r *Record) {
	if _, left := d.clients[r.Client]; !left {
		return
	}
	for p := range r.All() {
		for _, i := range p.Instances {
			at := place{p.Service, i.Endpoint()}
			e := d.places[at]
			if e == nil {
				e = &estate{}
				d.places[at] = e
			}
			if !slices.Contains(e.left, r.Client) {
				e.left = append(e.left, r.Client)
			}
		}
	}
}

// leave forgets what a departed client publishes.
func (d *departed) leave(r *Record) {
	if _, left := d.clients[r.Client]; !left {
		return
	}
	for p := range r.All() {
		for _, i := range p.Instances {
			at := place{p.Service, i.Endpoint()}
			e := d.places[at]
			if e == nil {
				continue // a batch may name an endpoint twice
			}
			e.left = slices.DeleteFunc(e.left, func(c ClientID) bool { return c == r.Client })
			if len(e.left) == 0 {
				delete(d.places, at)
			}
		}
	}
}

// inherit notes which places of departed clients r has taken over.
func (d *departed) inherit(r *Record) {
	for p := range r.All() {
		for _, i := range p.Instances {
			e := d.places[place{p.Service, i.Endpoint()}]
			if e == nil {
				continue
			}
			if mine := (claim{r.Client, p.age(r.Client)}); e.client == "" || mine.compare(e.claim) > 0 {
				e.claim = mine
			}
		}
	}
}
