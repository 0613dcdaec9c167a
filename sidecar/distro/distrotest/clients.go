package distrotest

import (
	"slices"
	"time"

	"github.com/distro-naming/naming-operator/sidecar/naming"
)

// Beat clients send a beat every beatInterval to whichever node answers, and
// their owner gives them up after beatTimeout without one.
const (
	beatInterval = 2 * time.Second
	beatTimeout  = 12 * time.Second
)

// ledger is the truth: what clients did, whoever has heard of it.
type ledger struct {
	clients []*client // in order of appearance
	index   map[naming.ClientID]*client
}

// client is one simulated client.
type client struct {
	id      naming.ClientID
	alive   bool
	home    *node  // holds its connection; nil of one that beats
	content string // what it publishes now

	// writes are the stamps that were ever issued for it, in order, and what it
	// published with each. A removal is a write without content.
	writes []write
}

type write struct {
	stamp   naming.Stamp
	content string
	removal bool
}

func (l *ledger) client(id naming.ClientID) *client {
	k := l.index[id]
	if k == nil {
		k = &client{id: id}
		l.index[id] = k
		l.clients = append(l.clients, k)
	}
	return k
}

// wrote reports whether the client ever published content with that version.
func (k *client) wrote(version int64, content string) bool {
	return slices.ContainsFunc(k.writes, func(w write) bool {
		return w.stamp.Version == version && w.content == content && !w.removal
	})
}

// ordinal returns the number of the write with that version, for transcripts.
func (k *client) ordinal(version int64) int {
	return 1 + slices.IndexFunc(k.writes, func(w write) bool { return w.stamp.Version == version })
}

// Register has a client that is connected to a node publish content there.
func (c *Cluster) Register(name, id, content string) {
	n := c.node(name)
	c.step(n, func() {
		k := c.ledger.client(naming.ClientID(id))
		k.alive, k.home, k.content = true, n, content
		c.say("%s registers %s with %s", id, content, name)
		n.write(k, content)
	})
}

// End ends a client's connection.
func (c *Cluster) End(id string) {
	k := c.ledger.client(naming.ClientID(id))
	if n := k.home; n != nil && k.alive {
		c.step(n, func() {
			k.alive = false
			c.say("%s leaves %s", id, n.name)
			n.end(k)
		})
	}
}

// Beat has an HTTP client publish content and beat from now on.
func (c *Cluster) Beat(endpoint, content string) {
	k := c.ledger.client(naming.ClientID(endpoint + "#true"))
	k.alive, k.content = true, content
	c.say("%s begins to beat", k.id)
	c.beat(k)
}

// Silence stops an HTTP client without a word.
func (c *Cluster) Silence(endpoint string) {
	k := c.ledger.client(naming.ClientID(endpoint + "#true"))
	k.alive = false
	c.say("%s falls silent", k.id)
}

// afterBeats has every HTTP client beat, and every node look for silent ones,
// for ever.
func (c *Cluster) afterBeats() {
	c.after(beatInterval, func() {
		for _, k := range c.ledger.clients {
			if k.alive && k.id.Beats() {
				c.beat(k)
			}
		}
		for _, n := range c.nodes {
			c.step(n, n.expireBeats)
		}
		c.afterBeats()
	})
}

// beat tries the nodes from a random one on. Each forwards the beat to the node
// that it takes for the owner; a node that does not own the client refuses it.
func (c *Cluster) beat(k *client) {
	first := c.random.IntN(len(c.nodes))
	for i := range c.nodes {
		n := c.nodes[(first+i)%len(c.nodes)]
		if !n.up {
			continue
		}
		owner, ok := n.engine.Owner(k.id)
		if !ok {
			continue
		}
		to := c.at(owner)
		if !to.up || c.net.cuts[[2]string{n.name, to.name}] || !to.engine.Owns(k.id) {
			continue
		}
		c.step(to, func() { to.beaten(k) })
		return
	}
}
