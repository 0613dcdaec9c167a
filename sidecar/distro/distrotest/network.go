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
}

func newNetwork(seed uint64, f Faults) network {
	return network{
		random: rand.New(rand.NewPCG(seed, 2)), faults: f,
		cuts: map[[2]string]bool{}, lose: map[[2]string]int{},
	}
}

func (n *network) delay() time.Duration {
	d := time.Millisecond
	if n.faults.Delay > 0 {
		d += time.Duration(n.random.Int64N(int64(n.faults.Delay)))
	}
	return d
}

// passes reports whether a message gets through; what is lost is lost silently.
func (n *network) passes(from, to string) bool {
	return !n.cuts[[2]string{from, to}] && (n.faults.Loss == 0 || n.random.Float64() >= n.faults.Loss)
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

func (n *network) twice() bool {
	return n.faults.Duplicate > 0 && n.random.Float64() < n.faults.Duplicate
}

// request is one call: serve runs at the receiver and answer, with its result,
// at the sender.
type request struct {
	from, to *node
	serve    func(to *node) any
	answer   func(reply any, err error)
}

// call carries out a request. Exactly one answer is given, unless the sender
// dies before.
func (c *Cluster) call(r request) {
	life := r.from.epoch
	answered := false
	answer := func(reply any, err error) {
		if answered || !r.from.up || r.from.epoch != life {
			return
		}
		answered = true
		c.step(r.from, func() { r.answer(reply, err) })
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
		var reply any
		heard := false
		c.step(r.to, func() {
			if heard = r.to.hears(r.from, life); heard {
				reply = r.serve(r.to)
			}
		})
		if heard && c.net.passes(r.to.name, r.from.name) {
			c.after(c.net.delay(), func() { answer(reply, nil) })
		}
	}
	c.after(c.net.delay(), arrive)
	if c.net.twice() {
		c.after(c.net.delay()+c.net.delay(), arrive)
	}
}

// Cut stops everything that from sends to to.
func (c *Cluster) Cut(from, to string) { c.net.cuts[[2]string{from, to}] = true }

// Split stops everything between nodes of different groups.
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

// Heal lets everything pass again and ends all faults but delay.
func (c *Cluster) Heal() {
	clear(c.net.cuts)
	c.net.faults.Loss, c.net.faults.Duplicate = 0, 0
}
