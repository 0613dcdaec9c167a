package membership

import (
	"maps"
	"slices"

	"github.com/distro-naming/naming-operator/sidecar/member"
)

// PeerStatus is what is known of one peer, for people.
type PeerStatus struct {
	Address member.Address
	State   member.State
	Ready   bool   // it serves clients, as it last said
	IP      string // where it last answered
	Error   string // the last failure, empty while all is well
}

// Node returns what this member says about itself.
func (w *Watch) Node() member.Node {
	state := member.Up
	if w.draining.Load() {
		state = member.Draining
	}
	return member.Node{
		Address: w.cfg.Self, Epoch: w.cfg.Epoch, Version: w.cfg.Version,
		State: state, Ready: w.ready(), Clock: w.clock(),
	}
}

// Heard says that a peer introduced itself from ip. What is not listed is
// ignored; a restarted peer is found by this before DNS knows its new place.
func (w *Watch) Heard(n member.Node, ip string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	p := w.peers[n.Address]
	if p == nil || p.before(n) { // a stranger, or the one before that is still leaving
		return
	}
	if p.introduced != ip {
		p.introduced = ip
		delete(p.demoted, ip)
	}
	p.ready = n.Ready
	w.meet(n, p, true)
	if n.State == member.Draining || p.state == member.Draining {
		w.setState(n.Address, p, n.State)
	}
}

// Reached says that a call to a peer succeeded at ip; n is its answer.
func (w *Watch) Reached(n member.Node, ip string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	p := w.peers[n.Address]
	if p == nil || p.before(n) {
		return
	}
	p.failures, p.err, p.good, p.ready = 0, "", ip, n.Ready
	clear(p.demoted)
	w.meet(n, p, false)
	state := member.Up
	if n.State == member.Draining {
		state = member.Draining
	}
	w.setState(n.Address, p, state)
}

// Failed says that a call to a peer failed; refused means that its own address
// refused the connection, so the process is gone and not only the path.
func (w *Watch) Failed(to member.Address, refused bool, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	p := w.peers[to]
	if p == nil {
		return
	}
	p.failures++
	p.err = err.Error()
	if p.dialed != "" {
		p.demoted[p.dialed] = true
	}
	if refused || p.failures >= w.cfg.FailuresToDown || p.state == member.Draining { // it said that it would go
		w.setState(to, p, member.Down)
		return
	}
	w.setState(to, p, member.Suspect)
}

// before reports whether n is not the peer as it runs now, but one before. A Java
// server, which has no incarnation, may follow one of ours that is dead.
func (p *peer) before(n member.Node) bool {
	return n.Epoch < p.epoch && (n.Epoch != 0 || p.state != member.Down)
}

// meet learns a peer's incarnation and time; the lock is held.
func (w *Watch) meet(n member.Node, p *peer, introduced bool) {
	w.pending.Lock()
	defer w.pending.Unlock()
	w.pending.clock = max(w.pending.clock, n.Clock)
	if n.Epoch == 0 {
		p.epoch = 0
	}
	if n.Epoch > p.epoch {
		p.epoch = n.Epoch
		w.pending.met = append(w.pending.met, Meeting{Peer: n.Address, Epoch: n.Epoch, Introduced: introduced})
		w.dirty()
	}
}

func (w *Watch) setState(a member.Address, p *peer, s member.State) {
	if p.state == s {
		return
	}
	if p.state == member.Down && s == member.Suspect {
		return // a peer that was proven dead is Down until it answers
	}
	w.log.Info("peer changed state", "peer", a, "from", p.state, "to", s, "error", p.err)
	p.state = s
	w.dirty()
}

// freshView returns the present view, and whether it is yet to be told.
func (w *Watch) freshView() (member.View, bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	fresh := w.fresh && w.loaded
	w.fresh = w.fresh && !fresh
	states := make(map[member.Address]member.State, len(w.peers)+1)
	var v1 []member.Address
	for a, p := range w.peers {
		if states[a] = p.state; p.v1 {
			v1 = append(v1, a)
		}
	}
	slices.Sort(v1)
	if w.draining.Load() {
		states[w.cfg.Self] = member.Draining
	}
	return member.NewView(w.cfg.Self, w.list, states).WithV1(v1), fresh
}

// SetV1 says whether a peer replicates as Nacos 1.x does.
func (w *Watch) SetV1(a member.Address, v1 bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if p := w.peers[a]; p != nil && p.v1 != v1 {
		p.v1 = v1
		w.dirty()
	}
}

// Ours reports whether a peer is known to be of our own kind. When it is dead
// another one may follow it.
func (w *Watch) Ours(a member.Address) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	p := w.peers[a]
	return p != nil && p.epoch != 0 && p.state != member.Down
}

// Listed reports whether a stands in the list.
func (w *Watch) Listed(a member.Address) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.list.Contains(a)
}

// At returns the peers that introduced themselves from ip, or answered there, in
// order.
func (w *Watch) At(ip string) []member.Address {
	w.mu.Lock()
	defer w.mu.Unlock()
	var out []member.Address
	for a, p := range w.peers {
		if p.introduced == ip || p.good == ip {
			out = append(out, a)
		}
	}
	slices.Sort(out)
	return out
}

// Lists reports whether a is a peer in the list.
func (w *Watch) Lists(a member.Address) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.peers[a] != nil
}

// WithJava reports whether a Java server is among the peers: one that was met,
// but has no incarnation. It stays one when it cannot be reached.
func (w *Watch) WithJava() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, p := range w.peers {
		if p.java() {
			return true
		}
	}
	return false
}

// JavaAt returns the Java server that introduced itself from ip or answered
// there, or "" when none did, or several.
func (w *Watch) JavaAt(ip string) (found member.Address) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for a, p := range w.peers {
		switch {
		case !p.java() || p.introduced != ip && p.good != ip:
		case found != "":
			return ""
		default:
			found = a
		}
	}
	return found
}

func (p *peer) java() bool { return p.epoch == 0 && (p.introduced != "" || p.good != "") }

// Peers returns what is known of every peer, in order.
func (w *Watch) Peers() []PeerStatus {
	w.mu.Lock()
	defer w.mu.Unlock()
	out := make([]PeerStatus, 0, len(w.peers))
	for _, a := range slices.Sorted(maps.Keys(w.peers)) {
		p := w.peers[a]
		out = append(out, PeerStatus{Address: a, State: p.state, Ready: p.ready, IP: p.good, Error: p.err})
	}
	return out
}
