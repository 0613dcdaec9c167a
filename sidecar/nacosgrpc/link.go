package nacosgrpc

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"sync/atomic"
	"syscall"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/distro-naming/naming-operator/sidecar/member"
	"github.com/distro-naming/naming-operator/sidecar/stream"
	"github.com/distro-naming/naming-operator/sidecar/wire"
	"github.com/distro-naming/naming-operator/sidecar/wire/nacospb"
)

var (
	errRedial = errors.New("to be dialed anew")
	errReset  = errors.New("peer asked to connect anew")

	errAnswer    = errors.New("answer of the wrong kind")
	errNoHandler = errors.New("peer does not know the request")
)

// link keeps the connection to one peer, whatever happens to it.
type link struct {
	peers  *Peers
	to     member.Address
	cancel context.CancelFunc

	interrupt atomic.Pointer[context.CancelCauseFunc] // ends the present attempt, or the pause after it
	calls     atomic.Pointer[nacospb.RequestClient]   // nil while there is no connection

	sender  *stream.Sender
	client  atomic.Pointer[grpc.ClientConn] // while the peer can be streamed from
	offered atomic.Bool                     // the peer offers a stream
	epoch   atomic.Int64                    // the peer's incarnation
	partial partial

	conn    atomic.Pointer[net.Conn] // the connection, for Renew; nil while there is none
	renewed chan net.Conn            // the connection that is to be made anew

	former func() // leaves the connection that the peer asked to leave, which is kept until there is another; of run alone

	byHTTP    atomic.Bool  // the peer knows no MemberReportRequest: it is reported to over HTTP
	forgetful atomic.Bool  // the peer does not keep the revisions of records
	rounds    atomic.Int64 // of verifying it while it is forgetful
}

// run connects, stays connected as long as it goes well, and begins again after
// a pause that grows with every failure in a row.
func (l *link) run(ctx context.Context) {
	defer l.sender.Fail(ErrNotConnected)
	defer l.leaveFormer()
	pause := l.peers.cfg.RedialFrom
	for ctx.Err() == nil {
		if l.attempt(ctx, pause) {
			pause = l.peers.cfg.RedialFrom
		} else {
			pause = min(2*pause, l.peers.cfg.RedialTo)
		}
	}
}

// attempt connects once, and pauses when that has ended, unless it is
// interrupted by the wish to dial anew. It reports whether the peer was met.
func (l *link) attempt(ctx context.Context, pause time.Duration) (met bool) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	l.interrupt.Store(&cancel)
	met, err := l.connect(ctx)
	if ctx.Err() != nil {
		return met
	}
	if !errors.Is(err, errReset) {
		l.peers.routes.Failed(l.to, errors.Is(err, syscall.ECONNREFUSED), err)
	}
	select {
	case <-ctx.Done():
	case <-time.After(pause):
	}
	return met
}

// redial ends what the link is doing in favour of a new attempt.
func (l *link) redial() {
	if interrupt := l.interrupt.Load(); interrupt != nil {
		(*interrupt)(errRedial)
	}
}

// leaveFormer ends the connection before this one, if it is still there.
func (l *link) leaveFormer() {
	if l.former != nil {
		l.former()
		l.former = nil
	}
}

// connect makes one connection and returns when it is no longer good, and
// whether it ever was. One that the peer asked to leave stays open, and is used,
// until the next is made.
func (l *link) connect(ctx context.Context) (met bool, err error) {
	ctx, end, keep := outliving(ctx)
	leaving := []func(){end} // the last first
	leave := func() {
		for _, do := range slices.Backward(leaving) {
			do()
		}
	}
	defer func() {
		if errors.Is(err, errReset) && keep() {
			l.former = leave
			return
		}
		leave()
	}()
	conn, err := l.dial(ctx)
	if err != nil {
		return false, err
	}
	l.offered.Store(false)
	leaving = append(leaving, func() { _ = conn.Close() }) // the peer is left in any case
	client, err := grpc.NewClient("passthrough:///"+string(l.to),
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithContextDialer(once(conn)),
		grpc.WithIdleTimeout(0),
		grpc.WithInitialWindowSize(window),
		grpc.WithInitialConnWindowSize(window),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(l.peers.cfg.MaxAnswer)),
	)
	if err != nil {
		return false, fmt.Errorf("connect to %s: %w", l.to, err)
	}
	leaving = append(leaving, func() { _ = client.Close() })

	calls := nacospb.NewRequestClient(client)
	talk, err := l.introduce(ctx, client, calls)
	if err != nil {
		return false, err
	}
	reached, err := l.report(ctx, calls, conn)
	if err != nil {
		return false, err
	}
	l.conn.Store(&conn)
	leaving = append(leaving, func() { l.conn.CompareAndSwap(&conn, nil) })
	l.calls.Store(&calls)
	leaving = append(leaving, func() { l.calls.CompareAndSwap(&calls, nil) })
	l.leaveFormer()
	leaving = append(leaving, l.streaming(ctx, client))
	reached() // now that it is known how to speak to the peer
	return true, l.stay(ctx, calls, conn, talk)
}

// stay reports again and again until something ends the connection.
func (l *link) stay(ctx context.Context, calls nacospb.RequestClient, conn net.Conn, talk *talk) error {
	tick := time.NewTicker(l.peers.cfg.ReportEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case err := <-talk.ended:
			return fmt.Errorf("stream of %s: %w", l.to, err)
		case <-talk.reset:
			return errReset
		case old := <-l.renewed:
			if old == conn {
				return errReset
			}
		case <-tick.C:
			reached, err := l.report(ctx, calls, conn)
			if err != nil {
				return err
			}
			reached()
		}
	}
}

// streaming streams to the peer, if it offers that, until it is told to stop; then
// it returns when the stream has ended.
func (l *link) streaming(ctx context.Context, client *grpc.ClientConn) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	running := l.stream(ctx, client)
	return func() { cancel(); running.Wait() }
}

// outliving returns a context that ends with its parent or by end. After keep,
// which reports whether the parent had not ended, it ends by end alone.
func outliving(parent context.Context) (ctx context.Context, end func(), keep func() bool) {
	ctx, cancel := context.WithCancelCause(context.WithoutCancel(parent))
	stop := context.AfterFunc(parent, func() { cancel(context.Cause(parent)) })
	return ctx, func() { stop(); cancel(nil) }, stop
}

func (l *link) dial(ctx context.Context) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, l.peers.cfg.CallWithin)
	defer cancel()
	conn, err := l.peers.routes.Dial(ctx, l.to, l.to.Port()+member.ClusterOffset)
	if err != nil {
		return nil, fmt.Errorf("dial %s: %w", l.to, err)
	}
	return conn, nil
}

// once hands out one connection, so that grpc does not dial by itself.
func once(conn net.Conn) func(context.Context, string) (net.Conn, error) {
	var taken atomic.Bool
	return func(context.Context, string) (net.Conn, error) {
		if taken.Swap(true) {
			return nil, errGone
		}
		return conn, nil
	}
}

// call makes a call on the connection there is.
func (l *link) call(ctx context.Context, within time.Duration, in *nacospb.Payload, want wire.Kind) (*nacospb.Payload, error) {
	calls := l.calls.Load()
	if calls == nil {
		return nil, fmt.Errorf("call %s: %w", l.to, ErrNotConnected)
	}
	return l.request(ctx, *calls, within, in, want)
}

func (l *link) request(
	ctx context.Context, calls nacospb.RequestClient, within time.Duration, in *nacospb.Payload, want wire.Kind,
) (*nacospb.Payload, error) {
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	out, err := calls.Request(ctx, in)
	if err != nil {
		return nil, fmt.Errorf("call %s: %s: %w", l.to, wire.KindOf(in), err)
	}
	if kind := wire.KindOf(out); kind != want {
		result, _ := wire.DecodeResult(wire.Body(out)) // what cannot be read is no known reason
		reason := errAnswer
		if result.ErrorCode == wire.CodeNoHandler {
			reason = errNoHandler
		}
		return nil, fmt.Errorf("call %s: %s was answered by %s %d/%d %s: %w",
			l.to, wire.KindOf(in), kind, result.ResultCode, result.ErrorCode, result.Message, reason)
	}
	return out, nil
}
