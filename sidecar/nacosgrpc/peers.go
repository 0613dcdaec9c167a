package nacosgrpc

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/go-logr/logr"

	"github.com/distro-naming/naming-operator/sidecar/member"
	"github.com/distro-naming/naming-operator/sidecar/naming"
	"github.com/distro-naming/naming-operator/sidecar/stream"
	"github.com/distro-naming/naming-operator/sidecar/wire"
	"github.com/distro-naming/naming-operator/sidecar/wire/nacospb"
)

// PeersConfig says how peers are called. DefaultPeersConfig has the values of
// Nacos where it has one.
type PeersConfig struct {
	ReportEvery time.Duration // how often this member reports to each peer
	CallWithin  time.Duration // for one call, and for connecting
	LoadWithin  time.Duration // for a snapshot
	RedialFrom  time.Duration // pause after the first failure; it doubles
	RedialTo    time.Duration // the longest pause
	MaxAnswer   int           // bytes of one answer: a snapshot is one
	InFlight    int           // verifications of one peer under way at once
	Stream      bool          // stream to peers that offer it
	Streams     stream.Config
	Observer    stream.Observer
	Streaming   func(peer member.Address, up bool) // told when a stream to a peer comes up or ends
	Identity    wire.Credentials                   // sent with reports and all of Distro
	Log         logr.Logger
}

// largestAnswer is what our own members read of one another, in bytes.
const largestAnswer = 256 << 20

// DefaultPeersConfig returns a configuration that lacks only what wants to hear
// of streams; without that there are none.
func DefaultPeersConfig() PeersConfig {
	return PeersConfig{
		ReportEvery: 2 * time.Second,
		CallWithin:  3 * time.Second,
		LoadWithin:  30 * time.Second,
		RedialFrom:  100 * time.Millisecond,
		RedialTo:    2 * time.Second,
		MaxAnswer:   largestAnswer,
		InFlight:    8,
		Streams:     stream.DefaultConfig(),
		Identity:    wire.Identity{},
		Log:         logr.Discard(),
	}
}

// ErrNotConnected means that there is no connection to a peer now; one is being
// made, if it is in the list.
var ErrNotConnected = errors.New("peer is not connected")

// Peers keeps one connection to every peer, and calls them: it is how the
// replica sends, drops, verifies and loads. It never tries a call again.
type Peers struct {
	cfg    PeersConfig
	routes Routes
	web    *http.Client // for reports to peers that take them in no other way

	mu     sync.Mutex
	closed bool
	links  map[member.Address]*link
	work   sync.WaitGroup

	changes changes
}

// NewPeers returns a Peers without peers.
func NewPeers(cfg PeersConfig, routes Routes) *Peers {
	p := &Peers{cfg: cfg, routes: routes, links: map[member.Address]*link{}}
	p.web = p.webClient()
	return p
}

// SetPeers makes list the peers: connections to others are closed, those that
// are new are dialed until they are reached.
func (p *Peers) SetPeers(list []member.Address) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return
	}
	for a, l := range p.links {
		if !slices.Contains(list, a) {
			l.cancel()
			delete(p.links, a)
		}
	}
	for _, a := range list {
		if p.links[a] != nil {
			continue
		}
		ctx := context.Background() //nolint:forbidigo // a link lasts until the peer is taken from the list
		ctx, cancel := context.WithCancel(ctx)
		l := &link{peers: p, to: a, cancel: cancel, renewed: make(chan net.Conn, 1)}
		l.sender = stream.NewSender(p.cfg.Streams, a, p.routes.Node, p.cfg.Observer, func(up bool) { p.cfg.Streaming(a, up) })
		p.links[a] = l
		p.work.Go(func() { l.run(ctx) })
	}
}

// Redial makes a peer be dialed at once, in place of the connection there is:
// it is known to have moved or to have come back.
func (p *Peers) Redial(a member.Address) {
	if l := p.find(a); l != nil {
		l.redial()
	}
}

// Close closes all connections and waits for their ends.
func (p *Peers) Close() {
	p.mu.Lock()
	p.closed = true
	for _, l := range p.links {
		l.cancel()
	}
	clear(p.links)
	p.mu.Unlock()
	p.work.Wait()
}

func (p *Peers) count() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.links)
}

func (p *Peers) find(a member.Address) *link {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.links[a]
}

// call makes one signed call of a peer and returns its answer of the given kind.
func (p *Peers) call(
	ctx context.Context, to member.Address, within time.Duration, in *nacospb.Payload, want wire.Kind,
) (*nacospb.Payload, error) {
	l := p.find(to)
	if l == nil {
		return nil, fmt.Errorf("call %s: %w", to, ErrNotConnected)
	}
	return l.call(ctx, within, in, want)
}

func (p *Peers) sign(body []byte, version int64) *nacospb.Payload {
	return p.cfg.Identity.Sign(wire.SignDistro(wire.Payload(wire.DistroDataRequest, body), p.routes.Node(), version))
}

// Send gives a peer a record.
func (p *Peers) Send(ctx context.Context, to member.Address, r *naming.Record) error {
	return p.tell(ctx, to, p.sign(p.changes.of(r, p.count()).Request(to), 0))
}

// Drop tells a peer that a client is no more, as of a version.
func (p *Peers) Drop(ctx context.Context, to member.Address, c naming.ClientID, version int64) error {
	return p.tell(ctx, to, p.sign(wire.DeleteRequest(c, to), version))
}

func (p *Peers) tell(ctx context.Context, to member.Address, in *nacospb.Payload) error {
	out, err := p.call(ctx, to, p.cfg.CallWithin, in, wire.DistroDataResponse)
	if err != nil {
		return err
	}
	result, err := wire.DecodeResult(wire.Body(out))
	if err == nil && !result.OK() {
		err = fmt.Errorf("refused: %d/%d %s", result.ResultCode, result.ErrorCode, result.Message)
	}
	if err != nil {
		return fmt.Errorf("call %s: %w", to, err)
	}
	return nil
}

// Load fetches all that a peer knows and hands it on: in parts by a stream, which
// leaves out what is of the owners in except, otherwise at once. complete is false
// when that peer is itself still loading. Records that cannot be read are left out
// of what comes at once, and logged.
func (p *Peers) Load(
	ctx context.Context, from member.Address, except []member.Address, take func(records []*naming.Record, more int) error,
) (complete bool, err error) {
	if l := p.find(from); l != nil {
		if client := l.client.Load(); client != nil {
			return l.fetch(ctx, client, except, take)
		}
	}
	out, err := p.call(ctx, from, p.cfg.LoadWithin, p.sign(wire.SnapshotRequest(), 0), wire.DistroDataResponse)
	if err != nil {
		return false, err
	}
	records, complete, err := wire.DecodeSnapshot(wire.Body(out))
	if errors.Is(err, wire.ErrSkipped) {
		p.cfg.Log.Info("left out faulty records of a peer's snapshot", "peer", from, "error", err.Error())
		err = nil
	}
	if err == nil {
		err = take(records, 0)
	}
	if err != nil {
		return false, fmt.Errorf("load from %s: %w", from, err)
	}
	return complete, nil
}
