package naming

// replace enters and removes the client at a place among the publishers of what
// it publishes now instead of what it did, and returns the services, in order,
// whose answer may differ: those in which it publishes different things, and
// those in which another client publishes too and the time decides who is
// listed. Both lists are sorted, so one walk over both finds them. On the way
// fresh comes to share what is held, if it may still be changed.
func (g *Registry) replace(at place, old, fresh *Record) (changed []ServiceKey) {
	p, q := old.entries, fresh.entries
	for len(p) > 0 || len(q) > 0 {
		order := 0
		switch {
		case len(p) > 0 && len(q) > 0 && p[0] == q[0]: // nearly all of a large record
			p, q = p[1:], q[1:]
			continue
		case len(q) == 0:
			order = -1
		case len(p) == 0:
			order = 1
		default:
			order = p[0].service.order(q[0].service)
		}
		switch {
		case order < 0:
			changed = append(changed, *p[0].service)
			g.leave(at, &p[0])
			p = p[1:]
		case order > 0:
			g.enter(at, &q[0], fresh.shared)
			changed = append(changed, *q[0].service)
			q = q[1:]
		default:
			if g.update(at, &p[0], &q[0], fresh.shared) {
				changed = append(changed, *q[0].service)
			}
			p, q = p[1:], q[1:]
		}
	}
	return changed
}

// enter makes the client a publisher. A batch that was emptied is a publication
// of nothing and does not keep the service alive.
func (g *Registry) enter(at place, e *entry, shared bool) {
	if e.count() > 0 {
		s := g.services[*e.service]
		if s == nil {
			s = &publishers{service: *e.service, at: map[place]struct{}{}}
			g.services[s.service] = s
		}
		s.at[at], s.changed = struct{}{}, true
		if !shared {
			e.service = &s.service
		}
	}
	if !shared {
		g.shareTraits(e)
	}
}

func (g *Registry) leave(at place, e *entry) {
	s := g.services[*e.service]
	if s == nil {
		return
	}
	delete(s.at, at)
	s.changed = true
	if len(s.at) == 0 {
		delete(g.services, s.service)
	}
}

// update puts fresh in place of old, both in one service, and reports whether
// the answer may differ.
func (g *Registry) update(at place, old, fresh *entry, shared bool) bool {
	if !old.same(fresh) {
		if fresh.count() == 0 {
			g.leave(at, old)
		}
		g.enter(at, fresh, shared)
		return true
	}
	if !shared {
		fresh.service, fresh.traits = old.service, old.traits
	}
	return old.since != fresh.since && g.Publishers(*old.service) > 1
}

// shareTraits lets the instances of an entry that may still be changed share
// what is held. The list of a batch may be another record's too.
func (g *Registry) shareTraits(e *entry) {
	list, ok := e.several()
	if !ok {
		e.traits = g.sharing.share(e.traits)
		return
	}
	list = append(make([]packed, 0, len(list)), list...)
	for i := range list {
		list[i].traits = g.sharing.share(list[i].traits)
	}
	e.traits = &traits{list: list}
}
