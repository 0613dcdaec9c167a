package naming

import (
	"cmp"
	"slices"

	"github.com/distro-naming/naming-operator/sidecar/member"
)

// Stamp is the version of one client's record.
//
// Version is hybrid time: the owner's Unix milliseconds at the write, or one
// more than the last version, whichever is larger. It orders all writes of a
// client, also when its ownership moves between members. Records that came from
// a Java server carry no version; they have only the Revision, which is
// compared for equality (gRPC page, 5.10).
type Stamp struct {
	Owner    member.Address // the member that wrote it; empty when unknown
	Version  int64          // 0 when unknown
	Revision int32          // what goes over the Nacos wire; compared for equality
}

// Issue returns the stamp of a write by owner at version, with a revision that
// changes whenever the version does and is never 0, which Nacos takes as "any".
func Issue(owner member.Address, version int64) Stamp {
	revision := int32(version & 0x7fffffff) //nolint:gosec // masked to 31 bits
	if revision == 0 {
		revision = 1
	}
	return Stamp{Owner: owner, Version: version, Revision: revision}
}

// Supersedes reports whether a record with stamp s should replace one with
// stamp held. Between versioned stamps the higher version wins and the owner's
// name breaks a tie, so that every member chooses the same; when one of them
// has no version, any other revision replaces it.
func (s Stamp) Supersedes(held Stamp) bool {
	if s.Version != 0 && held.Version != 0 {
		return cmp.Or(cmp.Compare(s.Version, held.Version), cmp.Compare(s.Owner, held.Owner)) > 0
	}
	return s.Revision != held.Revision
}

// Publication is what a client publishes in one service.
type Publication struct {
	Service   ServiceKey
	Instances []Instance // one, or any number when Batch
	Batch     bool       // published by a batch request
	Since     int64      // version at which it was written; 0 when unknown
}

// Record is everything one client publishes, in order of service. It is
// immutable once handed out and may be shared by goroutines. Make it with
// Normal, or from another one.
type Record struct {
	Client ClientID
	Stamp  Stamp

	entries []entry // in order of service, one for each
	shared  bool    // it was put into a registry, which let it share what others hold
}

// Mark is the name of a record without its content.
type Mark struct {
	Client ClientID
	Stamp  Stamp
}

// Mark returns the record's name.
func (r *Record) Mark() Mark { return Mark{Client: r.Client, Stamp: r.Stamp} }

// Len returns the number of services in which the record publishes, be it
// nothing.
func (r *Record) Len() int { return len(r.entries) }

// Instances returns how many instances the record publishes, in all services.
func (r *Record) Instances() (n int) {
	for i := range r.entries {
		n += r.entries[i].count()
	}
	return n
}

// Has returns how many instances the record publishes in s, and whether s is among
// its services.
func (r *Record) Has(s ServiceKey) (n int, known bool) {
	e := r.entry(&s)
	return e.count(), e != nil
}

// Publications returns what the record publishes, in order of service. It is
// made for the caller, except for metadata.
func (r *Record) Publications() []Publication {
	count := 0
	for i := range r.entries {
		count += r.entries[i].count()
	}
	out, _ := r.AppendPublications(make([]Publication, 0, len(r.entries)), make([]Instance, 0, count))
	return out
}

// AppendPublications appends to out what Publications returns, with the instances
// in room, for who looks at many records one after the other. It returns both for
// the next one.
func (r *Record) AppendPublications(out []Publication, room []Instance) ([]Publication, []Instance) {
	for i := range r.entries {
		e := &r.entries[i]
		start := len(room)
		room = e.appendTo(room)
		out = append(out, e.publication(room[start:len(room):len(room)]))
	}
	return out, room
}

// Find returns what the record publishes in s, or nil. A nil record publishes
// nothing.
func (r *Record) Find(s ServiceKey) *Publication {
	e := r.entry(&s)
	if e == nil {
		return nil
	}
	var out struct { // one allocation
		Publication
		room [1]Instance // for nearly all
	}
	out.Publication = e.publication(e.appendTo(out.room[:0:1]))
	return &out.Publication
}

// entry returns what the record publishes in s, or nil.
func (r *Record) entry(s *ServiceKey) *entry {
	if r == nil {
		return nil
	}
	if i, found := r.search(s); found {
		return &r.entries[i]
	}
	return nil
}

// search returns where s is among the entries, or belongs.
func (r *Record) search(s *ServiceKey) (int, bool) {
	low, high := 0, len(r.entries)
	for low < high { // slices.BinarySearchFunc would have s, and what it is part of, escape
		middle := int(uint(low+high) >> 1) //nolint:gosec // not negative
		switch order := r.entries[middle].service.order(s); {
		case order == 0:
			return middle, true
		case order < 0:
			low = middle + 1
		default:
			high = middle
		}
	}
	return low, false
}

// With returns a copy that publishes p, as of stamp. The revision of a client
// that beats is made from its content, as Java makes it.
func (r *Record) With(p Publication, stamp Stamp) *Record {
	p.Since = stamp.Version
	return r.Amended(p, stamp)
}

// Amended is With for a publication that was not registered anew: it takes the
// place of no younger one of another client.
func (r *Record) Amended(p Publication, stamp Stamp) *Record {
	i, found := r.search(&p.Service)
	size, rest, service := len(r.entries)+1, i, (*ServiceKey)(nil)
	if found {
		size, rest, service = size-1, i+1, r.entries[i].service
	} else {
		key := p.Service
		service = &key
	}
	list := append(make([]entry, 0, size), r.entries[:i]...)
	list = append(list, pack(&p, service, nil))
	return r.as(append(list, r.entries[rest:]...), stamp)
}

// Without returns a copy that publishes nothing in s, stamped as by With.
func (r *Record) Without(s ServiceKey, stamp Stamp) *Record {
	kept := slices.Clone(r.entries)
	if i, found := r.search(&s); found {
		kept = slices.Delete(kept, i, i+1)
	}
	return r.as(kept, stamp)
}

// as returns the record of the same client with other entries.
func (r *Record) as(list []entry, stamp Stamp) *Record {
	out := &Record{Client: r.Client, Stamp: stamp, entries: list}
	if r.Client.Beats() {
		out.Stamp.Revision = revision(r.Client, out.Publications())
	}
	return out
}

// Equal reports whether both are of the same client and stamp and publish the
// same since the same times.
func (r *Record) Equal(o *Record) bool {
	if r == nil || o == nil {
		return r == o
	}
	return r.Client == o.Client && r.Stamp == o.Stamp && slices.EqualFunc(r.entries, o.entries, func(a, b entry) bool {
		return *a.service == *b.service && a.since == b.since && a.flags == b.flags && a.same(&b)
	})
}

// Normal returns a record with its publications in order and one for each
// service (the last given wins), as every Record must be. What does not say
// since when it is there is as old as the record.
func Normal(client ClientID, stamp Stamp, list []Publication) *Record {
	order := make([]*Publication, len(list))
	for i := range list {
		order[i] = &list[i]
	}
	slices.SortStableFunc(order, func(a, b *Publication) int { return a.Service.order(&b.Service) })
	r := &Record{Client: client, Stamp: stamp, entries: make([]entry, 0, len(order))}
	var last *traits
	for i, p := range order {
		if i+1 < len(order) && order[i+1].Service == p.Service {
			continue
		}
		key := p.Service
		e := pack(p, &key, last)
		if e.since == 0 {
			e.since = stamp.Version
		}
		r.entries, last = append(r.entries, e), e.traits
	}
	return r
}
