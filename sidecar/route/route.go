// Package route makes HTTP clients that find members by their addresses, in the
// way in which everything else that goes to them is dialed. Redirects are
// answers like any other, and nothing is tried again.
package route

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/distro-naming/naming-operator/sidecar/member"
)

// Dialer connects to a port of a member.
type Dialer interface {
	Dial(ctx context.Context, to member.Address, port int) (net.Conn, error)
}

// ErrUnreached means that a member cannot be connected to.
var ErrUnreached = errors.New("member is out of reach")

// idleFor is how long a connection that nobody uses is kept.
const idleFor = 2 * time.Minute

// Client returns a client for the main ports of members: of a URL's host the
// address is what counts. Connecting may take within, and so may the answer. Up
// to idle connections to each member are kept for later; 0 keeps none.
func Client(d Dialer, within time.Duration, idle int) *http.Client {
	dial := func(ctx context.Context, _, address string) (net.Conn, error) {
		to, err := member.ParseAddress(address)
		if err != nil {
			return nil, err
		}
		ctx, cancel := context.WithTimeout(ctx, within)
		defer cancel()
		conn, err := d.Dial(ctx, to, to.Port())
		if err != nil {
			return nil, fmt.Errorf("%w: %w", ErrUnreached, err)
		}
		return conn, nil
	}
	return &http.Client{
		Transport: &http.Transport{
			DialContext:           dial,
			MaxIdleConnsPerHost:   idle,
			DisableKeepAlives:     idle == 0,
			IdleConnTimeout:       idleFor,
			ResponseHeaderTimeout: within,
			DisableCompression:    true,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Timeout:       2 * within,
	}
}
