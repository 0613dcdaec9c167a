package nacosgrpc

import (
	"context"
	"fmt"
	"io"
	"sync"
	"time"

	"google.golang.org/grpc"

	"github.com/distro-naming/naming-operator/sidecar/wire"
	"github.com/distro-naming/naming-operator/sidecar/wire/nacospb"
)

// graceBeforeCalls is how long a peer without ability negotiation is given to
// take in the set-up, as Nacos's own members give it.
const graceBeforeCalls = 100 * time.Millisecond

// talk is this member's stream to a peer.
type talk struct {
	stream grpc.BidiStreamingClient[nacospb.Payload, nacospb.Payload]
	first  chan struct{} // closed when the peer has said something
	ended  chan error    // receives why it ended
	once   sync.Once     // closes reset
	reset  chan struct{} // closed when the peer has asked to connect anew
}

// introduce goes through the connection set-up (gRPC page, 2.5): check, stream,
// set-up, and the peer's word that it has taken it in.
func (l *link) introduce(ctx context.Context, client *grpc.ClientConn, calls nacospb.RequestClient) (*talk, error) {
	in := wire.Payload(wire.ServerCheckRequest, wire.Internal())
	out, err := l.request(ctx, calls, l.peers.cfg.CallWithin, in, wire.ServerCheckResponse)
	if err != nil {
		return nil, err
	}
	checked, err := wire.DecodeResult(wire.Body(out))
	if err != nil {
		return nil, fmt.Errorf("check %s: %w", l.to, err)
	}
	stream, err := nacospb.NewBiRequestStreamClient(client).RequestBiStream(ctx)
	if err != nil {
		return nil, fmt.Errorf("open stream to %s: %w", l.to, err)
	}
	self := l.peers.routes.Node()
	setup := wire.Sign(wire.Payload(wire.ConnectionSetupRequest, wire.ClusterSetup(self.Version)), self)
	if err := stream.Send(setup); err != nil {
		return nil, fmt.Errorf("set up connection to %s: %w", l.to, err)
	}
	t := &talk{stream: stream, first: make(chan struct{}), ended: make(chan error, 1), reset: make(chan struct{})}
	l.peers.work.Go(t.listen)
	grace := graceBeforeCalls
	if checked.Negotiation {
		grace = l.peers.cfg.CallWithin
	}
	select {
	case <-t.first:
	case <-time.After(grace):
	case err := <-t.ended:
		return nil, fmt.Errorf("set up connection to %s: %w", l.to, err)
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
	return t, nil
}

// listen answers what the peer asks on the stream, until the stream ends.
func (t *talk) listen() {
	for heard := false; ; heard = true {
		in, err := t.stream.Recv()
		if err == nil {
			err = t.answer(in)
		}
		if err != nil {
			t.ended <- err
			return
		}
		if !heard {
			close(t.first)
		}
	}
}

func (t *talk) answer(in *nacospb.Payload) error {
	id := wire.RequestID(wire.Body(in))
	switch wire.KindOf(in) {
	case wire.ClientDetectionRequest:
		return t.stream.Send(wire.Payload(wire.ClientDetectionResponse, wire.Answered(id)))
	case wire.ConnectResetRequest:
		if err := t.stream.Send(wire.Payload(wire.ConnectResetResponse, wire.Answered(id))); err != nil {
			return err
		}
		t.once.Do(func() { close(t.reset) })
		return nil // the stream lasts until there is another
	case wire.ErrorResponse:
		return fmt.Errorf("%w: %s", io.ErrUnexpectedEOF, wire.Body(in))
	default:
		return nil
	}
}
