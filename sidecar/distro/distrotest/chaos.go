package distrotest

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/distro-naming/naming-operator/sidecar/distro"
)

// Chaos runs one seed: a cluster whose size, timers and faults the seed draws
// is disturbed for that many steps, then healed. Err of the cluster that it
// returns, or Complete or Agree when they do not hold in time, is the verdict.
// The options given are the ones that the seed should not draw.
func Chaos(seed uint64, steps int, sabotage func(*distro.Engine)) (*Cluster, error) {
	r := rand.New(rand.NewPCG(seed, 3))
	o := draw(r)
	o.Sabotage = sabotage
	m := &monkey{Cluster: New(seed, o), random: r, kinds: drawKinds(r)}
	m.all = slices.Clone(m.list)
	for range steps {
		if m.Err() != nil {
			break
		}
		m.act()
		m.Advance(time.Duration(r.Int64N(int64(1500 * time.Millisecond))))
	}
	if err := m.conclude(); err != nil {
		return m.Cluster, fmt.Errorf("%w\nreplay: go run ./hack/simulate -seed %d -steps %d", err, seed, steps)
	}
	return m.Cluster, nil
}

// draw picks the size of the cluster, the timers and the network.
func draw(r *rand.Rand) Options {
	cfg := distro.Default()
	cfg.VerifyInterval = seconds(r, 1, 2, 5)
	cfg.SyncDelay = milliseconds(r, 0, 100, 1000)
	cfg.Grace = seconds(r, 2, 5, 15)
	cfg.Missing = max(cfg.Grace, 3*cfg.VerifyInterval, seconds(r, 5, 15, 30))
	cfg.Down = max(cfg.Grace, seconds(r, 5, 30))
	cfg.Lease = max(cfg.Missing, cfg.Down, seconds(r, 15, 30, 60))
	cfg.MaxInFlight = pick(r, 1, 2, 64)
	cfg.MaxInFlightStream = pick(r, 1, 4, 1024)
	o := Options{Config: cfg, Reissue: r.IntN(2) == 0, Streams: float64(pick(r, 0, 50, 100, 100)) / 100}
	for i := range 3 + r.IntN(5) {
		o.Nodes = append(o.Nodes, string(rune('a'+i)))
	}
	if r.IntN(2) == 0 {
		o.Faults.Delay = milliseconds(r, 5, 50, 400)
	}
	if r.IntN(2) == 0 {
		o.Faults.Loss = float64(pick(r, 2, 10, 30)) / 100
	}
	if r.IntN(2) == 0 {
		o.Faults.Duplicate = float64(pick(r, 5, 20)) / 100
	}
	return o
}

func pick(r *rand.Rand, values ...int) int { return values[r.IntN(len(values))] }

func seconds(r *rand.Rand, values ...int) time.Duration {
	return time.Duration(pick(r, values...)) * time.Second
}

func milliseconds(r *rand.Rand, values ...int) time.Duration {
	return time.Duration(pick(r, values...)) * time.Millisecond
}

// monkey does to a cluster what the world does.
type monkey struct {
	*Cluster
	random *rand.Rand
	kinds  []func(*monkey)
	all    []string // every node that may be in the list
	next   int      // number of the next client
}

// drawKinds always includes what clients do, and each fault with even odds.
func drawKinds(r *rand.Rand) []func(*monkey) {
	kinds := []func(*monkey){
		(*monkey).register, (*monkey).register, (*monkey).register, (*monkey).change, (*monkey).change, (*monkey).end,
	}
	faults := [][]func(*monkey){
		{(*monkey).beat, (*monkey).beat, (*monkey).silence},
		{(*monkey).cut, (*monkey).mend},
		{(*monkey).split, (*monkey).mend},
		{(*monkey).crash, (*monkey).restart, (*monkey).restart},
		{(*monkey).resize},
		{(*monkey).negotiate},
	}
	for _, f := range faults {
		if r.IntN(2) == 0 {
			kinds = append(kinds, f...)
		}
	}
	return kinds
}

func (m *monkey) act() { m.kinds[m.random.IntN(len(m.kinds))](m) }

// one returns one of the running nodes, or nil.
func (m *monkey) one() *node {
	nodes := m.running()
	if len(nodes) == 0 {
		return nil
	}
	return nodes[m.random.IntN(len(nodes))]
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
	if n := m.one(); n != nil {
		m.next++
		m.Register(n.name, fmt.Sprintf("%d_c%d_1", n.tick(), m.next), m.content())
	}
}

func (m *monkey) change() {
	if k := m.living(false); k != nil {
		m.Register(k.home.name, string(k.id), m.content())
	}
}

func (m *monkey) end() {
	if k := m.living(false); k != nil {
		m.End(string(k.id))
	}
}

func (m *monkey) beat() { m.Beat(fmt.Sprintf("10.0.0.%d:80", m.random.IntN(20)), m.content()) }

func (m *monkey) silence() {
	if k := m.living(true); k != nil {
		m.Silence(k.id.Tag())
	}
}

func (m *monkey) cut() {
	from, to := m.nodes[m.random.IntN(len(m.nodes))], m.nodes[m.random.IntN(len(m.nodes))]
	if from != to {
		m.say("cut from %s to %s", from.name, to.name)
		m.Cut(from.name, to.name)
	}
}

// negotiate has two nodes begin to stream, or end it.
func (m *monkey) negotiate() {
	a, b := m.nodes[m.random.IntN(len(m.nodes))], m.nodes[m.random.IntN(len(m.nodes))]
	if a != b {
		on := !m.streams(a.name, b.name)
		m.say("%s and %s stream: %t", a.name, b.name, on)
		m.Stream(a.name, b.name, on)
	}
}

func (m *monkey) split() {
	var groups [2][]string
	for _, n := range m.nodes {
		i := m.random.IntN(2)
		groups[i] = append(groups[i], n.name)
	}
	m.say("split %v from %v", groups[0], groups[1])
	m.Split(groups[0], groups[1])
}

func (m *monkey) mend() {
	m.say("links mended")
	clear(m.net.cuts)
}

func (m *monkey) crash() {
	if n := m.one(); n != nil {
		m.Crash(n.name)
	}
}

func (m *monkey) restart() {
	for _, name := range m.list {
		if !m.node(name).up {
			m.Restart(name)
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
	if len(list) < 2 {
		return
	}
	m.say("members are %v", list)
	m.List(list...)
}

// conclude heals everything and asks for completeness in the time that repair
// may take, and for agreement once the longest lease must have ended.
func (m *monkey) conclude() error {
	if m.err != nil {
		return m.err
	}
	m.say("healed")
	m.Heal()
	m.net.faults.Delay = 0
	for _, name := range m.list {
		m.Restart(name)
	}
	cfg := m.options.Config
	repair := probeInterval + 2*callTimeout + cfg.LoadTimeout + 3*cfg.VerifyInterval + 2*cfg.RetryMax + beatInterval
	m.Advance(repair)
	if err := m.Complete(); m.err == nil && err != nil {
		return fmt.Errorf("not complete %v after healing: %w", repair, err)
	}
	m.Advance(cfg.Lease + 4*cfg.VerifyInterval + beatTimeout)
	if err := m.Agree(); m.err == nil && err != nil {
		return fmt.Errorf("no agreement after the longest lease: %w", err)
	}
	return m.err
}

// Steps is the number of disturbances of a usual run.
const Steps = 80
