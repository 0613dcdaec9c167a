package distrotest

import (
	"fmt"
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
	died    time.Time // last
	home    *node     // holds its connection; nil of one that beats
	content string    // what it publishes now

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

// die notes when the client ended.
func (k *client) die(now time.Time) { k.alive, k.died = false, now }

// wrote reports whether the client ever published content with that stamp. One
// that passed through a Java server has lost its version.
func (k *client) wrote(stamp naming.Stamp, content string) bool {
	return slices.ContainsFunc(k.writes, func(w write) bool {
		return !w.removal && w.content == content && w.is(stamp)
	})
}

// ordinal returns the number of the newest write with that stamp, for
// transcripts.
func (k *client) ordinal(stamp naming.Stamp) int {
	for i, w := range slices.Backward(k.writes) {
		if w.is(stamp) {
			return i + 1
		}
	}
	return 0
}

func (w write) is(stamp naming.Stamp) bool {
	if stamp.Version != 0 {
		return w.stamp.Version == stamp.Version
	}
	return w.stamp.Revision == stamp.Revision
}

// version writes a client's stamp as the ordinal of its write.
func (c *Cluster) version(id naming.ClientID, stamp naming.Stamp) string {
	return fmt.Sprintf("%s@%d", id, c.ledger.client(id).ordinal(stamp))
}

// Register has a client that is connected to a node publish content there. A
// connection that has ended does nothing: its id is never used again.
func (c *Cluster) Register(name, id, content string) {
	n := c.node(name)
	c.step(n, func() {
		k := c.ledger.client(naming.ClientID(id))
		if !k.died.IsZero() {
			return
		}
		k.alive, k.home, k.content = true, n, content
		c.say("%s registers %s with %s", id, content, name)
		n.server.write(k, content)
	})
}

// End ends a client's connection.
func (c *Cluster) End(id string) {
	k := c.ledger.client(naming.ClientID(id))
	if n := k.home; n != nil {
		c.step(n, func() {
			if !k.alive || k.home != n {
				return
			}
			k.die(c.now)
			c.say("%s leaves %s", id, n.name)
			n.server.end(k)
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
	k.die(c.now)
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
			if n.up {
				c.step(n, n.server.expireBeats)
			}
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
		if !n.answers() {
			continue
		}
		owner, ok := n.server.owner(k.id)
		if !ok {
			continue
		}
		to := c.at(owner)
		if !to.answers() || c.net.cuts[[2]string{n.name, to.name}] {
			continue
		}
		if again, ok := to.server.owner(k.id); !ok || again != owner {
			continue
		}
		c.step(to, func() { to.server.beaten(k) })
		return
	}
}

// answers reports whether a client gets through to the node.
func (n *node) answers() bool { return n.up && !n.frozen }
