package naming

import (
	"cmp"
	"iter"
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

// Record is everything one client publishes, sorted by service. It is immutable
// once handed out and may be shared by goroutines.
type Record struct {
	Client       ClientID
	Stamp        Stamp
	Publications []Publication
}

// Mark is the name of a record without its content.
type Mark struct {
	Client ClientID
	Stamp  Stamp
}

// Mark returns the record's name.
func (r *Record) Mark() Mark { return Mark{Client: r.Client, Stamp: r.Stamp} }

// Find returns what the record publishes in s, or nil. A nil record publishes
// nothing.
func (r *Record) Find(s ServiceKey) *Publication {
	if r == nil {
		return nil
	}
	i, found := slices.BinarySearchFunc(r.Publications, s, Publication.compareService)
	if !found {
		return nil
	}
	return &r.Publications[i]
}

// All goes through what the record publishes; a nil record publishes
// nothing.
func (r *Record) All() iter.Seq[*Publication] {
	return func(yield func(*Publication) bool) {
		if r == nil {
			return
		}
		for i := range r.Publications {
			if !yield(&r.Publications[i]) {
				return
			}
		}
	}
}

// With returns a copy that publishes p, as of stamp. The revision of a client
// that beats is made from its content, as Java makes it.
func (r *Record) With(p Publication, stamp Stamp) *Record {
	p.Since = stamp.Version
	return r.Amended(p, stamp)
}

// Amended is With for a publication that was not registered anew: it is listed
// in the place of no other client's that is younger.
func (r *Record) Amended(p Publication, stamp Stamp) *Record {
	i, found := slices.BinarySearchFunc(r.Publications, p.Service, Publication.compareService)
	list := make([]Publication, 0, len(r.Publications)+1)
	list = append(append(list, r.Publications[:i]...), p)
	if found {
		i++
	}
	return r.as(append(list, r.Publications[i:]...), stamp)
}

// Without returns a copy that publishes nothing in s, stamped as by With.
func (r *Record) Without(s ServiceKey, stamp Stamp) *Record {
	kept := make([]Publication, 0, len(r.Publications))
	for _, p := range r.Publications {
		if p.Service != s {
			kept = append(kept, p)
		}
	}
	return r.as(kept, stamp)
}

// as returns the record of the same client with other publications.
func (r *Record) as(list []Publication, stamp Stamp) *Record {
	if r.Client.Beats() {
		stamp.Revision = revision(r.Client, list)
	}
	return &Record{Client: r.Client, Stamp: stamp, Publications: list}
}

func (p Publication) compareService(s ServiceKey) int { return p.Service.Compare(s) }

// Normal returns a record with its publications in order and one for each
// service (the last given wins), as every Record must be. What does not say
// since when it is there is as old as the record.
func Normal(client ClientID, stamp Stamp, list []Publication) *Record {
	sorted := slices.Clone(list)
	slices.SortStableFunc(sorted, func(a, b Publication) int { return a.Service.Compare(b.Service) })
	kept := sorted[:0]
	for i, p := range sorted {
		if i+1 < len(sorted) && sorted[i+1].Service == p.Service {
			continue
		}
		if p.Since == 0 {
			p.Since = stamp.Version
		}
		kept = append(kept, p)
	}
	return &Record{Client: client, Stamp: stamp, Publications: kept}
}
