package nacosudp

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"time"

	"github.com/distro-naming/naming-operator/sidecar/wire"
)

// maxAck is how long an acknowledgement may be: they say next to nothing.
const maxAck = 2048

// Run hears acknowledgements and forgets who no longer asks, until ctx ends. It
// closes the socket.
func (p *Pusher) Run(ctx context.Context) error {
	heard := make(chan error, 1)
	go func() { heard <- p.hear() }()
	tick := time.NewTicker(p.cfg.Keep / 4)
	defer tick.Stop()
	for {
		select {
		case err := <-heard:
			return err
		case <-ctx.Done():
			_ = p.socket.Close() // which ends hearing
			return <-heard
		case now := <-tick.C:
			p.sweep(now)
		}
	}
}

// hear reads acknowledgements until the socket is closed.
func (p *Pusher) hear() error {
	packet := make([]byte, maxAck)
	for {
		n, from, err := p.socket.ReadFrom(packet)
		switch {
		case errors.Is(err, net.ErrClosed):
			return nil
		case err != nil:
			return fmt.Errorf("hear acknowledgements: %w", err)
		}
		at, err := netip.ParseAddrPort(from.String())
		if err != nil {
			continue
		}
		ref, err := wire.DecodePushAck(packet[:n])
		if err != nil {
			continue // anybody can send anything
		}
		p.acknowledge(ack{netip.AddrPortFrom(at.Addr().Unmap(), at.Port()), ref})
	}
}

func (p *Pusher) acknowledge(key ack) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if done := p.awaited[key]; done != nil {
		close(done)
		delete(p.awaited, key)
	}
}

// sweep forgets who has not asked for long.
func (p *Pusher) sweep(now time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for c, s := range p.subscribers {
		if now.After(s.until) {
			delete(p.subscribers, c)
			p.hub.Unsubscribe(c, s.Service)
		}
	}
}
