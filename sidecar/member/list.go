package member

import (
	"slices"
)

// Hint is the last known whereabouts of a member, for the time until DNS
// catches up. It never identifies the member: the address does.
type Hint struct {
	IP  string // the pod's IP, empty when unknown
	UID string // the pod's UID, empty when unknown
}

// List is the set of members at one generation: sorted, without duplicates,
// immutable.
type List struct {
	generation int64
	addresses  []Address
	hints      map[Address]Hint
}

// NewList returns a list of the given addresses. Hints of addresses that are
// not members are left out.
func NewList(generation int64, addresses []Address, hints map[Address]Hint) List {
	sorted := slices.Compact(slices.Sorted(slices.Values(addresses)))
	kept := make(map[Address]Hint, len(hints))
	for _, a := range sorted {
		if h, ok := hints[a]; ok && h != (Hint{}) {
			kept[a] = h
		}
	}
	return List{generation: generation, addresses: sorted, hints: kept}
}

// Generation is the version that the operator gave the list. It rises when the
// set of members changes, not when only a hint does.
func (l List) Generation() int64 { return l.generation }

// Addresses returns the members in order.
func (l List) Addresses() []Address { return slices.Clone(l.addresses) }

// Len returns the number of members.
func (l List) Len() int { return len(l.addresses) }

// Contains reports whether a is a member.
func (l List) Contains(a Address) bool {
	_, found := slices.BinarySearch(l.addresses, a)
	return found
}

// Hint returns the whereabouts of a, or an empty hint.
func (l List) Hint(a Address) Hint { return l.hints[a] }

// Without returns the members except self, in order.
func (l List) Without(self Address) []Address {
	return slices.DeleteFunc(slices.Clone(l.addresses), func(a Address) bool { return a == self })
}

// SameMembers reports whether both lists have the same addresses, whatever
// their generations and hints.
func (l List) SameMembers(o List) bool { return slices.Equal(l.addresses, o.addresses) }
