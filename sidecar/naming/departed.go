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
	estates map[spot]*estate
}

// spot is one endpoint of one service.
type spot struct {
	service ServiceKey
	seat    seat
}

// estate is a spot that departed clients publish.
type estate struct {
	left []ClientID // the departed who publish it, each once
	claim
}

// claim is the newest registration of a spot, whoever made it.
type claim struct {
	client ClientID // "" for none
	age    int64
}

// compare orders the claims to one endpoint: the greater one is listed.
func (c claim) compare(o claim) int {
	return cmp.Or(cmp.Compare(c.age, o.age), cmp.Compare(c.client, o.client))
}

func newDeparted() departed {
	return departed{clients: map[ClientID]struct{}{}, estates: map[spot]*estate{}}
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

// FindHeirs looks among all records for those that took over an endpoint of a
// departed client before that was known to have departed. It looks at every
// instance.
func (g *Registry) FindHeirs() {
	if len(g.departed.clients) == 0 {
		return
	}
	for r := range g.All() {
		g.departed.inherit(r)
	}
}

// Return notes that a client has not departed after all, and returns the
// services in which it may be listed again.
func (g *Registry) Return(c ClientID) (services []ServiceKey) {
	if !g.Departed(c) {
		return nil
	}
	r := g.Record(c)
	g.departed.leave(r)
	delete(g.departed.clients, c)
	for i := range r.entries {
		services = append(services, *r.entries[i].service)
		if s := g.services[*r.entries[i].service]; s != nil {
			s.changed = true
		}
	}
	return services
}

// AllDeparted goes through the departed clients in no order.
func (g *Registry) AllDeparted() iter.Seq[ClientID] { return maps.Keys(g.departed.clients) }

// Departed reports whether c has departed.
func (g *Registry) Departed(c ClientID) bool {
	_, known := g.departed.clients[c]
	return known
}

// Heir returns who took over the endpoint e of s from the departed client c, or
// "".
func (g *Registry) Heir(c ClientID, s ServiceKey, e Endpoint) ClientID {
	r := g.Record(c)
	if r == nil || !g.Departed(c) {
		return ""
	}
	i, found := r.search(&s)
	if !found {
		return ""
	}
	return g.departed.heirOf(spot{s, seatOf(e)}, claim{c, age(r.entries[i].since, c)})
}

// heir returns who took over what a departed client offers, or "".
func (d *departed) heir(s ServiceKey, o *offer) ClientID {
	if len(d.clients) == 0 {
		return ""
	}
	if _, left := d.clients[o.client]; !left {
		return ""
	}
	return d.heirOf(spot{s, seatOf(o.Endpoint())}, claim{o.client, o.age()})
}

func (d *departed) heirOf(at spot, mine claim) ClientID {
	if e := d.estates[at]; e != nil && e.compare(mine) > 0 {
		return e.client
	}
	return ""
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
	for at := range r.spots() {
		e := d.estates[at]
		if e == nil {
			e = &estate{}
			d.estates[at] = e
		}
		if !slices.Contains(e.left, r.Client) {
			e.left = append(e.left, r.Client)
		}
	}
}

// leave forgets what a departed client publishes.
func (d *departed) leave(r *Record) {
	if _, left := d.clients[r.Client]; !left {
		return
	}
	for at := range r.spots() {
		e := d.estates[at]
		if e == nil {
			continue // a batch may name an endpoint twice
		}
		e.left = slices.DeleteFunc(e.left, func(c ClientID) bool { return c == r.Client })
		if len(e.left) == 0 {
			delete(d.estates, at)
		}
	}
}

// inherit notes which spots of departed clients r has registered last.
func (d *departed) inherit(r *Record) {
	for at, since := range r.spots() {
		e := d.estates[at]
		if e == nil {
			continue
		}
		if mine := (claim{r.Client, age(since, r.Client)}); e.client == "" || mine.compare(e.claim) > 0 {
			e.claim = mine
		}
	}
}

// spots goes through what the record publishes, each with its time.
func (r *Record) spots() iter.Seq2[spot, int64] {
	return func(yield func(spot, int64) bool) {
		for i := range r.entries {
			e := &r.entries[i]
			list, several := e.several()
			if !several && !yield(spot{*e.service, e.seat()}, e.since) {
				return
			}
			for _, one := range list {
				if !yield(spot{*e.service, one.seat()}, e.since) {
					return
				}
			}
		}
	}
}
