package nacosudp

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"sync"
	"time"

	"github.com/go-logr/logr"

	"github.com/distro-naming/naming-operator/sidecar/limits"
	"github.com/distro-naming/naming-operator/sidecar/naming"
	"github.com/distro-naming/naming-operator/sidecar/wire"
)

// Hub tells of changes.
type Hub interface {
	Subscribe(c naming.ClientID, s naming.ServiceKey, deliver func(context.Context, *naming.View) error)
	Unsubscribe(c naming.ClientID, s naming.ServiceKey)
}

// Config says how it is pushed.
type Config struct {
	Keep      time.Duration   // for which a subscriber is told after it last asked
	AckWithin time.Duration   // after which a packet is sent once more, and then has failed
	Most      int             // subscribers; more are not told; 0: no limit
	Over      limits.Observer // told of each that is one too many; nil: nobody is
	Log       logr.Logger
}

// DefaultConfig returns the values that a member runs with. Nacos keeps
// subscribers for 10 s, which is as long as they wait before they ask again; those
// of an empty service wait up to 60 s.
func DefaultConfig() Config {
	return Config{Keep: 90 * time.Second, AckWithin: time.Second, Most: int(limits.Default().UDPSubscribers), Log: logr.Discard()}
}

// mostClusters bounds the names of clusters that are kept of a subscriber, in bytes.
// Anybody may ask once, with names as long as a call may have, and is remembered for
// Keep. Who asks for more clusters is not told, and asks again by itself.
const mostClusters = 512

// Pusher pushes over one socket.
type Pusher struct {
	cfg    Config
	socket net.PacketConn
	hub    Hub

	mu          sync.Mutex
	ref         int64
	subscribers map[naming.ClientID]*subscriber
	awaited     map[ack]chan struct{}
}

// subscriber is one address that watches one service for one program.
type subscriber struct {
	wire.Subscriber
	until time.Time
}

// ack is what acknowledges a packet.
type ack struct {
	from netip.AddrPort
	ref  int64
}

// New returns a pusher that uses, and in the end closes, a socket.
func New(cfg Config, socket net.PacketConn, hub Hub) *Pusher {
	return &Pusher{
		cfg: cfg, socket: socket, hub: hub, ref: time.Now().UnixMicro(),
		subscribers: map[naming.ClientID]*subscriber{}, awaited: map[ack]chan struct{}{},
	}
}

// Subscribe notes that s asked, now.
func (p *Pusher) Subscribe(s wire.Subscriber) {
	to, err := netip.ParseAddr(s.IP)
	if err != nil || s.Port < 1 || s.Port > 65535 || len(s.Clusters) > mostClusters {
		return
	}
	at := netip.AddrPortFrom(to.Unmap(), uint16(s.Port)) //nolint:gosec // in the range
	s.Client = naming.ClientID("udp/" + at.String() + "/" + s.Service.String() + "/" + s.Clusters)
	p.mu.Lock()
	defer p.mu.Unlock()
	held := p.subscribers[s.Client]
	switch {
	case held != nil:
		held.until = time.Now().Add(p.cfg.Keep)
		return
	case p.cfg.Most > 0 && len(p.subscribers) >= p.cfg.Most:
		if p.cfg.Over != nil {
			p.cfg.Over.Over(limits.UDPSubscribers)
		}
		p.cfg.Log.V(1).Info("too many subscribers over UDP", "client", s.Client)
		return
	}
	p.subscribers[s.Client] = &subscriber{Subscriber: s, until: time.Now().Add(p.cfg.Keep)}
	filter := naming.Filter{Clusters: s.Clusters}
	p.hub.Subscribe(s.Client, s.Service, func(ctx context.Context, v *naming.View) error {
		return p.deliver(ctx, at, wire.GroupedServiceInfo(v, filter))
	})
}

// Watching returns who watches s.
func (p *Pusher) Watching(s naming.ServiceKey) []wire.Subscriber {
	p.mu.Lock()
	defer p.mu.Unlock()
	var out []wire.Subscriber
	for _, held := range p.subscribers {
		if held.Service == s {
			out = append(out, held.Subscriber)
		}
	}
	slices.SortFunc(out, wire.Subscriber.Compare)
	return out
}

// errSilent means that nothing was acknowledged.
var errSilent = errors.New("push over UDP is not acknowledged")

// deliver sends a packet and waits for its acknowledgement; twice.
func (p *Pusher) deliver(ctx context.Context, to netip.AddrPort, info []byte) error {
	key, acknowledged := p.await(to)
	defer p.forget(key)
	packet := wire.PushPacket(info, key.ref)
	if len(packet) > wire.MaxDatagram {
		p.cfg.Log.V(1).Info("list does not fit into a datagram: the client has to ask", "client", to, "bytes", len(packet))
		return nil
	}
	for range 2 {
		if _, err := p.socket.WriteTo(packet, net.UDPAddrFromAddrPort(to)); err != nil {
			return fmt.Errorf("push to %s: %w", to, err)
		}
		timer := time.NewTimer(p.cfg.AckWithin)
		select {
		case <-acknowledged:
			timer.Stop()
			return nil
		case <-ctx.Done():
			timer.Stop()
			return context.Cause(ctx)
		case <-timer.C:
		}
	}
	return fmt.Errorf("push to %s: %w", to, errSilent)
}

func (p *Pusher) await(to netip.AddrPort) (ack, chan struct{}) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.ref++
	key, done := ack{to, p.ref}, make(chan struct{})
	p.awaited[key] = done
	return key, done
}

func (p *Pusher) forget(key ack) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.awaited, key)
}
