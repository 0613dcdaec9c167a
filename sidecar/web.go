package sidecar

import (
	"cmp"
	"context"
	"slices"
	"sync/atomic"
	"time"

	"github.com/distro-naming/naming-operator/sidecar/accord"
	"github.com/distro-naming/naming-operator/sidecar/member"
	"github.com/distro-naming/naming-operator/sidecar/membership"
	"github.com/distro-naming/naming-operator/sidecar/nacosgrpc"
	"github.com/distro-naming/naming-operator/sidecar/nacoshttp"
	"github.com/distro-naming/naming-operator/sidecar/nacosudp"
	"github.com/distro-naming/naming-operator/sidecar/naming"
	"github.com/distro-naming/naming-operator/sidecar/push"
	"github.com/distro-naming/naming-operator/sidecar/replica"
	"github.com/distro-naming/naming-operator/sidecar/wire"
)

// roster is the members for the HTTP API.
type roster struct{ *membership.Watch }

// Nodes returns all members, as they are seen from here.
func (r roster) Nodes() []member.Node {
	out := []member.Node{r.Node()}
	for _, p := range r.Peers() {
		out = append(out, member.Node{Address: p.Address, State: p.State, Ready: p.Ready})
	}
	slices.SortFunc(out, func(a, b member.Node) int { return cmp.Compare(a.Address, b.Address) })
	return out
}

// watchers is who watches services, in both ways.
type watchers struct {
	hub  *push.Hub
	grpc *nacosgrpc.Server
	udp  *nacosudp.Pusher
}

// Watching returns who watches s.
func (w watchers) Watching(s naming.ServiceKey) []wire.Subscriber {
	out := w.udp.Watching(s)
	for _, c := range w.hub.Watching(s) {
		out = append(out, w.connected(c, s))
	}
	return out
}

// WatchedBy returns what a connection watches.
func (w watchers) WatchedBy(c naming.ClientID) (out []wire.Subscriber) {
	for _, s := range w.hub.WatchedBy(c) {
		out = append(out, w.connected(c, s))
	}
	return out
}

func (w watchers) connected(c naming.ClientID, s naming.ServiceKey) wire.Subscriber {
	ip, port, _ := wire.ClientAddress(c) // every connection's id has both
	return wire.Subscriber{Client: c, Service: s, IP: ip, Port: port, Agent: w.grpc.Agent(c), App: "unknown"}
}

// Agent returns the program of a connection.
func (w watchers) Agent(c naming.ClientID) string { return w.grpc.Agent(c) }

// pushes counts deliveries on their way to the metrics.
type pushes struct {
	observe           func(over string, took time.Duration, err error)
	succeeded, failed atomic.Uint64
}

// over hears of deliveries over grpc or udp. They are told apart, since those over udp
// may be lost, which is no fault.
func (p *pushes) over(way string) func(took time.Duration, err error) {
	return func(took time.Duration, err error) {
		if err != nil {
			p.failed.Add(1)
		} else {
			p.succeeded.Add(1)
		}
		p.observe(way, took, err)
	}
}

// counter counts for the HTTP API.
type counter struct{ n *node }

// Counts returns how much there is.
func (c counter) Counts(ctx context.Context) (wire.Counts, error) {
	st, err := c.n.loop.Stats(ctx)
	subscriptions := c.n.hub.Subscriptions()
	out := wire.Counts{
		Services: st.Services, Instances: st.Instances, Clients: st.Clients, Owned: st.Owned, Connections: c.n.grpc.Clients(),
		Subscribers: subscriptions.Settled + subscriptions.Delivering + subscriptions.Waiting,
	}
	out.Beating = max(out.Clients-out.Connections, 0)
	return out, err
}

// Pushes returns how many deliveries there were.
func (c counter) Pushes() (succeeded, failed uint64) {
	return c.n.pushes.succeeded.Load(), c.n.pushes.failed.Load()
}

// keeper is the settings for the HTTP API: what is written goes to the peers at
// once.
type keeper struct {
	*replica.Loop
	accord *accord.Accord
}

// SetService replaces the settings of s.
func (k keeper) SetService(ctx context.Context, s naming.ServiceKey, is naming.Settings) error {
	defer k.accord.Wrote()
	return k.Loop.SetService(ctx, s, is)
}

// RemoveService forgets the settings of s.
func (k keeper) RemoveService(ctx context.Context, s naming.ServiceKey) error {
	defer k.accord.Wrote()
	return k.Loop.RemoveService(ctx, s)
}

// Override says something of an instance.
func (k keeper) Override(ctx context.Context, s naming.ServiceKey, e naming.Endpoint, o naming.Override, anew bool) error {
	defer k.accord.Wrote()
	return k.Loop.Override(ctx, s, e, o, anew)
}

// web returns the HTTP API of the member.
func (n *node) web() *nacoshttp.Handler {
	cfg := nacoshttp.DefaultConfig()
	cfg.Self, cfg.Version, cfg.Log = n.cfg.Address, nacosVersion, n.log.WithName("http")
	cfg.Identity, cfg.Limits, cfg.Over = n.auth.members, n.cfg.Limits, n.overs
	cfg.Unproven = n.guard.unproven
	return nacoshttp.New(cfg, nacoshttp.Deps{
		Registrar: n.loop, Catalog: n.loop, Owners: n.loop, Dialer: n.guard, Roster: roster{n.watch}, Datums: n.v1,
		Subscribers: watchers{n.hub, n.grpc, n.udp}, Clients: n.loop, Counter: counter{n}, Push: n.udp,
		Gate: n.auth.http(), Settings: keeper{n.loop, n.accord}, NextID: n.ids.next,
	})
}
