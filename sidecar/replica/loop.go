// Package replica is the shell around the pure cores: the Loop owns a member's
// registry and its Distro engine, changes them for one caller after the other,
// performs what the engine decides, and hands immutable views to readers.
//
// It promises that every write is applied whole or not at all, that a write is
// visible to readers before its caller is answered, and that nothing a peer
// says changes what an own client published. It knows no wire format, opens no
// socket and never retries a call: the engine does the planning.
package replica

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-logr/logr"

	"github.com/distro-naming/naming-operator/sidecar/distro"
	"github.com/distro-naming/naming-operator/sidecar/limits"
	"github.com/distro-naming/naming-operator/sidecar/member"
	"github.com/distro-naming/naming-operator/sidecar/naming"
	"github.com/distro-naming/naming-operator/sidecar/settings"
)

// Config holds the numbers of a Loop.
type Config struct {
	Self          member.Address
	Engine        distro.Config
	CallTimeout   time.Duration // one send or drop
	VerifyTimeout time.Duration // one round of verifying
	LoadTimeout   time.Duration // one part of a snapshot, until it was taken

	HandOver time.Duration // for which a client that parted from a leaving member stays listed unless it comes back
	Brake    naming.BrakeConfig
	Settings settings.Config

	Limits        limits.Limits
	Causes        int // remembered of each service; 0 for none
	CauseServices int // of which causes are remembered: those that changed last
}

// DefaultConfig returns the numbers that a member runs with.
func DefaultConfig(self member.Address) Config {
	return Config{
		Self:          self,
		Engine:        distro.Default(),
		CallTimeout:   3 * time.Second,
		VerifyTimeout: 30 * time.Second,
		LoadTimeout:   time.Minute, // longer than the transport waits for a peer

		HandOver: distro.Default().Grace,
		Brake:    naming.DefaultBrake(),
		Settings: settings.DefaultConfig(),

		Limits:        limits.Default(),
		Causes:        32,
		CauseServices: 10_000,
	}
}

// Transport carries what the engine wants to say to a peer. Implementations may
// be slow or fail; they honour ctx and never retry.
type Transport interface {
	Send(ctx context.Context, to member.Address, r *naming.Record) error
	Drop(ctx context.Context, to member.Address, c naming.ClientID, version int64) error
	// Verify returns the clients that the peer lacks or holds differently.
	Verify(ctx context.Context, to member.Address, marks []naming.Mark) ([]naming.ClientID, error)
	// Load hands on everything the peer knows, in parts, with how many records more
	// are known to follow; it may leave out what is of the owners in except.
	// complete is false while the peer itself is still loading. take may block. The
	// error is naming.ErrBusy if the peer gives to others first.
	Load(ctx context.Context, from member.Address, except []member.Address,
		take func(records []*naming.Record, more int) error) (complete bool, err error)
	Stream
}

// Stream is what a Transport can do with those peers of which it was said, by
// Loop.Streams, that a stream to them is up. Digests are the engine's.
type Stream interface {
	// Post takes changes to be told in order, without waiting, and reports whether
	// it did. done is then called once, by another goroutine, with nil if the peer
	// took all of them, otherwise with an error or nil for each.
	Post(to member.Address, changes []naming.Change, done func([]error)) bool
	// Summarize returns nil if the peer holds alike what root is the digest of,
	// otherwise the digests of the parts of what it holds.
	Summarize(ctx context.Context, to member.Address, root [16]byte) ([][16]byte, error)
	// Detail returns those of the marks that the peer does not hold alike: of those
	// buckets that differed in an answer to Summarize that adds up to held.
	Detail(ctx context.Context, to member.Address, held [16]byte, buckets []uint8, marks []naming.Mark) (
		[]naming.ClientID, error)
}

// Observer is told what happened after it happened. It must return at once.
type Observer interface {
	// Called reports a finished call to a peer: kind is send, drop, post (some of
	// both at once), verify or load.
	Called(to member.Address, kind string, took time.Duration, err error)
	// Acknowledged reports that a peer took a change, and how long after it was made.
	Acknowledged(by member.Address, lag time.Duration)
	// Offered reports what became of a record or removal that a peer offered.
	Offered(from member.Address, verdict string)
	// Expired reports a replica whose lease ended.
	Expired(c naming.ClientID, reason string)
	// Braked reports instances that were lost and are held as unhealthy.
	Braked(instances int)
}

// Loop owns the registry and the engine of one member.
type Loop struct {
	cfg       Config
	log       logr.Logger
	transport Transport
	observer  Observer
	touch     func(naming.ServiceKey)

	turn    chan struct{} // holds one while somebody has the turn; from New on, until Run gives it away
	stopped chan struct{}
	calls   sync.WaitGroup

	// Owned by who has the turn.
	ctx        context.Context //nolint:containedctx // of Run, for calls to peers
	timer      *time.Timer     // wakes Run
	wakes      time.Time       // when it does
	registry   *naming.Registry
	engine     *distro.Engine
	clock      hybridClock
	connected  map[naming.ClientID]struct{}
	beats      *beatTable
	datums     *datums
	departures departures
	settings   *settings.Store
	swept      time.Time // when settings were last looked at
	view       member.View
	journal    journal
	streaming  map[member.Address]bool
	outgoing   map[member.Address]*post // decided in this turn, for peers that stream
	began      time.Time
	loadTook   time.Duration // 0 until loaded

	settling settling

	views     *views
	loaded    atomic.Bool
	time      atomic.Int64 // the hybrid clock, for readers outside
	ring      atomic.Pointer[member.View]
	described atomic.Pointer[map[naming.ServiceKey]*naming.Settings] // replaced, never changed
}

// New returns a Loop that does nothing until Run. touch is called for every
// service whose answer may have changed; it must return at once.
func New(cfg Config, log logr.Logger, transport Transport, observer Observer, touch func(naming.ServiceKey)) *Loop {
	l := &Loop{
		cfg:        cfg,
		log:        log,
		transport:  transport,
		observer:   observer,
		touch:      touch,
		turn:       make(chan struct{}, 1),
		stopped:    make(chan struct{}),
		registry:   naming.NewRegistry(),
		engine:     distro.New(cfg.Self, cfg.Engine),
		connected:  map[naming.ClientID]struct{}{},
		streaming:  map[member.Address]bool{},
		outgoing:   map[member.Address]*post{},
		beats:      newBeatTable(),
		datums:     newDatums(),
		departures: newDepartures(cfg.Brake),
		journal:    newJournal(cfg.Causes, cfg.CauseServices),
		views:      newViews(),
		settings:   settings.New(cfg.Settings),
	}
	l.turn <- struct{}{}
	l.described.Store(&map[naming.ServiceKey]*naming.Settings{})
	return l
}

// publishState lets readers outside the loop see what they ask for most.
func (l *Loop) publishState() {
	l.time.Store(l.clock.last)
	if loaded := l.engine.Loaded(); loaded != l.loaded.Load() {
		l.loaded.Store(loaded)
		l.loadTook = time.Since(l.began)
		l.log.Info("registry loaded", "clients", l.registry.Len(), "took", l.loadTook.String())
	}
}

// Loaded reports whether the start-up load is complete.
func (l *Loop) Loaded() bool { return l.loaded.Load() }

// Clock returns the member's hybrid time: Unix milliseconds that no version
// issued or seen here exceeds.
func (l *Loop) Clock() int64 { return l.time.Load() }

// put stores r in place of what its client published, and says why.
func (l *Loop) put(now time.Time, r *naming.Record, why naming.Cause) {
	old := l.registry.Record(r.Client)
	l.changed(now, l.registry.Put(r), old, r, why)
	l.stored(r)
}

// forget removes all that c published, and says why.
func (l *Loop) forget(now time.Time, c naming.ClientID, why naming.Cause) {
	old := l.registry.Record(c)
	delete(l.departures.holds, c)
	if c.Datum() && old != nil {
		l.dropDatum(old)
	}
	l.changed(now, l.registry.Remove(c), old, nil, why)
}

// changed marks the services whose answer may differ, wakes their subscribers
// and remembers why: the record of one client was replaced.
func (l *Loop) changed(now time.Time, services []naming.ServiceKey, old, fresh *naming.Record, why naming.Cause) {
	if len(services) == 0 {
		return
	}
	l.views.setFloor(l.clock.tick(now))
	why.Time = now
	for _, s := range services {
		if l.loaded.Load() { // who asks why something is listed that always was?
			l.journal.note(s, why.Between(old, fresh, &s))
		}
		if l.registry.Publishers(s) == 0 {
			l.views.remove(s)
		} else {
			l.views.dirty(s)
		}
		l.touch(s)
		if l.datums.of[s] != nil && !why.Client.Beats() && !why.Client.Datum() {
			l.hideEchoes(now, s, old.Find(s), fresh.Find(s))
		}
	}
}
