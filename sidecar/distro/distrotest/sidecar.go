package distrotest

import (
	"maps"
	"slices"
	"time"

	"github.com/distro-naming/naming-operator/sidecar/distro"
	"github.com/distro-naming/naming-operator/sidecar/member"
	"github.com/distro-naming/naming-operator/sidecar/naming"
)

// maxAhead is how far a peer's hybrid time may run ahead and be followed.
const maxAhead = 24 * time.Hour

// sidecar is a shell around one engine: what replica.Loop is in the product.
type sidecar struct {
	*node
	engine *distro.Engine
	store  map[naming.ClientID]entry
	sum    sum // of the store: a second computation of the engine's digest

	steps   int
	changed bool // the store, since it was last compared with the engine

	epoch     int64
	streaming map[string]bool // peers to which a stream is up
	clock     int64           // hybrid time
	beats     map[naming.ClientID]time.Time
	looked    time.Time // when beats were last judged
	wake      time.Time
	epochs    map[string]int64 // incarnations of peers
	trace     trace
}

// newSidecar returns a process that knows nothing. It is later than the one
// before: a clock that is set back to before the last start would hide from
// everybody that there is a new one.
func newSidecar(n *node) *sidecar {
	n.epoch = max(n.wall(), n.epoch+1)
	cfg := n.cluster.options.Config
	cfg.Seed = n.cluster.random.Uint64()
	return &sidecar{
		node:      n,
		engine:    distro.New(address(n.name), cfg),
		store:     map[naming.ClientID]entry{},
		epoch:     n.epoch,
		streaming: map[string]bool{},
		beats:     map[naming.ClientID]time.Time{},
		epochs:    map[string]int64{},
		trace:     newTrace(),
	}
}

func (s *sidecar) start() { s.trace.began, s.looked = s.now(), s.now() }

// members tells the engine the list and the states of the peers.
func (s *sidecar) members() {
	v := s.view()
	s.trace.see(v)
	maps.DeleteFunc(s.epochs, func(name string, _ int64) bool { return !v.List.Contains(address(name)) })
	s.engine.Members(s.now(), v)
	for _, p := range v.Peers() {
		peer := s.cluster.at(p)
		s.stream(peer, v.State(p) == member.Up && s.cluster.streams(s.node, peer))
	}
}

// hears notes the incarnation of the process that was heard. A Java server tells
// none: that it is another one shows when it loads.
func (s *sidecar) hears(from *node, speaker server) bool {
	process, ours := speaker.(*sidecar)
	if !ours {
		return true
	}
	known := s.epochs[from.name]
	if process.epoch == known {
		return true
	}
	if process.epoch > known {
		s.epochs[from.name], s.learnt = process.epoch, true
		if known != 0 {
			s.cluster.say("%s learns that %s was restarted", s.name, from.name)
		}
	}
	return s.engine.Incarnation(s.now(), address(from.name), process.epoch)
}

// tick returns the node's next hybrid time.
func (s *sidecar) tick() int64 {
	s.clock = max(s.clock+1, s.wall())
	return s.clock
}

// observe makes later ticks exceed what a peer has issued.
func (s *sidecar) observe(version int64) {
	if version <= s.wall()+maxAhead.Milliseconds() {
		s.clock = max(s.clock, version)
	}
}

func (s *sidecar) write(k *client, content string) {
	stamp := naming.Issue(address(s.name), s.tick())
	k.writes = append(k.writes, write{stamp: stamp, content: content})
	s.put(k.id, stamp, content)
	s.engine.Local(s.now(), naming.Mark{Client: k.id, Stamp: stamp})
}

func (s *sidecar) end(k *client) {
	version := s.tick()
	k.writes = append(k.writes, write{stamp: naming.Stamp{Version: version}, removal: true})
	delete(s.beats, k.id)
	s.drop(k.id, version)
	s.engine.Gone(s.now(), k.id, version)
}

// beaten takes a beat of a client that the node owns.
func (s *sidecar) beaten(k *client) {
	s.beats[k.id] = s.now()
	if held, ok := s.store[k.id]; !ok || held.content != k.content {
		s.write(k, k.content)
	}
}

// expireBeats ends the clients owned here that have not beaten for too long. A
// process that was paused heard nobody, and gives them all their time again.
func (s *sidecar) expireBeats() {
	paused := s.now().Sub(s.looked) > 2*beatInterval
	s.looked = s.now()
	for _, c := range slices.Sorted(maps.Keys(s.beats)) {
		switch {
		case paused:
			s.beats[c] = s.now()
		case s.now().Sub(s.beats[c]) >= beatTimeout && s.engine.Owns(c):
			s.cluster.say("%s gives up %s, which is silent", s.name, c)
			s.end(s.cluster.ledger.client(c))
		}
	}
}

func (s *sidecar) owner(c naming.ClientID) (member.Address, bool) { return s.engine.Owner(c) }

func (s *sidecar) holds() map[naming.ClientID]entry { return s.store }

func (s *sidecar) state() state {
	return state{s.engine.Loaded(), s.engine.Pending(), s.engine.Digest().String()}
}

// settle carries out what the engine wants and sets the next wake-up.
func (s *sidecar) settle() {
	c := s.cluster
	for {
		s.engine.Advance(s.now())
		if c.options.Sabotage != nil {
			c.options.Sabotage(s.engine)
		}
		actions := s.engine.Take()
		if len(actions) == 0 {
			break
		}
		for _, a := range actions {
			s.trace.action(s, a)
		}
		for _, a := range actions {
			s.perform(a)
		}
	}
	next, ok := s.engine.Next()
	if !ok || next.Equal(s.wake) {
		return
	}
	s.wake = next
	life := s.life
	c.schedule(s.at(next), func() {
		if s.up && s.life == life && s.wake.Equal(next) {
			c.step(s.node, func() { s.wake = time.Time{} })
		}
	})
}
