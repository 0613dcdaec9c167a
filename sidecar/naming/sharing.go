package naming

import (
	"math"
	"weak"

	"github.com/distro-naming/naming-operator/sidecar/member"
)

// mostShared bounds how many different traits a registry looks for the like of.
const mostShared = 1 << 16

// sharing finds traits that are held already, so that the instances of one
// deployment keep their metadata once. It keeps next to nothing alive, and forgets
// everything when there is too much: sharing is thrift, not truth.
type sharing struct {
	of     map[uint64]weak.Pointer[traits]
	last   *traits // shared last: clients of one deployment come together
	sweep  int     // at this size what is dead is taken out
	owners map[member.Address]member.Address
}

// mostOwners bounds the owners whose names are shared.
const mostOwners = 1 << 12

func newSharing() sharing {
	return sharing{of: map[uint64]weak.Pointer[traits]{}, sweep: 1024, owners: map[member.Address]member.Address{}}
}

// owner returns what to keep in place of a.
func (s *sharing) owner(a member.Address) member.Address {
	held, found := s.owners[a]
	if found {
		return held
	}
	if len(s.owners) >= mostOwners {
		clear(s.owners)
	}
	s.owners[a] = a
	return a
}

// share returns what to keep in place of t.
func (s *sharing) share(t *traits) *traits {
	if s.last != nil && s.last.equal(t) {
		return s.last
	}
	if t.odd != nil { // what is not odd about it can still be shared
		if len(t.metadata) == 0 {
			return t
		}
		common := s.share(&traits{cluster: t.cluster, weight: t.weight, metadata: t.metadata})
		return &traits{cluster: common.cluster, weight: t.weight, metadata: common.metadata, odd: t.odd}
	}
	h := t.hash()
	if held := s.of[h].Value(); held != nil {
		if !held.equal(t) {
			return t
		}
		s.last = held
		return held
	}
	if len(s.of) >= s.sweep {
		s.tidy()
	}
	s.of[h] = weak.Make(t)
	return t
}

func (s *sharing) tidy() {
	for h, p := range s.of {
		if p.Value() == nil {
			delete(s.of, h)
		}
	}
	if len(s.of) >= mostShared {
		clear(s.of)
	}
	s.sweep = min(max(1024, 2*len(s.of)), mostShared)
}

// hash is equal for equal traits that are not odd.
func (t *traits) hash() uint64 {
	sum := fnv(basis, t.cluster) ^ math.Float64bits(t.weight)
	for k, v := range t.metadata {
		sum += fnv(fnv(basis, k), v) // in whatever order
	}
	return sum
}

// FNV-1a, 64 bits.
const (
	basis = 14695981039346656037
	prime = 1099511628211
)

// fnv adds s, and that it ends.
func fnv(h uint64, s string) uint64 {
	for i := range len(s) {
		h = (h ^ uint64(s[i])) * prime
	}
	return (h ^ 0xff) * prime
}
