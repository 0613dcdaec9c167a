package distrotest

import (
	"fmt"
	"time"

	"github.com/distro-naming/naming-operator/sidecar/distro"
)

// Times are how long a cluster takes until all its members hold the same.
type Times struct {
	Change time.Duration // after one change, while nothing is wrong
	Start  time.Duration // after the start of a member that had died
	Apart  time.Duration // after the end of a partition in which both sides changed
}

// Measure builds a cluster of our members on a network with delays of 1 to 5 ms
// and the timers that the product runs with, and takes its times.
func Measure(members int, streams float64) (Times, error) {
	const clients = 20
	o := Options{Seed: 1, Config: distro.Default(), Streams: streams, Faults: Faults{Delay: 4 * time.Millisecond}}
	for i := range members {
		o.Nodes = append(o.Nodes, fmt.Sprintf("m%03d", i))
	}
	c := New(o)
	c.Advance(2 * time.Second)
	for i := range clients {
		c.Register(o.Nodes[i%2], fmt.Sprintf("c%d", i), "x")
	}
	c.Advance(2 * time.Second)

	var out Times
	c.Register(o.Nodes[0], "c0", "y")
	out.Change = c.until(time.Millisecond)

	last := o.Nodes[members-1]
	c.Crash(last)
	c.Advance(2 * time.Second) // it is taken for dead
	c.Restart(last)
	out.Start = c.until(time.Millisecond)
	c.Advance(2 * time.Second) // and for alive

	c.Split(o.Nodes[:1], o.Nodes[1:])
	c.Advance(3 * time.Second) // both sides take each other for unreachable
	for i := range clients / 2 {
		c.Register(o.Nodes[i%2], fmt.Sprintf("c%d", i), "z")
		c.End(fmt.Sprintf("c%d", i+clients/2))
	}
	c.Advance(3 * time.Second)
	c.Mend()
	out.Apart = c.until(10 * time.Millisecond)
	return out, c.err
}

// until lets time pass until all members hold the same, and returns how long that
// took. It looks that often, and gives up after a lease.
func (c *Cluster) until(look time.Duration) time.Duration {
	began := c.now
	for c.err == nil && c.now.Sub(began) < c.options.Config.Lease && !c.alike() {
		c.Advance(look)
	}
	return c.now.Sub(began)
}

// alike reports whether all members have the digest of what lives.
func (c *Cluster) alike() bool {
	first := c.nodes[0].server.state()
	for _, n := range c.nodes[1:] {
		if n.server.state() != first {
			return false
		}
	}
	return first.pending == 0
}
