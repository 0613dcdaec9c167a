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
	whole := Change{Client: r.Client, Record: r}
	if base == nil || base.Client != r.Client || base.Stamp.Version == 0 || r.Stamp.Version <= base.Stamp.Version {
		return whole
	}
	out := Change{Client: r.Client, Base: base.Stamp}
	var fresh []Publication
	held := base.Publications
	for _, p := range r.Publications {
		for len(held) > 0 && held[0].Service.Compare(p.Service) < 0 {
			out.Removed, held = append(out.Removed, held[0].Service), held[1:]
		}
		if len(held) > 0 && held[0].Service == p.Service {
			same := held[0].Since == p.Since && p.Since != 0 && held[0].Batch == p.Batch &&
				equalInstances(held[0].Instances, p.Instances)
			if held = held[1:]; same {
				continue
			}
		}
		fresh = append(fresh, p)
	}
	for _, p := range held {
		out.Removed = append(out.Removed, p.Service)
	}
	out.Record = &Record{Client: r.Client, Stamp: r.Stamp, Publications: fresh}
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
	list := make([]Publication, 0, len(held.Publications)+len(c.Record.Publications))
	fresh, removed := c.Record.Publications, c.Removed
	for _, p := range held.Publications {
		for len(fresh) > 0 && fresh[0].Service.Compare(p.Service) < 0 {
			list, fresh = append(list, fresh[0]), fresh[1:]
		}
		if len(fresh) > 0 && fresh[0].Service == p.Service {
			list, fresh = append(list, fresh[0]), fresh[1:]
			continue
		}
		if len(removed) > 0 && removed[0] == p.Service {
			removed = removed[1:]
			continue
		}
		list = append(list, p)
	}
	list = slices.Clip(append(list, fresh...))
	return &Record{Client: c.Client, Stamp: c.Record.Stamp, Publications: list}, nil
}
