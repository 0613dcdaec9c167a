package survey

import (
	"cmp"
	"maps"
	"slices"

	"github.com/distro-naming/naming-operator/sidecar/admin"
)

// Place is a part of what is held of one owner.
type Place struct {
	Owner   string
	Buckets []int
}

// Places returns where members hold different things, in order of owner. An owner
// that a member does not know is one without clients.
func Places(said []Said[[]admin.Digest]) []Place {
	owners := grouped(said, func(d admin.Digest) string { return d.Owner })
	var out []Place
	for _, owner := range slices.Sorted(maps.Keys(owners)) {
		held := owners[owner]
		place := Place{Owner: owner}
		for bucket := range 256 {
			seen := map[string]bool{}
			for _, one := range said {
				seen[bucketOf(held[one.Member], bucket)] = true
			}
			if len(seen) > 1 {
				place.Buckets = append(place.Buckets, bucket)
			}
		}
		if len(place.Buckets) > 0 {
			out = append(out, place)
		}
	}
	return out
}

// grouped returns what members said by what it is of, and by member.
func grouped[T any](said []Said[[]T], of func(T) string) map[string]map[string]T {
	out := map[string]map[string]T{}
	for _, one := range said {
		for _, value := range one.Value {
			if out[of(value)] == nil {
				out[of(value)] = map[string]T{}
			}
			out[of(value)][one.Member] = value
		}
	}
	return out
}

// empty is the digest of nothing.
const empty = "00000000000000000000000000000000"

func bucketOf(d admin.Digest, i int) string {
	if i < len(d.Buckets) {
		return d.Buckets[i]
	}
	return empty
}

// Difference is a client of which a member holds something else than the others.
type Difference struct {
	Client   string       `json:"client"`
	Owner    string       `json:"owner"`
	Member   string       `json:"member"` // the one that differs
	What     What         `json:"what"`
	Held     *admin.Stamp `json:"held,omitempty"`     // by the member
	Expected *admin.Stamp `json:"expected,omitempty"` // by the others
	Services []string     `json:"services"`           // that the client publishes in, as either says
}

// What is how a member differs.
type What string

// The kinds of differences.
const (
	Lacks What = "lacks"       // it does not hold the client
	Extra What = "only here"   // it holds a client that the others do not
	Older What = "older"       // it holds an older write of the client
	Newer What = "newer"       // a newer one
	Other What = "other write" // of two writes nobody can say which is newer
)

// Differences compares what members hold of one owner, in order of client and
// member. base is the member to compare with; "" compares with what most members
// hold, and of equally common contents with that of the first member.
func Differences(owner string, said []Said[[]admin.Record], base string) []Difference {
	clients := grouped(said, func(r admin.Record) string { return r.Client })
	var out []Difference
	for _, client := range slices.Sorted(maps.Keys(clients)) {
		held := clients[client]
		reference := cmp.Or(base, majority(said, held))
		expected, common := held[reference]
		for _, one := range said {
			r, holds := held[one.Member]
			d := Difference{Client: client, Owner: owner, Member: one.Member, Services: r.Services}
			switch {
			case holds && common:
				d.What = compare(r.Stamp, expected.Stamp)
				d.Held, d.Expected = &r.Stamp, &expected.Stamp
			case holds:
				d.What, d.Held = Extra, &r.Stamp
			case common:
				d.What, d.Expected, d.Services = Lacks, &expected.Stamp, expected.Services
			}
			if d.What != "" {
				out = append(out, d)
			}
		}
	}
	return out
}

// majority returns a member that holds of a client what most do, be it nothing.
func majority(said []Said[[]admin.Record], held map[string]admin.Record) string {
	best, most := "", 0
	for _, one := range said {
		n := 0
		for _, other := range said {
			a, has := held[one.Member]
			b, hasToo := held[other.Member]
			if has == hasToo && compare(a.Stamp, b.Stamp) == "" {
				n++
			}
		}
		if n > most {
			best, most = one.Member, n
		}
	}
	return best
}

// compare says how a stands to b; "" if they are the same write. What has no
// version comes from a Java server and is compared by the revision alone.
func compare(a, b admin.Stamp) What {
	switch {
	case a.Version == 0 || b.Version == 0:
		if a.Revision == b.Revision {
			return ""
		}
		return Other
	case a.Version < b.Version:
		return Older
	case a.Version > b.Version:
		return Newer
	case a.Writer != b.Writer:
		return Other
	default:
		return ""
	}
}

// Lasting returns the differences that were there before and still are: what was
// only on its way has arrived meanwhile.
func Lasting(before, now []Difference) []Difference {
	type key struct {
		client, member string
		held           admin.Stamp
		holds          bool
	}
	of := func(d Difference) key {
		k := key{client: d.Client, member: d.Member, holds: d.Held != nil}
		if k.holds {
			k.held = *d.Held
		}
		return k
	}
	seen := map[key]bool{}
	for _, d := range before {
		seen[of(d)] = true
	}
	return slices.DeleteFunc(slices.Clone(now), func(d Difference) bool { return !seen[of(d)] })
}
