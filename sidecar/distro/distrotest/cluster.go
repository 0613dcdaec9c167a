package distrotest

import (
	"container/heap"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/distro-naming/naming-operator/sidecar/distro"
	"github.com/distro-naming/naming-operator/sidecar/member"
	"github.com/distro-naming/naming-operator/sidecar/naming"
)

// Options describe a cluster.
type Options struct {
	Seed   uint64   // of all chance
	Nodes  []string // the names of our members
	Java   []string // the names of Java servers
	Config distro.Config
	Faults Faults

	// Streams is the share of pairs of our members that stream to each other.
	Streams float64

	Drift bool // clocks run up to 5 % too fast or too slow

	// Reissue makes nodes give a client that they adopt a new stamp, as the
	// engine proposes. Replication must work either way.
	Reissue bool

	// Sabotage, if set, breaks an engine on purpose whenever it has advanced,
	// before its actions are carried out: the harness must notice.
	Sabotage func(*distro.Engine)
}

// Cluster is a set of simulated nodes. Use it from one goroutine.
type Cluster struct {
	options Options
	random  *rand.Rand
	now     time.Time
	start   time.Time
	events  queue
	number  int // of the last event

	net    network
	pairs  map[[2]string]bool // that stream or do not, in order of name
	nodes  []*node            // in order of name, also those that are not running
	list   []string
	round  int64    // generation of the list
	heals  int      // how often all was healed
	lives  int64    // processes that were started
	script []string // what was done, as lines of a script
	ledger ledger

	log []string
	err error // the first violation
}

// New returns a cluster in which every node has just been started with the
// list of all.
func New(o Options) *Cluster {
	c := &Cluster{
		options: o,
		random:  rand.New(rand.NewPCG(o.Seed, 1)),
		start:   time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC),
		net:     newNetwork(o.Seed, o.Faults),
		pairs:   map[[2]string]bool{},
		ledger:  ledger{index: map[naming.ClientID]*client{}},
	}
	c.now = c.start
	for _, name := range o.Nodes {
		c.add(name, false)
	}
	for _, name := range o.Java {
		c.add(name, true)
	}
	for _, n := range c.nodes {
		c.list = append(c.list, n.name)
		n.skew = time.Duration(c.random.Int64N(2000)-1000) * time.Millisecond
		if o.Drift {
			n.rate = 0.95 + 0.1*c.random.Float64()
		}
	}
	for _, n := range c.nodes {
		n.boot()
	}
	c.afterBeats()
	return c
}

// address returns the member address of a node.
func address(name string) member.Address { return member.Address(name + ":8848") }

// node returns the node of that name, or nil.
func (c *Cluster) node(name string) *node {
	for _, n := range c.nodes {
		if n.name == name {
			return n
		}
	}
	return nil
}

// at returns the node with that address, or nil.
func (c *Cluster) at(a member.Address) *node { return c.node(a.Host()) }

// Advance lets time pass, or less of it once an invariant is broken.
func (c *Cluster) Advance(d time.Duration) {
	end := c.now.Add(d)
	for c.err == nil && len(c.events) > 0 && !c.events[0].at.After(end) {
		e := heap.Pop(&c.events).(event)
		c.now = e.at
		e.do()
	}
	c.now = end
}

// Err returns the first violation of an invariant, or nil.
func (c *Cluster) Err() error { return c.err }

// Transcript returns what happened, a line for each event worth telling.
func (c *Cluster) Transcript() string { return strings.Join(c.log, "\n") + "\n" }

// say adds a line to the transcript.
func (c *Cluster) say(format string, args ...any) {
	line := fmt.Sprintf(format, args...)
	c.log = append(c.log, fmt.Sprintf("%8.3f  %s", c.now.Sub(c.start).Seconds(), line))
}

// violated records the first violation of a law.
func (c *Cluster) violated(l Law, format string, args ...any) {
	if c.err == nil {
		c.err = l.broken(fmt.Errorf(format, args...))
		c.say("VIOLATION: %v", c.err)
	}
}

// after runs do when d has passed.
func (c *Cluster) after(d time.Duration, do func()) { c.schedule(c.now.Add(d), do) }

func (c *Cluster) schedule(at time.Time, do func()) {
	c.number++
	heap.Push(&c.events, event{at: at, number: c.number, do: do})
}

// step does something at a running node, carries out what its server then wants
// and checks its laws. A frozen node does it when it thaws.
func (c *Cluster) step(n *node, do func()) {
	if c.err != nil || !n.up {
		return
	}
	if n.frozen {
		n.held = append(n.held, do)
		return
	}
	do()
	n.server.settle()
	n.server.check()
}

// glance is a step that mostly changes nothing: the server has work to do only if
// it learns something by it.
func (c *Cluster) glance(n *node, do func()) {
	if c.err != nil || !n.up || n.frozen {
		c.step(n, do)
		return
	}
	n.learnt = false
	do()
	if n.learnt {
		c.step(n, func() {})
	}
}

// event is something that happens at a time; equal times in order of number.
type event struct {
	at     time.Time
	number int
	do     func()
}

type queue []event

func (q queue) Len() int { return len(q) }
func (q queue) Less(i, j int) bool {
	if !q[i].at.Equal(q[j].at) {
		return q[i].at.Before(q[j].at)
	}
	return q[i].number < q[j].number
}
func (q queue) Swap(i, j int) { q[i], q[j] = q[j], q[i] }
func (q *queue) Push(x any)   { *q = append(*q, x.(event)) }
func (q *queue) Pop() any {
	last := len(*q) - 1
	e := (*q)[last]
	*q = (*q)[:last]
	return e
}
