package sidecar

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/go-logr/logr"

	"github.com/distro-naming/naming-operator/sidecar/accord"
	"github.com/distro-naming/naming-operator/sidecar/admin"
	"github.com/distro-naming/naming-operator/sidecar/limits"
	"github.com/distro-naming/naming-operator/sidecar/member"
	"github.com/distro-naming/naming-operator/sidecar/membership"
	"github.com/distro-naming/naming-operator/sidecar/metrics"
	"github.com/distro-naming/naming-operator/sidecar/nacosgrpc"
	"github.com/distro-naming/naming-operator/sidecar/nacoshttp"
	"github.com/distro-naming/naming-operator/sidecar/nacosudp"
	"github.com/distro-naming/naming-operator/sidecar/nacosv1"
	"github.com/distro-naming/naming-operator/sidecar/naming"
	"github.com/distro-naming/naming-operator/sidecar/push"
	"github.com/distro-naming/naming-operator/sidecar/replica"
	"github.com/distro-naming/naming-operator/sidecar/report"
	"github.com/distro-naming/naming-operator/sidecar/secure"
	"github.com/distro-naming/naming-operator/sidecar/turnstile"
)

// nacosVersion is the version of Nacos whose protocol this member speaks, as
// other members ask for it.
const nacosVersion = "2.5.1"

// greetAfter is how long after it subscribed a client is told what there is, as
// Nacos does. Java clients throw away what answers a subscription that they renew.
const greetAfter = 500 * time.Millisecond

// node is one member, put together but not yet running.
type node struct {
	cfg   Config
	log   logr.Logger
	epoch int64

	metrics *metrics.Metrics
	overs   *overs
	loop    *replica.Loop
	hub     *push.Hub
	fuzzy   *push.Hub // of who watches patterns
	udpHub  *push.Hub // of its own, so that clients which do not acknowledge hold up nobody else
	udp     *nacosudp.Pusher
	pushes  *pushes
	ids     *ids
	watch   *membership.Watch
	auth    *authority  // who may do what
	guard   *protection // how watch's members are dialed, and who may come
	peers   *nacosgrpc.Peers
	v1      *nacosv1.Exchange
	accord  *accord.Accord
	grpc    *nacosgrpc.Server
	api     *nacoshttp.Handler
	http    *http.Server
	admin   *http.Server

	httpListener  net.Listener
	adminListener net.Listener

	leaveOnce sync.Once
	leaveErr  error
}

// newNode builds the parts and opens the ports.
func newNode(ctx context.Context, cfg Config, log logr.Logger) (*node, error) {
	if cfg.Limits == (limits.Limits{}) {
		cfg.Limits = limits.Default()
	}
	n := &node{cfg: cfg, log: log, epoch: time.Now().UnixMilli(), metrics: metrics.New(), ids: newIDs(cfg.Address)}
	n.overs = &overs{counted: n.metrics, log: log.WithName("limits")}
	n.watch = membership.New(n.membershipConfig(), log.WithName("membership"), net.DefaultResolver, n.events(),
		n.ready, func() int64 { return n.loop.Clock() })
	n.guard = newProtection(cfg, n.watch, n.metrics, log.WithName("tls"))
	var err error
	if n.auth, err = newAuthority(cfg, log.WithName("auth"), n.metrics, n.guard.review); err != nil {
		return nil, err
	}
	peers := nacosgrpc.DefaultPeersConfig()
	peers.Log, peers.Identity = log.WithName("peers"), n.auth.members
	peers.Stream, peers.Observer, peers.Streaming = cfg.PeerStream, n.metrics, n.streaming
	n.peers = nacosgrpc.NewPeers(peers, n.guard)
	ways := &transports{Stream: n.peers, watch: n.watch, grpc: n.peers}
	local := replica.DefaultConfig(cfg.Address)
	local.Brake.Share, local.Limits, local.Settings = cfg.BrakeShare, cfg.Limits, cfg.Settings
	n.loop = replica.New(local, log.WithName("replica"), ways, n.metrics,
		func(s naming.ServiceKey) { n.hub.Touch(s); n.grpc.Touch(s); n.udpHub.Touch(s); n.v1.Touch(s) })
	old := nacosv1.DefaultConfig()
	old.Self, old.Identity, old.Log = cfg.Address, n.auth.members, log.WithName("v1")
	n.v1 = nacosv1.New(old, nacosv1.Deps{
		Catalog: n.loop, Inbox: n.loop, Routes: n.guard, Roster: n.watch, Observer: n.metrics, Forget: n.peers.Drop,
	})
	agreeing := accord.DefaultConfig()
	agreeing.Log = log.WithName("settings")
	n.accord = accord.New(agreeing, n.loop, ways, n.metrics)
	ways.v1, ways.accord = n.v1, n.accord
	n.pushes = &pushes{observe: n.metrics.Pushed}
	greeting := push.DefaultConfig()
	greeting.Greeting = greetAfter
	n.hub = push.New(greeting, n.loop.View, n.pushes.over("grpc"))
	n.udpHub = push.New(push.DefaultConfig(), n.loop.View, n.pushes.over("udp"))
	matching := func(p naming.ServiceKey) *naming.View { return n.grpc.Matching(p) }
	n.fuzzy = push.New(push.DefaultConfig(), matching, n.pushes.over("grpc"))
	if err := n.open(ctx); err != nil {
		return nil, err
	}
	n.metrics.Watch(metrics.Sources{
		Report: n.report, Counts: n.counts, Subscriptions: n.subscriptions, Connections: n.grpc.Clients,
		Moves: n.grpc.Moves, Merged: n.hub.Merged,
	})
	return n, nil
}

// open opens all ports, so that a taken one is found before anything runs.
func (n *node) open(ctx context.Context) error {
	var listen net.ListenConfig
	var errs [4]error
	n.adminListener, errs[0] = listen.Listen(ctx, "tcp", n.cfg.AdminAddress)
	n.httpListener, errs[1] = listen.Listen(ctx, "tcp", net.JoinHostPort(n.cfg.ListenHost, strconv.Itoa(n.cfg.Address.Port())))
	grpc := nacosgrpc.DefaultConfig()
	grpc.Log, grpc.Identity, grpc.Gate = n.log.WithName("grpc"), n.auth.members, n.auth.grpc()
	grpc.Stream = n.cfg.PeerStream
	grpc.SDK, grpc.Cluster, errs[2] = nacosgrpc.Listen(n.cfg.ListenHost, n.cfg.Address)
	var socket net.PacketConn
	socket, errs[3] = listen.ListenPacket(ctx, "udp", net.JoinHostPort(n.cfg.ListenHost, "0"))
	if err := errors.Join(errs[:]...); err != nil {
		return fmt.Errorf("open ports: %w", err)
	}
	n.httpListener = n.counted(n.guard.main(n.httpListener))
	grpc.SDK, grpc.Cluster = n.guard.sdk(grpc.SDK), n.guard.cluster(grpc.Cluster)
	grpc.Admit, grpc.Unproven = n.guard.admit, n.guard.unproven
	grpc.Limits, grpc.Over, grpc.IdleAfter = n.cfg.Limits, n.overs, n.cfg.Limits.SilentFor
	n.grpc = nacosgrpc.NewServer(grpc, nacosgrpc.Deps{
		Registrar: n.loop, Catalog: n.loop, Subscriptions: n.hub, Patterns: n.fuzzy, Inbox: n.loop, Roster: n.watch,
		Stream: n.loop, Settings: n.loop, NextID: n.ids.next,
	})
	udp := nacosudp.DefaultConfig()
	udp.Log, udp.Most, udp.Over = n.log.WithName("udp"), int(n.cfg.Limits.UDPSubscribers), n.overs
	n.udp = nacosudp.New(udp, socket, n.udpHub)
	n.api = n.web()
	n.http = nacoshttp.Server(turnstile.Refusing(secure.Parting(n.guard.guard(n.api))), n.cfg.Limits)
	n.http.ConnContext = keep
	n.admin = admin.NewServer(admin.Handler(n.sources()), n.cfg.DrainTimeout)
	return nil
}

// counted puts the limits on connections before the HTTP port.
func (n *node) counted(l net.Listener) net.Listener {
	return turnstile.Listen(l, turnstile.New(turnstile.Config{
		Limit: limits.HTTPConnections, Most: n.cfg.Limits.HTTPConnections, PerIP: n.cfg.Limits.PerIP, Observer: n.overs,
	}))
}

// keep notes what turnstile and terms know of a connection in the context of its calls.
func keep(ctx context.Context, c net.Conn) context.Context {
	return secure.Keep(turnstile.Keep(ctx, c))
}

func (n *node) membershipConfig() membership.Config {
	m := membership.DefaultConfig()
	m.Self, m.Epoch, m.Version = n.cfg.Address, n.epoch, nacosVersion
	m.File, m.HeadlessService = n.cfg.MemberList, n.cfg.HeadlessService
	if n.cfg.ListenHost == n.cfg.Address.Host() { // an IP: others know this member by it
		m.From = net.ParseIP(n.cfg.ListenHost)
	}
	return m
}

// events carries what membership learns to the replica and to the connections.
// A stopped replica need not hear of it any more.
func (n *node) events() membership.Events {
	ctx := context.Background()
	return membership.Events{
		View: func(v member.View) {
			n.peers.SetPeers(slices.DeleteFunc(v.Peers(), n.v1.OnlyV1))
			n.note("members", n.loop.SetMembers(ctx, v))
			n.v1.SetMembers(v)
			n.guard.members(v)
		},
		Met: func(m membership.Meeting) {
			n.note("incarnation of a peer", n.loop.Incarnation(ctx, m.Peer, m.Epoch))
			if m.Introduced {
				n.peers.Redial(m.Peer) // what we hold is a connection to the one before, or none
			}
		},
		Clock: func(t int64) { n.note("clock of a peer", n.loop.ObserveClock(ctx, t)) },
	}
}

// streaming carries to the replica that a stream to a peer is up, or no longer.
func (n *node) streaming(peer member.Address, up bool) {
	n.note("stream to a peer", n.loop.Streams(context.Background(), peer, up))
}

func (n *node) note(what string, err error) {
	if err != nil {
		n.log.V(1).Info("not told to the replica", "what", what, "reason", err.Error())
	}
}

// ready reports whether clients should come here.
func (n *node) ready() bool { return n.notReady() == nil }

func (n *node) notReady() error {
	switch generation, fault := n.watch.Generation(); {
	case n.watch.Draining():
		return errors.New("draining: this member is leaving")
	case !n.loop.Loaded() && generation == 0 && fault != "":
		return fmt.Errorf("no member list: %s", fault)
	case !n.loop.Loaded() && n.guard.fault() != "":
		return fmt.Errorf("loading: waiting for the registry of the other members, and TLS has a fault: %s", n.guard.fault())
	case !n.loop.Loaded():
		return errors.New("loading: waiting for the registry of the other members")
	}
	return nil
}

func (n *node) sources() admin.Sources {
	return admin.Sources{
		Live:     n.alive,
		Ready:    n.notReady,
		Report:   n.report,
		Services: n.loop.AllServices,
		Watched:  n.hub.Watched,
		View:     n.loop.View,
		Listed:   n.loop.Listed,
		Causes:   n.loop.Causes,
		Holdings: n.loop.Holdings,
		Held:     n.loop.Held,
		Settings: n.loop.SettingsSaid,
		Drain:    n.leave,
		Move:     n.move,
		Metrics:  n.metrics.Handler(),
		Permit:   n.auth.readers(),
	}
}

// alive asks the replica's goroutine for a sign of life.
func (n *node) alive() error {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	if err := n.loop.Ping(ctx); err != nil && !errors.Is(err, naming.ErrStopped) {
		return fmt.Errorf("replica does not answer: %w", err)
	}
	return nil
}

func (n *node) report(ctx context.Context) (report.Report, error) {
	st, err := n.loop.Stats(ctx)
	if err != nil {
		return report.Report{}, fmt.Errorf("count: %w", err)
	}
	generation, fault := n.watch.Generation()
	r := report.Report{
		Member: string(n.cfg.Address), Epoch: n.epoch, Version: Version,
		Generation: generation, Fault: fault, Loaded: st.Loaded, Draining: n.watch.Draining(),
		Digest: st.Digest, SettingsDigest: st.Settings,
		Connections: n.grpc.Clients(), Clients: st.Clients, Owned: st.Owned, Services: st.Services,
		Instances: st.Instances, Braked: st.Braked, Pending: st.Pending, Peers: []report.Peer{},
		TLS: n.guard.report(), Auth: n.auth.report(), Time: time.Now().UTC(),
	}
	for _, p := range n.watch.Peers() {
		r.Peers = append(r.Peers, report.Peer{
			Member: string(p.Address), State: string(p.State), Address: p.IP,
			Transport: n.transport(p.Address), Pending: st.PendingTo[p.Address] + n.v1.Pending(p.Address), Error: p.Error,
		})
	}
	return r, nil
}

// transport is how a peer is told changes.
func (n *node) transport(a member.Address) string {
	if n.v1.Speaks(a) {
		return "v1"
	}
	return n.peers.Transport(a)
}

func (n *node) counts(ctx context.Context) (metrics.Counts, error) {
	c, err := n.loop.Counts(ctx)
	return metrics.Counts(c), err
}

func (n *node) subscriptions() map[string]int {
	var all push.Subscriptions
	for _, hub := range []*push.Hub{n.hub, n.fuzzy, n.udpHub} {
		s := hub.Subscriptions()
		all.Settled, all.Delivering, all.Waiting = all.Settled+s.Settled, all.Delivering+s.Delivering, all.Waiting+s.Waiting
	}
	return map[string]int{"settled": all.Settled, "delivering": all.Delivering, "waiting": all.Waiting}
}
