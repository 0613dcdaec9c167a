package distrotest

import (
	"slices"
	"strings"
	"time"
)

// List publishes another member list. Nodes get it a little later, each at its
// own time; nodes that are not in it are stopped, new ones started.
func (c *Cluster) List(names ...string) {
	c.list = slices.Sorted(slices.Values(names))
	c.round++
	for _, name := range c.list {
		c.add(name, false)
	}
	for _, name := range c.list {
		c.Restart(name)
	}
	round := c.round
	for _, n := range c.nodes {
		if !slices.Contains(c.list, n.name) {
			n.crash()
			continue
		}
		c.after(c.net.delay()+c.net.upTo(c.net.faults.List), func() {
			if n.up && round == c.round {
				c.step(n, n.believeList)
			}
		})
	}
}

// add makes a node known that does not run.
func (c *Cluster) add(name string, java bool) {
	if c.node(name) != nil {
		return
	}
	c.nodes = append(c.nodes, &node{name: name, cluster: c, java: java, rate: 1})
	slices.SortFunc(c.nodes, func(a, b *node) int { return strings.Compare(a.name, b.name) })
}

// Crash stops a node, which forgets everything; its connections end.
func (c *Cluster) Crash(name string) { c.node(name).crash() }

// Restart starts a node again as a new incarnation.
func (c *Cluster) Restart(name string) {
	if n := c.node(name); !n.up {
		n.boot()
	}
}

// Freeze pauses a node with all it knows. Its connections stay open; what is
// sent to it waits.
func (c *Cluster) Freeze(name string) {
	if n := c.node(name); n.up && !n.frozen {
		c.say("%s freezes", name)
		n.frozen = true
	}
}

// Thaw lets a frozen node go on. Its clock has jumped, all its timers are due,
// and what has come meanwhile is there at once.
func (c *Cluster) Thaw(name string) {
	n := c.node(name)
	if !n.frozen {
		return
	}
	c.say("%s thaws", name)
	held := n.held
	n.frozen, n.held = false, nil
	for _, do := range held {
		c.step(n, do)
	}
}

// Clock moves a node's wall clock.
func (c *Cluster) Clock(name string, by time.Duration) { c.node(name).skew += by }

// Slow makes a node's answers late.
func (c *Cluster) Slow(name string, by time.Duration) { c.node(name).slow = by }

// Drip has a node give the records of a load one by one, so far apart.
func (c *Cluster) Drip(name string, apart time.Duration) { c.node(name).drip = apart }

// Loop crashes a node and starts it again, and again, as often as told or until
// all is healed.
func (c *Cluster) Loop(name string, every time.Duration, times int) {
	heals := c.heals
	var crash func()
	crash = func() {
		if heals != c.heals || times == 0 {
			return
		}
		times--
		c.Crash(name)
		c.after(every/2, func() {
			if slices.Contains(c.list, name) {
				c.Restart(name)
			}
		})
		c.after(every, crash)
	}
	crash()
}
