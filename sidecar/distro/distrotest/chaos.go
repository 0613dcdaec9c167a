package distrotest

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"github.com/distro-naming/naming-operator/sidecar/distro"
)

// Steps is the number of disturbances of a usual run.
const Steps = 80

// Chaos runs one seed: a cluster whose size, timers and faults the seed draws
// is disturbed for that many steps, then healed and judged. All that is done to
// it is lines of a script, which the cluster that is returned tells. sabotage,
// if not nil, breaks every engine after every step.
func Chaos(seed uint64, steps int, sabotage func(*distro.Engine)) (*Cluster, error) {
	r := rand.New(rand.NewPCG(seed, 3))
	o := draw(r)
	o.Seed, o.Sabotage = seed, sabotage
	m := &monkey{Cluster: New(o), random: r, kinds: drawKinds(r), realIDs: r.IntN(2) == 0}
	m.all = slices.Clone(m.list)
	for range steps {
		m.kinds[r.IntN(len(m.kinds))](m)
		m.do("advance %v", time.Duration(r.Int64N(int64(1500*time.Millisecond))))
	}
	m.conclude()
	if m.failed != nil {
		return m.Cluster, fmt.Errorf("%w\nreplay: go run ./hack/simulate -seed %d -steps %d", m.failed, seed, steps)
	}
	return m.Cluster, nil
}

// monkey does to a cluster what the world does.
type monkey struct {
	*Cluster
	random  *rand.Rand
	kinds   []func(*monkey)
	all     []string // every node that may be in the list
	next    int      // number of the next client
	realIDs bool     // connections are called as Nacos calls them, by time and port
	failed  error
}

// do carries out a line, unless one has failed.
func (m *monkey) do(format string, args ...any) {
	if m.failed == nil {
		m.failed = m.Do(fmt.Sprintf(format, args...))
	}
}

// one returns one of the running nodes, or nil.
func (m *monkey) one() *node {
	nodes := m.running()
	if len(nodes) == 0 {
		return nil
	}
	return nodes[m.random.IntN(len(nodes))]
}

// some does a line with the name of a running node in it.
func (m *monkey) some(format string, args ...any) {
	if n := m.one(); n != nil {
		m.do(format, append([]any{n.name}, args...)...)
	}
}

// link does a line with two names in it.
func (m *monkey) link(format string, args ...any) {
	from, to := m.nodes[m.random.IntN(len(m.nodes))], m.nodes[m.random.IntN(len(m.nodes))]
	if from != to {
		m.do(format, append([]any{from.name, to.name}, args...)...)
	}
}

// living returns one of the clients that live, of the kind wanted, or nil.
func (m *monkey) living(beats bool) *client {
	alive := slices.DeleteFunc(slices.Clone(m.ledger.clients), func(k *client) bool {
		return !k.alive || k.id.Beats() != beats
	})
	if len(alive) == 0 {
		return nil
	}
	return alive[m.random.IntN(len(alive))]
}

func (m *monkey) content() string { return fmt.Sprintf("x%d", m.random.IntN(1000)) }

func (m *monkey) register() {
	n := m.one()
	if n == nil {
		return
	}
	m.next++
	id := fmt.Sprintf("c%d", m.next)
	if m.realIDs {
		id = fmt.Sprintf("%d_10.0.0.1_%d", n.connects(), m.next)
	}
	m.do("register %s %s %s", n.name, id, m.content())
}

// burst opens many connections to one node.
func (m *monkey) burst() {
	n := m.one()
	for range 15 {
		if m.next++; n != nil {
			m.do("register %s c%d %s", n.name, m.next, m.content())
		}
	}
}

func (m *monkey) change() {
	if k := m.living(false); k != nil {
		m.do("register %s %s %s", k.home.name, k.id, m.content())
	}
}

func (m *monkey) end() {
	if k := m.living(false); k != nil {
		m.do("end %s %s", k.home.name, k.id)
	}
}

func (m *monkey) beat() { m.do("beat 10.0.0.%d:80 %s", m.random.IntN(20), m.content()) }

func (m *monkey) silence() {
	if k := m.living(true); k != nil {
		m.do("silence %s", k.id.Tag())
	}
}

func (m *monkey) split() {
	var groups [3][]string // the last one is cut off from nobody
	for _, n := range m.nodes {
		i := m.random.IntN(5) / 2
		groups[i] = append(groups[i], n.name)
	}
	m.do("split %s | %s", strings.Join(groups[0], " "), strings.Join(groups[1], " "))
}

func (m *monkey) restart() {
	for _, name := range m.list {
		if !m.node(name).up {
			m.do("restart %s", name)
			return
		}
	}
}

// resize takes a member out of the list or puts one back.
func (m *monkey) resize() {
	name := m.all[m.random.IntN(len(m.all))]
	list := slices.DeleteFunc(slices.Clone(m.list), func(s string) bool { return s == name })
	if len(list) == len(m.list) {
		list = append(list, name)
	}
	if len(list) >= 2 {
		m.do("list %s", strings.Join(list, " "))
	}
}

func (m *monkey) thaw() {
	for _, n := range m.nodes {
		if n.frozen {
			m.do("thaw %s", n.name)
			return
		}
	}
}

func (m *monkey) slow() { m.some("slow %s %v", milliseconds(m.random, 0, 300, 900, 1500)) }

func (m *monkey) clock() { m.some("clock %s %v", seconds(m.random, -3600, -1, 1, 3600)) }

func (m *monkey) weather() {
	m.do("network loss=%v duplicate=%v reorder=%v delay=%v stale=%v",
		pick(m.random, 0, 0, 0.1, 0.4), pick(m.random, 0, 0.2), pick(m.random, 0, 0.3),
		milliseconds(m.random, 0, 50, 400), seconds(m.random, 0, 1, 30))
}

// conclude heals everything and asks for completeness in the time that repair
// may take, for agreement once the longest lease must have ended, and then for
// silence. Where no member has lost what it knew, no lease need end: they agree
// as soon as silent clients are given up.
func (m *monkey) conclude() {
	cfg, java := m.options.Config, len(m.options.Java) > 0
	m.do("heal")
	for _, name := range m.list {
		if !m.node(name).up {
			m.do("restart %s", name)
		}
	}
	forgets := func(line string) bool { return strings.HasPrefix(line, "lose") }
	remembered := !java && m.lives == int64(len(m.nodes)) && !slices.ContainsFunc(m.script, forgets)
	m.do("advance %v", Repair(cfg, java))
	m.do("complete")
	if remembered {
		m.do("advance %v", beatTimeout+beatInterval)
		m.do("agree")
	}
	m.forget(Forget(cfg, java))
	m.do("agree")
	m.do("quiet %v", 2*longest(cfg.VerifyInterval))
}

// forget waits for that long. Most runs are content when they agree sooner; the
// others see what a lease does that was not renewed.
func (m *monkey) forget(bound time.Duration) {
	const look = 5 * time.Second
	for patient := m.random.IntN(4) == 0; bound > 0 && m.failed == nil; bound -= look {
		if !patient && m.Agree() == nil {
			return
		}
		m.do("advance %v", min(bound, look))
	}
}

// connects returns the time that a connection gets which is opened now at a
// node: its wall clock, but never earlier than its process.
func (n *node) connects() int64 {
	at := n.wall()
	if s, ours := n.server.(*sidecar); ours {
		at = max(at, s.epoch)
	}
	return at
}
