package secure

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"time"

	"github.com/distro-naming/naming-operator/sidecar/member"
)

// Dialer connects to members on terms.
type Dialer struct {
	// Connect makes a connection to a port of a member.
	Connect func(ctx context.Context, to member.Address, port int) (net.Conn, error)
	// Terms returns how that port may be spoken to, or why it may not.
	Terms    func(to member.Address, port int) (Offer, error)
	Use      string
	Observer Observer
}

// Offer is a way to speak to a member.
type Offer struct {
	Config *tls.Config // for TLS; nil: it is not tried
	Plain  bool        // plaintext will do where TLS fails
}

// shareForTLS is the part of the time that TLS may take where plaintext will do.
const shareForTLS = 2

// Dial connects and makes the handshake. Where plaintext will do, and TLS fails,
// it connects again without.
func (d *Dialer) Dial(ctx context.Context, to member.Address, port int) (net.Conn, error) {
	offer, err := d.Terms(to, port)
	if err != nil {
		return nil, fmt.Errorf("TLS with %s: %w", to, err)
	}
	c, err := d.Connect(ctx, to, port)
	if err != nil || offer.Config == nil {
		return c, err
	}
	secured, err := d.handshake(ctx, c, offer)
	if err == nil {
		return secured, nil
	}
	_ = c.Close() // nothing was said on it
	d.Observer.Handshake(d.Use, "dialed", Reason(err))
	if offer.Plain {
		return d.Connect(ctx, to, port)
	}
	if Reason(err) == "plaintext" {
		err = fmt.Errorf("%w: it speaks none: give it certificates, or set the mode of members to Permissive", err)
	}
	return nil, fmt.Errorf("TLS with %s at %s: %w", to, c.RemoteAddr(), err)
}

func (d *Dialer) handshake(ctx context.Context, c net.Conn, offer Offer) (net.Conn, error) {
	if end, limited := ctx.Deadline(); limited && offer.Plain {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, time.Until(end)/shareForTLS)
		defer cancel()
	}
	secured := tls.Client(c, offer.Config)
	return secured, secured.HandshakeContext(ctx)
}
