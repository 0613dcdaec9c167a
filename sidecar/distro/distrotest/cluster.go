package distrotest

import (
	"container/heap"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"github.com/distro-naming/naming-operator/sidecar/distro"
	"github.com/distro-naming/naming-operator/sidecar/member"
	"github.com/distro-naming/naming-operator/sidecar/naming"
)

// Options describe a cluster.
type Options struct {
	Nodes  []string // their names
	Config distro.Config
	Faults Faults

	// Streams is the share of pairs of nodes that stream to each other.
	Streams float64

	// Reissue makes nodes give a client that they adopt a new stamp, as the
	// engine proposes. Replication must work either way.
	Reissue bool

	// Sabotage, if set, breaks an engine on purpose after every step of its
	// node: the harness must notice.
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
	pairs  map[[2]string]bool // that stream, in order of name
	nodes  []*node            // in order of name, also those that are not running
	list   []string
	round  int64 // generation of the list
	ledger ledger

	log []string
	err error // the first violation
}

// New returns a cluster in which every node has just been started with the
// list of all.
func New(seed uint64, o Options) *Cluster {
	c := &Cluster{
		options: o,
		random:  rand.New(rand.NewPCG(seed, 1)),
		start:   time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC),
		net:     newNetwork(seed, o.Faults),
		pairs:   map[[2]string]bool{},
		ledger:  ledger{index: map[naming.ClientID]*client{}},
	}
	c.now = c.start
	names := slices.Sorted(slices.Values(o.Nodes))
	c.list = names
	for _, name := range names {
		c.nodes = append(c.nodes, &node{name: name, cluster: c})
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

// List publishes another member list. Nodes get it a little later, each at its
// own time; nodes that are not in it are stopped, new ones started.
func (c *Cluster) List(names ...string) {
	c.list = slices.Sorted(slices.Values(names))
	c.round++
	for _, name := range c.list {
		n := c.node(name)
		if n == nil {
			n = &node{name: name, cluster: c}
			c.nodes = append(c.nodes, n)
			slices.SortFunc(c.nodes, func(a, b *node) int { return strings.Compare(a.name, b.name) })
		}
		if !n.up {
			n.boot()
		}
	}
	round := c.round
	for _, n := range c.nodes {
		if !slices.Contains(c.list, n.name) {
			n.crash()
			continue
		}
		c.after(c.net.delay(), func() {
			if n.up && round == c.round {
				c.step(n, n.members)
			}
		})
	}
}

// Crash stops a node, which forgets everything; its connections end.
func (c *Cluster) Crash(name string) { c.node(name).crash() }

// Restart starts a node again as a new incarnation.
func (c *Cluster) Restart(name string) {
	if n := c.node(name); !n.up {
		n.boot()
	}
}

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

// violated records the first violation.
func (c *Cluster) violated(format string, args ...any) {
	if c.err == nil {
		c.err = fmt.Errorf(format, args...)
		c.say("VIOLATION: %v", c.err)
	}
}

// after runs do when d has passed.
func (c *Cluster) after(d time.Duration, do func()) { c.schedule(c.now.Add(d), do) }

func (c *Cluster) schedule(at time.Time, do func()) {
	c.number++
	heap.Push(&c.events, event{at: at, number: c.number, do: do})
}

// step does something at a running node, carries out what its engine then wants
// and checks its invariants.
func (c *Cluster) step(n *node, do func()) {
	if c.err != nil || !n.up {
		return
	}
	do()
	n.settle()
	if c.options.Sabotage != nil {
		c.options.Sabotage(n.engine)
	}
	n.check()
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
