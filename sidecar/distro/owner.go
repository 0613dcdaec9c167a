package distro

import (
	"github.com/distro-naming/naming-operator/sidecar/member"
	"github.com/distro-naming/naming-operator/sidecar/naming"
)

// maxInt32 is the divisor that Nacos takes a hash by before it takes the ring's
// length, lest the absolute value of the lowest hash be negative.
const maxInt32 = 1<<31 - 1

// Owns reports whether this member is the one that may change c: it holds the
// connection, or the ring names it.
func (e *Engine) Owns(c naming.ClientID) bool {
	if c.Beats() {
		return e.mine(c)
	}
	r := e.records[c]
	return r != nil && e.owns(r)
}

// Owner returns the member that may change c: of a client that beats the one
// that the ring names, of a connection the one that holds it. It is false while
// nobody is known.
func (e *Engine) Owner(c naming.ClientID) (member.Address, bool) {
	if c.Beats() {
		return RingOwner(e.ring, c)
	}
	switch r := e.records[c]; {
	case r == nil:
		return "", false
	case e.owns(r):
		return e.self, true
	default:
		return r.owner, r.owner != ""
	}
}

// mine reports whether the ring names this member. A member that is not in the
// ring claims nothing (gRPC page, 5.8, says otherwise of Java).
func (e *Engine) mine(c naming.ClientID) bool {
	owner, ok := RingOwner(e.ring, c)
	return ok && owner == e.self
}

// RingOwner returns the member that Nacos's ring names for a client (gRPC page,
// 5.8). An empty ring names nobody.
func RingOwner(ring []member.Address, c naming.ClientID) (member.Address, bool) {
	return named(ring, c.Tag())
}

// ServiceOwner returns the member that the ring of Nacos 1.x names for a
// service: by its grouped name, whatever its namespace (HTTP page, 6.10).
func ServiceOwner(ring []member.Address, s naming.ServiceKey) (member.Address, bool) {
	return named(ring, s.Grouped())
}

func named(ring []member.Address, tag string) (member.Address, bool) {
	if len(ring) == 0 {
		return "", false
	}
	h := int64(naming.JavaHash(tag))
	if h < 0 {
		h = -h
	}
	return ring[h%maxInt32%int64(len(ring))], true
}
