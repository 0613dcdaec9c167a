package distro

import (
	"slices"

	"github.com/distro-naming/naming-operator/sidecar/member"
	"github.com/distro-naming/naming-operator/sidecar/naming"
)

// Holdings returns what is held of each owner, in order of owner. What two
// members hold of an owner is the same when the digests are: it is what they verify.
func (e *Engine) Holdings() []naming.Holding {
	owners := []member.Address{e.self}
	for _, o := range e.leases.lessors {
		if o.address != e.self {
			owners = append(owners, o.address)
		}
	}
	slices.Sort(owners)
	out := make([]naming.Holding, 0, len(owners))
	for _, owner := range owners {
		if h := holding(owner, e.heldOf(owner)); h.Clients > 0 {
			out = append(out, h)
		}
	}
	return out
}

// holding adds shares up.
func holding(owner member.Address, shares []*share) naming.Holding {
	h := naming.Holding{Owner: owner}
	var root Digest
	var parts [Buckets]Digest
	for _, s := range shares {
		h.Clients += s.count
		root = root.Plus(s.root)
		for i := range parts {
			parts[i] = parts[i].Plus(s.parts[i].digest)
		}
	}
	h.Digest = root.String()
	for _, d := range parts {
		h.Buckets = append(h.Buckets, d.String())
	}
	return h
}

// Marks returns the marks of what is held of owner in some buckets.
func (e *Engine) Marks(owner member.Address, buckets []uint8) []naming.Mark {
	var out []naming.Mark
	for _, s := range e.heldOf(owner) {
		for _, b := range buckets {
			for r := range s.of(b) {
				out = append(out, r.mark())
			}
		}
	}
	return out
}

// heldOf returns the shares of owner. What is left of an earlier incarnation of
// this member is in one of its own.
func (e *Engine) heldOf(owner member.Address) (out []*share) {
	if owner == e.self {
		out = append(out, &e.own)
	}
	if o := e.leases.find(owner); o != nil {
		out = append(out, &o.share)
	}
	return out
}
