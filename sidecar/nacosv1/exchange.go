package nacosv1

import (
	"context"
	"maps"
	"net"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/go-logr/logr"

	"github.com/distro-naming/naming-operator/sidecar/member"
	"github.com/distro-naming/naming-operator/sidecar/naming"
	"github.com/distro-naming/naming-operator/sidecar/route"
	"github.com/distro-naming/naming-operator/sidecar/wire"
)

// Config says how members of Nacos 1.x are dealt with. DefaultConfig has the
// values, those of Nacos where it has one.
type Config struct {
	Self         member.Address
	Identity     wire.Credentials // sent with all calls
	JudgeEvery   time.Duration    // how often a member is asked how it replicates, and reported to if as 1.x
	SettledEvery time.Duration    // how often, once it is known not to
	MergeFor     time.Duration    // changes within this time leave together
	VerifyEvery  time.Duration    // between two showings of checksums
	BeatEvery    time.Duration    // of what was handed over
	RefreshEvery time.Duration    // lists are sent again, lest their beats seem old when their owner changes
	RetryFrom    time.Duration    // pause after the first failure; it doubles
	RetryTo      time.Duration    // the longest pause
	CallWithin   time.Duration    // for one call
	LoadWithin   time.Duration    // for all that a member knows
	Batch        int              // services in one call
	InFlight     int              // calls for handed over instances under way at once, to one member
	Log          logr.Logger
}

// DefaultConfig returns a configuration that lacks only who this member is.
func DefaultConfig() Config {
	return Config{
		Identity:     wire.Identity{},
		JudgeEvery:   2 * time.Second,
		SettledEvery: 5 * time.Second,
		MergeFor:     100 * time.Millisecond,
		VerifyEvery:  5 * time.Second,
		BeatEvery:    5 * time.Second,
		RefreshEvery: 10 * time.Second,
		RetryFrom:    500 * time.Millisecond,
		RetryTo:      5 * time.Second,
		CallWithin:   3 * time.Second,
		LoadWithin:   10 * time.Second,
		Batch:        1000,
		InFlight:     8,
		Log:          logr.Discard(),
	}
}

// Catalog is what this adapter needs to read.
type Catalog interface {
	View(s naming.ServiceKey) *naming.View
	AllServices() []naming.ServiceKey
	Loaded() bool
	ServiceOwner(s naming.ServiceKey) (owner member.Address, v1 bool)
	Own(ctx context.Context, services []naming.ServiceKey) (map[naming.ServiceKey]naming.Own, error)
	OwnClients(ctx context.Context) ([]naming.ClientID, error)
}

// Inbox is what it tells of members of Nacos 1.x.
type Inbox interface {
	Receive(ctx context.Context, from member.Address, r *naming.Record) error
	CompareDatums(ctx context.Context, from member.Address, revisions map[naming.ServiceKey]int32) ([]naming.ServiceKey, error)
	Given(ctx context.Context, s naming.ServiceKey, i naming.Instance) error
}

// Routes is what it needs to find members, and to say how it went.
type Routes interface {
	Node() member.Node
	Dial(ctx context.Context, to member.Address, port int) (net.Conn, error)
	Reached(n member.Node, ip string)
	Failed(to member.Address, refused bool, err error)
}

// Roster is what it needs to know of members, and to say.
type Roster interface {
	// Ours reports whether a member is known to be of our own kind.
	Ours(a member.Address) bool
	// At returns the listed members that were last seen at an IP.
	At(ip string) []member.Address
	SetV1(a member.Address, v1 bool)
}

// Observer is told of calls when they have ended. It must return at once.
type Observer interface {
	// Called reports a call: kind is send (a list), hand (an instance in a service
	// of the other member), verify or load.
	Called(to member.Address, kind string, took time.Duration, err error)
}

// Deps are the parts of the member that the Exchange works for.
type Deps struct {
	Catalog  Catalog
	Inbox    Inbox
	Routes   Routes
	Roster   Roster
	Observer Observer

	// Forget has a member that replicates by clients forget one.
	Forget func(ctx context.Context, to member.Address, c naming.ClientID, version int64) error
}

// Exchange deals with all members of Nacos 1.x.
type Exchange struct {
	cfg   Config
	deps  Deps
	web   *http.Client // for all calls but loads, which may take longer
	loads *http.Client
	sums  sums

	mu     sync.Mutex
	closed bool
	view   member.View
	judges map[member.Address]*judge
	links  map[member.Address]*link
	life   context.Context //nolint:containedctx // of all that was ever started
	end    context.CancelFunc
	work   sync.WaitGroup
}

// idlePerMember connections are kept to each member.
const idlePerMember = 8

// New returns an Exchange without members.
func New(cfg Config, deps Deps) *Exchange {
	life := context.Background() //nolint:forbidigo // lasts until all is closed
	life, end := context.WithCancel(life)
	return &Exchange{
		cfg: cfg, deps: deps, life: life, end: end,
		web:    route.Client(deps.Routes, cfg.CallWithin, idlePerMember),
		loads:  route.Client(deps.Routes, cfg.LoadWithin, idlePerMember),
		judges: map[member.Address]*judge{},
		links:  map[member.Address]*link{},
	}
}

// SetMembers makes v the view: every peer is judged, and those that replicate as
// 1.x are dealt with.
func (x *Exchange) SetMembers(v member.View) {
	x.follow(v)
	if links := x.all(); len(links) > 0 {
		all := x.deps.Catalog.AllServices() // the rings may have changed
		for _, l := range links {
			l.touch(all...)
		}
	}
}

func (x *Exchange) follow(v member.View) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.closed {
		return
	}
	x.view = v
	peers := v.Peers()
	for a, j := range x.judges {
		if !slices.Contains(peers, a) {
			j.cancel()
			delete(x.judges, a)
		}
	}
	for _, a := range peers {
		if x.judges[a] == nil {
			j := &judge{x: x, of: a, soon: make(chan struct{}, 1), known: make(chan struct{})}
			x.judges[a] = j
			j.cancel = x.start(j.run)
		}
	}
	for a, l := range x.links {
		if !v.V1(a) || !slices.Contains(peers, a) {
			l.cancel()
			delete(x.links, a)
			if slices.Contains(peers, a) {
				x.start(func(ctx context.Context) { x.tidy(ctx, a) })
			}
		}
	}
	for _, a := range v.PeersOfV1() {
		if x.links[a] == nil {
			l := newLink(x, a)
			x.links[a] = l
			l.cancel = x.start(l.run)
			if !x.judges[a].first.Load() {
				x.start(func(ctx context.Context) { x.part(ctx, a) })
			}
		}
	}
}

// start runs something until it ends, is cancelled or all is closed; the lock is held.
func (x *Exchange) start(run func(ctx context.Context)) context.CancelFunc {
	ctx, cancel := context.WithCancel(x.life)
	x.work.Go(func() {
		defer cancel()
		run(ctx)
	})
	return cancel
}

// Close ends all that runs, and waits for it.
func (x *Exchange) Close() {
	x.mu.Lock()
	x.closed = true
	x.end()
	x.mu.Unlock()
	x.work.Wait()
	x.web.CloseIdleConnections()
	x.loads.CloseIdleConnections()
}

// Touch notes that what is listed in a service may have changed. It returns at
// once.
func (x *Exchange) Touch(s naming.ServiceKey) {
	for _, l := range x.all() {
		l.touch(s)
	}
}

// OnlyV1 reports whether a member cannot replicate but as Nacos 1.x does, and
// takes no gRPC at all.
func (x *Exchange) OnlyV1(a member.Address) bool {
	j := x.judge(a)
	return j != nil && j.first.Load()
}

// Speaks reports whether a member replicates as Nacos 1.x does.
func (x *Exchange) Speaks(a member.Address) bool { return x.link(a) != nil }

// Pending returns how much of what is listed here a member of Nacos 1.x was not
// told yet: services and instances.
func (x *Exchange) Pending(a member.Address) int {
	if l := x.link(a); l != nil {
		return l.pending()
	}
	return 0
}

func (x *Exchange) all() []*link {
	x.mu.Lock()
	defer x.mu.Unlock()
	if len(x.links) == 0 {
		return nil
	}
	return slices.Collect(maps.Values(x.links))
}

func (x *Exchange) link(a member.Address) *link {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.links[a]
}

func (x *Exchange) judge(a member.Address) *judge {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.judges[a]
}
