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
	Revision int32          // what goes over the Nacos wire
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

// Find returns what the record publishes in s, or nil.
func (r *Record) Find(s ServiceKey) *Publication {
	i, found := slices.BinarySearchFunc(r.Publications, s, Publication.compareService)
	if !found {
		return nil
	}
	return &r.Publications[i]
}

// With returns a copy that publishes p and carries stamp.
func (r *Record) With(p Publication, stamp Stamp) *Record {
	out := r.Without(p.Service, stamp)
	i, _ := slices.BinarySearchFunc(out.Publications, p.Service, Publication.compareService)
	out.Publications = slices.Insert(out.Publications, i, p)
	return out
}

// Without returns a copy that publishes nothing in s and carries stamp.
func (r *Record) Without(s ServiceKey, stamp Stamp) *Record {
	kept := make([]Publication, 0, len(r.Publications)+1)
	for _, p := range r.Publications {
		if p.Service != s {
			kept = append(kept, p)
		}
	}
	return &Record{Client: r.Client, Stamp: stamp, Publications: kept}
}

func (p Publication) compareService(s ServiceKey) int { return p.Service.Compare(s) }

// Normal returns a record with its publications in order and one for each
// service (the last given wins), as every Record must be.
func Normal(client ClientID, stamp Stamp, list []Publication) *Record {
	r := &Record{Client: client, Stamp: stamp}
	for _, p := range list {
		r = r.With(p, stamp)
	}
	return r
}
