package naming

import (
	"errors"
	"slices"
)

// ErrLacksBase means that a change says what is different since a record that
// is not held; the whole record is wanted.
var ErrLacksBase = errors.New("record that the change builds on is not held")

// Change is news of one client. With a Record it is what the client publishes
// now: all of it, or, when Base is set, only what was written since the record
// of that stamp, of which Removed is no more. Without one the client ended at
// Version, 0 if unknown.
type Change struct {
	Client  ClientID
	Record  *Record
	Base    Stamp
	Removed []ServiceKey
	Version int64
}

// Since returns the news in r for who holds base, an older record of the same
// client. It is the whole of r where the time of a write does not tell what
// changed.
func (r *Record) Since(base *Record) Change {
	if base == nil || base.Client != r.Client || base.Stamp.Version == 0 || r.Stamp.Version <= base.Stamp.Version {
		return Change{Client: r.Client, Record: r}
	}
	out := Change{Client: r.Client, Base: base.Stamp}
	var fresh []entry
	held := base.entries
	for i := range r.entries {
		e := &r.entries[i]
		for len(held) > 0 && held[0].service.order(e.service) < 0 {
			out.Removed, held = append(out.Removed, *held[0].service), held[1:]
		}
		if len(held) > 0 && *held[0].service == *e.service {
			same := held[0].since == e.since && e.since != 0 && (held[0].flags^e.flags)&batch == 0 && held[0].same(e)
			if held = held[1:]; same {
				continue
			}
		}
		fresh = append(fresh, *e)
	}
	for i := range held {
		out.Removed = append(out.Removed, *held[i].service)
	}
	out.Record = &Record{Client: r.Client, Stamp: r.Stamp, entries: fresh}
	return out
}

// Whole returns the record that c makes of held, which is nil if there is none.
func (c Change) Whole(held *Record) (*Record, error) {
	switch {
	case c.Record == nil || c.Base == Stamp{}:
		return c.Record, nil
	case held == nil || held.Stamp != c.Base:
		return nil, ErrLacksBase
	}
	list := make([]entry, 0, len(held.entries)+len(c.Record.entries))
	fresh, removed := c.Record.entries, c.Removed
	for i := range held.entries {
		e := &held.entries[i]
		for len(fresh) > 0 && fresh[0].service.order(e.service) < 0 {
			list, fresh = append(list, fresh[0]), fresh[1:]
		}
		if len(fresh) > 0 && *fresh[0].service == *e.service {
			list, fresh = append(list, fresh[0]), fresh[1:]
			continue
		}
		if len(removed) > 0 && removed[0] == *e.service {
			removed = removed[1:]
			continue
		}
		list = append(list, *e)
	}
	list = slices.Clip(append(list, fresh...))
	return &Record{Client: c.Client, Stamp: c.Record.Stamp, entries: list}, nil
}
