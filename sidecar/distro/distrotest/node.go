package distrotest

import (
	"errors"
	"maps"
	"slices"
	"time"

	"github.com/distro-naming/naming-operator/sidecar/distro"
	"github.com/distro-naming/naming-operator/sidecar/member"
	"github.com/distro-naming/naming-operator/sidecar/naming"
)

// probeInterval is how often a node calls each peer to learn how it is.
const probeInterval = time.Second

// node is a shell around one engine: what replica.Loop is in the product.
type node struct {
	name    string
	cluster *Cluster

	up     bool
	epoch  int64
	engine *distro.Engine
	store  map[naming.ClientID]entry
	clock  int64
	skew   int64 // of its wall clock, milliseconds
	beats  map[naming.ClientID]time.Time
	wake   time.Time

	list   []string
	states map[string]member.State
	epochs map[string]int64 // incarnations of peers

	trace trace
}

// entry is a stored record.
type entry struct {
	stamp   naming.Stamp
	content string
}

// boot starts the node with nothing but the member list.
func (n *node) boot() {
	c := n.cluster
	cfg := c.options.Config
	cfg.Seed = c.random.Uint64()
	skew := c.random.Int64N(2000) - 1000
	epoch := max(n.epoch+1, c.now.UnixMilli()+skew)
	*n = node{
		name: n.name, cluster: c, up: true, epoch: epoch, clock: epoch, skew: skew,
		engine: distro.New(address(n.name), cfg),
		store:  map[naming.ClientID]entry{},
		beats:  map[naming.ClientID]time.Time{},
		states: map[string]member.State{},
		epochs: map[string]int64{},
		trace:  newTrace(),
	}
	n.trace.began = c.now
	c.say("%s starts", n.name)
	c.step(n, n.members)
	n.probe(n.epoch)
}

// crash stops the node; its connections end.
func (n *node) crash() {
	if !n.up {
		return
	}
	n.up = false
	n.cluster.say("%s crashes", n.name)
	for _, k := range n.cluster.ledger.clients {
		if k.home == n {
			k.alive, k.home = false, nil
		}
	}
}

// members tells the engine the list and the states of the peers.
func (n *node) members() {
	n.list = n.cluster.list
	var addresses []member.Address
	states := map[member.Address]member.State{}
	for _, name := range n.list {
		addresses = append(addresses, address(name))
		if s, ok := n.states[name]; ok {
			states[address(name)] = s
		}
	}
	v := member.NewView(address(n.name), member.NewList(n.cluster.round, addresses, nil), states)
	n.trace.see(v)
	n.engine.Members(n.cluster.now, v)
}

// probe calls every peer, and again after a while, as long as the node lives.
func (n *node) probe(life int64) {
	c := n.cluster
	if !n.up || n.epoch != life || c.err != nil {
		return
	}
	for _, name := range n.list {
		to := c.node(name)
		if to == n {
			continue
		}
		c.call(request{
			from: n, to: to,
			serve: func(to *node) any { return to.epoch },
			answer: func(reply any, err error) {
				switch {
				case err == nil && n.hears(to, reply.(int64)):
					n.believe(name, member.Up)
				case err == nil: // of one that has been restarted since
				case errors.Is(err, errRefused):
					n.believe(name, member.Down)
				default:
					n.believe(name, member.Suspect)
				}
			},
		})
	}
	c.after(probeInterval, func() { n.probe(life) })
}

func (n *node) believe(name string, s member.State) {
	if n.states[name] == s || !slices.Contains(n.list, name) {
		return
	}
	n.states[name] = s
	n.cluster.say("%s takes %s for %s", n.name, name, s)
	n.stream(name)
	n.members()
}

// hears notes the incarnation of a node that was heard, and reports whether it is
// the latest known: what comes from an earlier one is too old to be true.
func (n *node) hears(from *node, epoch int64) bool {
	if known := n.epochs[from.name]; known != 0 && epoch > known {
		n.cluster.say("%s learns that %s was restarted", n.name, from.name)
	}
	n.epochs[from.name] = max(epoch, n.epochs[from.name])
	return n.engine.Incarnation(n.cluster.now, address(from.name), epoch)
}

// tick returns the node's next hybrid time.
func (n *node) tick() int64 {
	n.clock = max(n.clock+1, n.cluster.now.UnixMilli()+n.skew)
	return n.clock
}

// write stores what a client published here.
func (n *node) write(k *client, content string) {
	stamp := naming.Issue(address(n.name), n.tick())
	k.writes = append(k.writes, write{stamp: stamp, content: content})
	n.put(k.id, entry{stamp, content})
	n.engine.Local(n.cluster.now, naming.Mark{Client: k.id, Stamp: stamp})
}

// end removes a client that ended here.
func (n *node) end(k *client) {
	version := n.tick()
	k.writes = append(k.writes, write{stamp: naming.Stamp{Version: version}, removal: true})
	delete(n.beats, k.id)
	n.drop(k.id, version)
	n.engine.Gone(n.cluster.now, k.id, version)
}

// beaten takes a beat of a client that the node owns.
func (n *node) beaten(k *client) {
	n.beats[k.id] = n.cluster.now
	if held, ok := n.store[k.id]; !ok || held.content != k.content {
		n.write(k, k.content)
	}
}

// expireBeats ends the clients owned here that have not beaten for too long.
func (n *node) expireBeats() {
	for _, c := range slices.Sorted(maps.Keys(n.beats)) {
		if n.cluster.now.Sub(n.beats[c]) >= beatTimeout && n.engine.Owns(c) {
			n.cluster.say("%s gives up %s, which is silent", n.name, c)
			n.end(n.cluster.ledger.client(c))
		}
	}
}

// settle carries out what the engine wants and sets the next wake-up.
func (n *node) settle() {
	c := n.cluster
	for {
		n.engine.Advance(c.now)
		actions := n.engine.Take()
		if len(actions) == 0 {
			break
		}
		for _, a := range actions {
			n.trace.action(n, a)
		}
		for _, a := range actions {
			n.perform(a)
		}
	}
	next, ok := n.engine.Next()
	if !ok || next.Equal(n.wake) {
		return
	}
	n.wake = next
	life := n.epoch
	c.schedule(next, func() {
		if n.up && n.epoch == life && n.wake.Equal(next) {
			n.wake = time.Time{}
			c.step(n, func() {})
		}
	})
}
