// Package membership knows where the other members are and how they are: it
// follows the mounted member list, resolves peers through the headless Service,
// remembers what calls to them and introductions by them have shown, and
// reports every change as a member.View.
//
// A list that is unreadable, or that lacks this very member, never replaces a
// good one. No member is added or removed but by the list. The package does not
// talk to peers itself: callers tell it what they saw.
package membership

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-logr/logr"

	"github.com/distro-naming/naming-operator/sidecar/member"
)

// Config says who this member is and where its list lies.
type Config struct {
	Self            member.Address
	Epoch           int64         // incarnation of this process, Unix milliseconds
	Version         string        // of Nacos whose protocol is spoken
	File            string        // the member list, in cluster.conf form
	HeadlessService string        // for SRV look-ups; empty outside Kubernetes
	Poll            time.Duration // how often the file is read
	Resolve         time.Duration // how often names are looked up
	FailuresToDown  int           // failed calls in a row after which a peer is Down
	From            net.IP        // peers are called from it; nil leaves the choice to the system
}

// DefaultConfig returns the numbers that a member runs with.
func DefaultConfig() Config {
	return Config{Poll: 250 * time.Millisecond, Resolve: 3 * time.Second, FailuresToDown: 4}
}

// Events is told of changes, one at a time and in order; it may block for the
// time of a hand-over to the replica, not longer.
type Events struct {
	View  func(member.View)      // the list, or the state of a peer, changed
	Met   func(Meeting)          // a peer was met for the first time, or runs anew
	Clock func(hybridTime int64) // a peer's hybrid time
}

// Meeting is how a peer's incarnation became known.
type Meeting struct {
	Peer       member.Address
	Epoch      int64 // Unix milliseconds of its start
	Introduced bool  // it called us; otherwise it answered us
}

// Watch is the membership of one member. Its methods may be called from any
// goroutine.
type Watch struct {
	cfg      Config
	log      logr.Logger
	events   Events
	resolver Resolver

	draining atomic.Bool
	ready    func() bool
	clock    func() int64

	mu     sync.Mutex
	text   string // the last file contents that were looked at
	list   member.List
	loaded bool // a good list was read
	fault  string
	fresh  bool // the view differs from the one last told
	peers  map[member.Address]*peer

	changes chan struct{} // the view changed; Run tells Events
	missed  chan struct{} // a stranger came: names may have moved
	pending struct {
		sync.Mutex
		met   []Meeting
		clock int64
	}
}

// peer is what is known of one other member.
type peer struct {
	state      member.State
	ready      bool // it serves clients, as it last said
	epoch      int64
	failures   int
	err        string
	introduced string          // IP from which it last introduced itself
	good       string          // IP at which it last answered
	resolved   []string        // IPs that its name had at the last look-up
	demoted    map[string]bool // IPs that failed since the last success: tried last
	dialed     string          // IP of the last connection
	v1         bool            // it replicates as Nacos 1.x does
}

// New returns a Watch; Run makes it follow the file. ready says whether this
// member serves clients, clock gives its hybrid time.
func New(cfg Config, log logr.Logger, r Resolver, e Events, ready func() bool, clock func() int64) *Watch {
	return &Watch{
		cfg: cfg, log: log, events: e, resolver: r, ready: ready, clock: clock,
		peers:   map[member.Address]*peer{},
		changes: make(chan struct{}, 1),
		missed:  make(chan struct{}, 1),
	}
}

// Run reads the list and looks up names until ctx ends.
func (w *Watch) Run(ctx context.Context) error {
	var lookups sync.WaitGroup
	defer lookups.Wait()
	lookups.Go(func() { w.resolveForever(ctx) })
	poll := time.NewTicker(w.cfg.Poll)
	defer poll.Stop()
	for {
		w.readFile()
		w.tell()
		select {
		case <-ctx.Done():
			return nil
		case <-poll.C:
		case <-w.changes:
		}
	}
}

// tell hands what changed to Events, outside the lock.
func (w *Watch) tell() {
	v, fresh := w.freshView() // first: who is there again is not told without which incarnation of it
	w.pending.Lock()
	met, clock := w.pending.met, w.pending.clock
	w.pending.met, w.pending.clock = nil, 0
	w.pending.Unlock()
	if clock > 0 {
		w.events.Clock(clock)
	}
	if fresh {
		w.events.View(v)
	}
	for _, m := range met {
		w.log.Info("peer met", "peer", m.Peer, "epoch", m.Epoch, "introduced", m.Introduced)
		w.events.Met(m)
	}
}

// readFile takes the list over if the file holds a new, good one.
func (w *Watch) readFile() {
	data, err := os.ReadFile(w.cfg.File)
	if err != nil {
		w.refuse(fmt.Errorf("read member list: %w", err))
		return
	}
	if w.follows(string(data)) {
		return
	}
	list, err := member.Parse(string(data))
	if err == nil && !list.Contains(w.cfg.Self) {
		err = fmt.Errorf("member list of generation %d does not contain %s: %w", list.Generation(), w.cfg.Self, errNotListed)
	}
	if err != nil {
		w.refuse(err)
		return
	}
	w.adopt(list, string(data))
}

// follows reports whether text is the list in use. If it is there again after it was
// gone or another one, nothing is wrong any more.
func (w *Watch) follows(text string) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.loaded || text != w.text {
		return false
	}
	w.fault = ""
	return true
}

var errNotListed = errors.New("the last good list is kept")

// refuse notes why the file was not taken, and says so once.
func (w *Watch) refuse(err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.fault == err.Error() {
		return
	}
	w.fault = err.Error()
	w.log.Error(err, "member list refused", "file", w.cfg.File, "generation", w.list.Generation())
}

func (w *Watch) adopt(list member.List, text string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if list.Generation() != w.list.Generation() || !list.SameMembers(w.list) {
		w.log.Info("member list adopted", "generation", list.Generation(), "members", list.Len())
	}
	for a, p := range w.peers {
		if hint := list.Hint(a); hint != w.list.Hint(a) {
			delete(p.demoted, hint.IP) // the operator saw the pod move
		}
	}
	w.list, w.text, w.loaded, w.fault = list, text, true, ""
	maps.DeleteFunc(w.peers, func(a member.Address, _ *peer) bool { return !list.Contains(a) })
	for _, a := range list.Without(w.cfg.Self) {
		if w.peers[a] == nil {
			w.peers[a] = &peer{state: member.Suspect, demoted: map[string]bool{}}
		}
	}
	w.dirty()
}

// Generation returns the generation of the list in use, and what is wrong with
// the file if it was refused.
func (w *Watch) Generation() (generation int64, fault string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.list.Generation(), w.fault
}

// Drain makes this member say that it is leaving.
func (w *Watch) Drain() {
	w.draining.Store(true)
	w.mu.Lock()
	w.dirty()
	w.mu.Unlock()
}

// Draining reports whether Drain was called.
func (w *Watch) Draining() bool { return w.draining.Load() }

// dirty makes Run tell the view; the lock is held.
func (w *Watch) dirty() {
	w.fresh = true
	select {
	case w.changes <- struct{}{}:
	default:
	}
}
