package member

import (
	"maps"
	"slices"
)

// State is what one member believes about another, as Nacos's member report
// names it (gRPC page, 4.3) plus Draining, which only our own members report.
type State string

// The states. A member that was never heard of is Suspect, not Down: silence
// alone proves nothing.
const (
	Up       State = "UP"
	Suspect  State = "SUSPICIOUS"
	Down     State = "DOWN"
	Draining State = "DRAINING"
)

// View is a List together with the state of each peer as seen by Self.
// It is immutable.
type View struct {
	Self   Address
	List   List
	states map[Address]State
	v1     []Address
}

// NewView returns a view. Peers without a state are Suspect; self is Up unless
// states say otherwise.
func NewView(self Address, list List, states map[Address]State) View {
	return View{Self: self, List: list, states: maps.Clone(states)}
}

// WithV1 returns a view in which the given peers replicate as Nacos 1.x does, by
// whole services over HTTP (HTTP page, 6), and no others do.
func (v View) WithV1(peers []Address) View {
	v.v1 = slices.Clone(peers)
	return v
}

// V1 reports whether a replicates as Nacos 1.x does.
func (v View) V1(a Address) bool { return slices.Contains(v.v1, a) }

// PeersOfV1 returns the listed peers that replicate as Nacos 1.x does, in order.
func (v View) PeersOfV1() []Address {
	return slices.DeleteFunc(v.Peers(), func(a Address) bool { return !v.V1(a) })
}

// Peers returns every listed member except self, in order.
func (v View) Peers() []Address { return v.List.Without(v.Self) }

// State returns what is believed about a.
func (v View) State(a Address) State {
	if s, ok := v.states[a]; ok {
		return s
	}
	if a == v.Self {
		return Up
	}
	return Suspect
}

// Reachable returns the peers that are Up or Draining, in order.
func (v View) Reachable() []Address {
	return slices.DeleteFunc(v.Peers(), func(a Address) bool {
		s := v.State(a)
		return s != Up && s != Draining
	})
}

// Ring returns the members among which ip:port clients are divided: those that
// are Up or Suspect, self included, in byte order (gRPC page, 5.8). Members of
// Nacos 1.x own services, not clients.
func (v View) Ring() []Address {
	return slices.DeleteFunc(v.List.Addresses(), func(a Address) bool {
		s := v.State(a)
		return s != Up && s != Suspect || v.V1(a)
	})
}

// ServiceRing returns the members among which Nacos 1.x divides services: all
// that are not Down, in byte order (HTTP page, 6.10). It knows no Draining.
func (v View) ServiceRing() []Address {
	return slices.DeleteFunc(v.List.Addresses(), func(a Address) bool { return v.State(a) == Down })
}

// Node is what a member says about itself when it meets another.
type Node struct {
	Address Address
	Epoch   int64  // incarnation: Unix milliseconds of its start; 0 from a Java server
	Version string // of Nacos whose protocol it speaks
	State   State
	Ready   bool  // it is loaded and serves clients
	Clock   int64 // its hybrid time, so that clocks can follow; 0 from a Java server
}
