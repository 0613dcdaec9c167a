package distrotest

import (
	"errors"
	"slices"
	"time"

	"github.com/distro-naming/naming-operator/sidecar/member"
	"github.com/distro-naming/naming-operator/sidecar/naming"
)

// probeInterval is how often a node calls each peer to learn how it is.
const probeInterval = time.Second

// node is one machine: a process with a clock and a place in the network, and
// what it runs.
type node struct {
	name    string
	cluster *Cluster
	java    bool

	up     bool
	life   int64 // number of this process, rising
	server server

	learnt bool     // something, in this glance
	frozen bool     // stopped, with all it knows
	held   []func() // what has come meanwhile

	epoch int64         // of the last process: Unix milliseconds of its start
	rate  float64       // at which its clock runs
	skew  time.Duration // of its wall clock
	slow  time.Duration // by which its answers are late
	drip  time.Duration // between two records of a load that it answers; 0: all at once

	list   []string
	states map[string]member.State
}

// server is what a node runs: our engine in its shell, or the model of a Java
// server. Whatever it is told, the node's settle and check follow.
type server interface {
	process
	inbox
	host
	holds() map[naming.ClientID]entry // what it lists
	state() state
}

// process is what every server is.
type process interface {
	start()
	members()                              // the list or what is believed of a peer has changed
	hears(from *node, speaker server) bool // a call or an answer of that process has come; false if it has ended
	settle()
	check()
}

// inbox is what peers may say to a server.
type inbox interface {
	offered(from *node, m message, direct bool)
	dropped(from *node, c naming.ClientID, version int64)
	compare(from *node, marks []naming.Mark) []naming.ClientID
	snapshot(from *node, except []member.Address) any // loaded, or the error why not
}

// host is what clients do at a server.
type host interface {
	write(k *client, content string) // one publishes here
	end(k *client)                   // its connection ends
	beaten(k *client)                // one that beats does
	expireBeats()                    // look for those that do not
	owner(c naming.ClientID) (member.Address, bool)
}

// state is what an observer may know of a server.
type state struct {
	loaded  bool   // it serves clients
	pending int    // what it owes its peers
	digest  string // of what it holds
}

// boot starts the node with nothing but the member list.
func (n *node) boot() {
	c := n.cluster
	c.lives++
	n.up, n.life, n.frozen, n.held = true, c.lives, false, nil
	n.states = map[string]member.State{}
	n.server = newServer(n)
	c.say("%s starts", n.name)
	c.step(n, func() {
		n.server.start()
		n.believeList()
	})
	n.probe(n.life)
}

func newServer(n *node) server {
	if n.java {
		return newJava(n)
	}
	return newSidecar(n)
}

// crash stops the node; its connections end.
func (n *node) crash() {
	if !n.up {
		return
	}
	n.up, n.frozen, n.held = false, false, nil
	n.cluster.say("%s crashes", n.name)
	for _, k := range n.cluster.ledger.clients {
		if k.home == n {
			k.die(n.cluster.now)
			k.home = nil
		}
	}
}

// now is the node's monotonic clock.
func (n *node) now() time.Time {
	c := n.cluster
	return c.start.Add(time.Duration(float64(c.now.Sub(c.start)) * n.rate))
}

// at returns when the node's monotonic clock will show t.
func (n *node) at(t time.Time) time.Time {
	if n.rate == 1 {
		return t
	}
	c := n.cluster
	return c.start.Add(time.Duration(float64(t.Sub(c.start))/n.rate) + time.Microsecond)
}

// wall is the node's wall clock in Unix milliseconds.
func (n *node) wall() int64 { return n.now().Add(n.skew).UnixMilli() }

// believeList takes the newest member list.
func (n *node) believeList() {
	n.list = n.cluster.list
	n.server.members()
}

// view is the list with what the node believes of each peer.
func (n *node) view() member.View {
	var addresses []member.Address
	states := map[member.Address]member.State{}
	for _, name := range n.list {
		addresses = append(addresses, address(name))
		if s, ok := n.states[name]; ok {
			states[address(name)] = s
		}
	}
	return member.NewView(address(n.name), member.NewList(n.cluster.round, addresses, nil), states)
}

// probe calls every peer, and again after a while, as long as the node lives.
func (n *node) probe(life int64) {
	c := n.cluster
	if !n.up || n.life != life || c.err != nil {
		return
	}
	for _, name := range n.list {
		to := c.node(name)
		if to == n || n.frozen {
			continue
		}
		c.call(request{
			from: n, to: to, probe: true,
			serve: func(to *node) any { return to.server },
			answer: func(reply any, err error) {
				switch {
				case err == nil && n.server.hears(to, reply.(server)):
					n.believe(name, member.Up)
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
	n.states[name], n.learnt = s, true
	n.cluster.say("%s takes %s for %s", n.name, name, s)
	n.server.members()
}
