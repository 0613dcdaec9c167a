package survey

import (
	"cmp"
	"fmt"
	"maps"
	"net"
	"slices"
	"strconv"
	"strings"

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

// Difference is a client of which a member holds something else than the others, or a
// setting.
type Difference struct {
	Client   string       `json:"client,omitempty"`  // empty of a setting
	Setting  string       `json:"setting,omitempty"` // what is set: the service, or an instance IP:PORT (CLUSTER) in it
	Owner    string       `json:"owner"`             // of the client
	Member   string       `json:"member"`            // the one that differs
	What     What         `json:"what"`
	Held     *admin.Stamp `json:"held,omitempty"`     // by the member
	Expected *admin.Stamp `json:"expected,omitempty"` // by the others
	Services []string     `json:"services"`           // that the client publishes in, as either says; the one of the setting
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
	return differences(said, base, func(r admin.Record) item {
		return item{r.Stamp, Difference{Client: r.Client, Owner: owner, Services: r.Services}}
	})
}

// SettingDifferences compares what members have set in the same way, in order of
// service.
func SettingDifferences(said []Said[[]admin.Setting], base string) []Difference {
	return differences(said, base, func(s admin.Setting) item {
		of := OfService
		if s.IP != "" {
			of = fmt.Sprintf("%s (%s)", net.JoinHostPort(s.IP, strconv.Itoa(s.Port)), s.Cluster)
		}
		service := Service{Namespace: s.Namespace, Group: s.Group, Name: s.Name}.Key()
		return item{s.Stamp, Difference{Setting: of, Services: []string{service}}}
	})
}

// OfService is what is set when it is not of an instance.
const OfService = "service"

// item is what a member holds: by which write, and what a difference says of it.
type item struct {
	stamp admin.Stamp
	of    Difference
}

// Key tells what differs from all else that does: the client, or the service and what
// is set in it.
func (d Difference) Key() string {
	if d.Setting != "" {
		return strings.Join(d.Services, " ") + " " + d.Setting
	}
	return d.Client
}

func differences[T any](said []Said[[]T], base string, read func(T) item) (out []Difference) {
	items := make([]Said[[]item], len(said))
	for i, one := range said {
		items[i].Member = one.Member
		for _, line := range one.Value {
			items[i].Value = append(items[i].Value, read(line))
		}
	}
	held := grouped(items, func(it item) string { return it.of.Key() })
	for _, key := range slices.Sorted(maps.Keys(held)) {
		by := held[key]
		expected, common := by[cmp.Or(base, majority(said, by))]
		for _, one := range said {
			it, holds := by[one.Member]
			d := it.of
			switch {
			case holds && common:
				d.What = compare(it.stamp, expected.stamp)
				d.Held, d.Expected = &it.stamp, &expected.stamp
			case holds:
				d.What, d.Held = Extra, &it.stamp
			case common:
				d = expected.of
				d.What, d.Expected = Lacks, &expected.stamp
			}
			if d.Member = one.Member; d.What != "" {
				out = append(out, d)
			}
		}
	}
	return out
}

// majority returns a member that holds what most do, be it nothing.
func majority[T any](said []Said[[]T], held map[string]item) string {
	best, most := "", 0
	for _, one := range said {
		n := 0
		for _, other := range said {
			a, has := held[one.Member]
			b, hasToo := held[other.Member]
			if has == hasToo && compare(a.stamp, b.stamp) == "" {
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
	case a.Writer != b.Writer || a.Revision != b.Revision:
		return Other
	default:
		return ""
	}
}

// Lasting returns the differences that were there before and still are: what was
// only on its way has arrived meanwhile.
func Lasting(before, now []Difference) []Difference {
	type key struct {
		of, member string
		held       admin.Stamp
		holds      bool
	}
	of := func(d Difference) key {
		k := key{of: d.Key(), member: d.Member, holds: d.Held != nil}
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
