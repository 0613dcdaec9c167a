package distrotest

import (
	"errors"
	"math/rand/v2"
	"time"
)

// Faults says how bad the network is. The zero value is a perfect one with a
// delay of a millisecond.
type Faults struct {
	Delay     time.Duration // longest delay beyond a millisecond; delays differ, so messages overtake
	Loss      float64       // share of messages that are lost
	Duplicate float64       // share of requests that arrive twice
	Stale     time.Duration // longest time after which the second one does
	Reorder   float64       // share of messages that are held back for up to half a second more
	List      time.Duration // longest time after which a node gets a new member list
}

// Outcomes of a call as its sender sees them.
var (
	errTimeout = errors.New("no answer")
	errRefused = errors.New("connection refused")
)

// callTimeout is how long a sender waits for an answer.
const callTimeout = time.Second

// network decides what becomes of each message.
type network struct {
	random *rand.Rand
	faults Faults
	cuts   map[[2]string]bool // from, to
	lose   map[[2]string]int  // how many deliveries will be answered and forgotten
	flaps  int                // generation of the flapping links; a mend ends them
}

func newNetwork(seed uint64, faults Faults) network {
	return network{
		random: rand.New(rand.NewPCG(seed, 2)), faults: faults,
		cuts: map[[2]string]bool{}, lose: map[[2]string]int{},
	}
}

func (n *network) delay() time.Duration {
	d := time.Millisecond + n.upTo(n.faults.Delay)
	if n.happens(n.faults.Reorder) {
		d += n.upTo(callTimeout / 2)
	}
	return d
}

// passes reports whether a message gets through; what is lost is lost silently.
func (n *network) passes(from, to string) bool {
	return !n.cuts[[2]string{from, to}] && !n.happens(n.faults.Loss)
}

func (n *network) happens(share float64) bool { return share > 0 && n.random.Float64() < share }

func (n *network) upTo(d time.Duration) time.Duration {
	if d <= 0 {
		return 0
	}
	return time.Duration(n.random.Int64N(int64(d)))
}

// loses reports whether a delivery that arrives is forgotten.
func (n *network) loses(from, to string) bool {
	pair := [2]string{from, to}
	if n.lose[pair] == 0 {
		return false
	}
	n.lose[pair]--
	return true
}

// request is one call: serve runs at the receiver and answer, with its result,
// at the sender.
type request struct {
	from, to *node
	probe    bool // of how the peer is: mostly it changes nothing
	serve    func(to *node) any
	answer   func(reply any, err error)
}

// call carries out a request. Exactly one answer is given, unless the sender
// dies before. A receiver that is frozen serves it when it thaws.
func (c *Cluster) call(r request) {
	life, speaker, step := r.from.life, r.from.server, c.step
	if r.probe {
		step = c.glance
	}
	answered := false
	answer := func(reply any, err error) {
		if answered || !r.from.up || r.from.life != life {
			return
		}
		answered = true
		step(r.from, func() { r.answer(reply, err) })
	}
	c.after(callTimeout, func() { answer(nil, errTimeout) })
	if !c.net.passes(r.from.name, r.to.name) {
		return
	}
	arrive := func() {
		if !r.to.up {
			c.after(c.net.delay(), func() { answer(nil, errRefused) })
			return
		}
		step(r.to, func() {
			if !r.to.server.hears(r.from, speaker) {
				return // of a process that has ended: nobody waits for an answer
			}
			reply := r.serve(r.to)
			if c.net.passes(r.to.name, r.from.name) {
				c.after(c.net.delay()+r.to.slow, func() { answer(reply, nil) })
			}
		})
	}
	c.after(c.net.delay(), arrive)
	if c.net.happens(c.net.faults.Duplicate) {
		heals := c.heals
		c.after(c.net.delay()+c.net.delay()+c.net.upTo(c.net.faults.Stale), func() {
			if heals == c.heals { // what is still under way then is lost
				arrive()
			}
		})
	}
}

// Cut stops everything that from sends to to.
func (c *Cluster) Cut(from, to string) { c.net.cuts[[2]string{from, to}] = true }

// Flap cuts a link and lets it pass again, in turns of that length, until links
// are mended.
func (c *Cluster) Flap(from, to string, turn time.Duration) {
	generation := c.net.flaps
	link := [2]string{from, to}
	var toggle func()
	toggle = func() {
		if generation != c.net.flaps {
			return
		}
		c.net.cuts[link] = !c.net.cuts[link]
		c.after(turn, toggle)
	}
	toggle()
}

// Split stops everything between nodes of different groups. Nodes in no group
// still reach all.
func (c *Cluster) Split(groups ...[]string) {
	for i, g := range groups {
		for j, other := range groups {
			if i == j {
				continue
			}
			for _, from := range g {
				for _, to := range other {
					c.Cut(from, to)
				}
			}
		}
	}
}

// Mend lets everything pass again that a cut or a flap stops.
func (c *Cluster) Mend() {
	clear(c.net.cuts)
	c.net.flaps++
}

// Heal ends every fault: links are mended, nothing is lost, late or doubled,
// clocks run as they should, what is frozen thaws, and whoever waits for a
// member list has it.
func (c *Cluster) Heal() {
	c.heals++
	c.Mend()
	clear(c.net.lose)
	c.net.faults = Faults{}
	for _, n := range c.nodes {
		n.slow, n.drip = 0, 0
		c.Thaw(n.name)
	}
	for _, n := range c.nodes {
		if n.up {
			c.step(n, n.believeList)
		}
	}
}
