package nacosgrpc

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/distro-naming/naming-operator/sidecar/member"
	"github.com/distro-naming/naming-operator/sidecar/naming"
	"github.com/distro-naming/naming-operator/sidecar/wire"
)

// Verify asks a peer about marks, one call each, a few at a time, and returns
// the clients that it does not know or has otherwise, in order. The first call
// that fails ends it; what was found until then is returned with the error. A
// peer that keeps no revisions is asked only whether it knows the clients, and
// every few rounds is taken to have all of them otherwise.
func (p *Peers) Verify(ctx context.Context, to member.Address, marks []naming.Mark) ([]naming.ClientID, error) {
	doubted := p.doubts(to)
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var (
		calls     sync.WaitGroup
		places    = make(chan struct{}, p.cfg.InFlight)
		different = make([]bool, len(marks))
	)
	for i, m := range marks {
		select {
		case places <- struct{}{}:
		case <-ctx.Done():
		}
		if ctx.Err() != nil {
			break
		}
		calls.Go(func() {
			defer func() { <-places }()
			var err error
			if different[i], err = p.differs(ctx, to, m); err != nil {
				cancel(err)
			}
		})
	}
	calls.Wait()
	var out []naming.ClientID
	for i, m := range marks {
		if different[i] || doubted {
			out = append(out, m.Client)
		}
	}
	if ctx.Err() != nil {
		return out, context.Cause(ctx)
	}
	return out, nil
}

// doubtEvery is the number of rounds after which a peer that keeps no revisions is
// given everything again: it cannot tell that it has lost a part of what a client
// publishes, as servers of 2.1 may while they leave the protocol of 1.x.
const doubtEvery = 6

// doubts reports whether this round gives a peer everything again.
func (p *Peers) doubts(to member.Address) bool {
	l := p.find(to)
	return l != nil && l.forgetful.Load() && l.rounds.Add(1)%doubtEvery == 0
}

func (p *Peers) differs(ctx context.Context, to member.Address, m naming.Mark) (bool, error) {
	if l := p.find(to); l != nil && l.forgetful.Load() {
		m.Stamp.Revision = 0 // means any
	}
	in := p.sign(wire.VerifyRequest(m), m.Stamp.Version)
	out, err := p.call(ctx, to, p.cfg.CallWithin, in, wire.DistroDataResponse)
	if err != nil {
		return false, err
	}
	result, err := wire.DecodeResult(wire.Body(out))
	if err == nil && result.ErrorCode == wire.CodeForbidden {
		err = errors.New(result.Message) // it does not know us at all, which is no verdict about a record
	}
	if err != nil {
		return false, fmt.Errorf("verify with %s: %w", to, err)
	}
	return !result.OK(), nil
}
