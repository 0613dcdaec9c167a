package nacosgrpc

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/distro-naming/naming-operator/sidecar/naming"
	"github.com/distro-naming/naming-operator/sidecar/wire"
	"github.com/distro-naming/naming-operator/sidecar/wire/nacospb"
)

var (
	errGone  = errors.New("connection is gone")
	errTwice = errors.New("connection was set up already")
)

// biStream is a connection's stream as its handler sees it.
type biStream = grpc.BidiStreamingServer[nacospb.Payload, nacospb.Payload]

// RequestBiStream is a connection's stream: set-up and answers come in, pushes
// go out. Its end is the end of the client, whatever becomes of the connection.
func (p *port) RequestBiStream(stream biStream) error {
	s := sessionOf(stream.Context())
	if s == nil || !s.streamed.CompareAndSwap(false, true) {
		return status.Error(codes.FailedPrecondition, "a connection has one stream")
	}
	defer s.end()
	if err := s.place.Over(); err != nil {
		return tooMany(err)
	}
	if err := p.admit(s); err != nil {
		return denied(err)
	}
	c, err := carrierOf(stream.Context())
	if err != nil {
		return err
	}
	s.out <- stream // it holds none yet
	s.mu.Lock()
	s.carrier = c
	s.mu.Unlock()
	if p.server.halted() {
		return errStopping
	}
	return s.listen(stream.Context(), c)
}

// errStopping ends streams when the member stops.
var errStopping = status.Error(codes.Unavailable, "member is stopping")

// hangUp ends the stream, if there is one: who reads it is told so.
func (s *session) hangUp(why error) {
	s.mu.Lock()
	c := s.carrier
	s.mu.Unlock()
	if c != nil {
		_ = c.WriteStatus(status.Convert(why)) // it may have ended
	}
}

// listen takes what comes in until the stream ends. It does so for as long as the
// connection lasts, so what needs a deep stack is done elsewhere: one that has grown
// stays large (Go shrinks only a stack that is nearly empty).
func (s *session) listen(ctx context.Context, c carrier) error {
	head := new(prefix)
	for {
		kind, body, err := receive(c, head, s.port.server.cfg.Limits.Message)
		if err != nil {
			return over(err)
		}
		s.touch()
		switch {
		case kind == wire.ConnectionSetupRequest:
			if err := s.apart(func() error { return s.setUp(ctx, body) }); err != nil {
				return err
			}
		case kind.IsResponse():
			s.answered(body)
		}
	}
}

// over returns how a stream ends that cannot be read on: well, if its client ended
// it in any way, and else with why.
func over(err error) error {
	if s, is := status.FromError(err); is && s.Code() != codes.Canceled {
		return err
	}
	return nil
}

// apart does something on a goroutine of its own, and waits for it.
func (s *session) apart(do func() error) error {
	done := make(chan error, 1)
	s.port.server.work.Go(func() { done <- do() })
	return <-done
}

// setUp registers the connection before anything else is read from it, as the
// client's first call may be right behind.
func (s *session) setUp(ctx context.Context, body []byte) error {
	server := s.port.server
	if !s.port.members && (server.loading() || server.leaving.Load()) {
		return status.Error(codes.Unavailable, "member does not take clients now")
	}
	setup, err := wire.DecodeSetup(body)
	if err != nil {
		return status.Error(codes.InvalidArgument, err.Error())
	}
	switch err := s.register(ctx, setup); {
	case errors.Is(err, errTwice):
		return nil // it is set up, and stays so
	case err != nil:
		return status.Error(codes.Unavailable, err.Error())
	}
	server.cfg.Log.V(1).Info("connection set up", "client", s.id, "version", setup.ClientVersion)
	if setup.Abilities == nil {
		return nil // nor does it wait for them
	}
	return s.send(ctx, wire.Payload(wire.SetupAckRequest, wire.Abilities()))
}

// send hands a Payload or a message to the stream. It does not wait until that is
// sent, which a client that reads nothing puts off for ever.
func (s *session) send(ctx context.Context, out any) error {
	select {
	case stream := <-s.out:
		go s.say(stream, out)
		return nil
	case <-s.done:
		return errGone
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// offer is send that does not wait for what is being sent, and reports whether
// there was nothing.
func (s *session) offer(out any) bool {
	select {
	case stream := <-s.out:
		go s.say(stream, out)
		return true
	default:
		return false
	}
}

// say sends, and gives the stream back. It ends at the latest when the stream does.
func (s *session) say(stream biStream, out any) {
	_ = stream.SendMsg(out) // who listens is told the same
	s.out <- stream
}

// ask sends a request on the stream and waits for its answer. build is given
// the request's id.
func (s *session) ask(ctx context.Context, kind wire.Kind, build func(requestID string) []byte) error {
	return s.askIn(ctx, kind, func(id string) [][]byte { return [][]byte{build(id)} })
}

// askIn is ask with a request whose body is in parts.
func (s *session) askIn(ctx context.Context, kind wire.Kind, build func(requestID string) [][]byte) error {
	ctx, cancel := context.WithTimeout(ctx, s.port.server.cfg.AnswerWithin)
	defer cancel()
	id := strconv.FormatInt(s.port.server.requests.Add(1), 10)
	answer := s.await(id)
	defer s.forget(id)
	if err := s.send(ctx, message{kind, build(id)}); err != nil {
		return fmt.Errorf("send %s to %s: %w", kind, s.id, err)
	}
	select {
	case result := <-answer:
		if result.ResultCode != wire.CodeSuccess {
			return fmt.Errorf("%s was refused by %s: %d %s", kind, s.id, result.ResultCode, result.Message)
		}
		return nil
	case <-s.done:
		return fmt.Errorf("await answer to %s from %s: %w", kind, s.id, errGone)
	case <-ctx.Done():
		return fmt.Errorf("await answer to %s from %s: %w", kind, s.id, context.Cause(ctx))
	}
}

func (s *session) await(id string) <-chan wire.Result {
	answer := make(chan wire.Result, 1) // buffered: the stream never waits for who asked
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.waiting == nil {
		s.waiting = map[string]chan wire.Result{}
	}
	s.waiting[id] = answer
	return answer
}

func (s *session) forget(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.waiting, id)
}

// answered gives an answer to who waits for it; unknown ones are dropped.
func (s *session) answered(body []byte) {
	result, err := wire.DecodeResult(body)
	if err != nil {
		return
	}
	s.mu.Lock()
	answer, ok := s.waiting[result.RequestID]
	delete(s.waiting, result.RequestID)
	s.mu.Unlock()
	if ok {
		answer <- result
	}
}

// deliverer returns how views reach this subscriber.
func (s *session) deliverer(clusters string) func(context.Context, *naming.View) error {
	return func(ctx context.Context, v *naming.View) error {
		err := s.askIn(ctx, wire.NotifySubscriberRequest, func(id string) [][]byte {
			return wire.Notification(id, wire.ServiceInfo(v, naming.Filter{Clusters: clusters}))
		})
		s.pushed(err)
		return err
	}
}

// pushed closes a connection whose client has acknowledged nothing for long: it
// would be told for ever, and opens a new one if it lives.
func (s *session) pushed(err error) {
	now := time.Now().UnixNano()
	switch {
	case err == nil:
		s.deaf.Store(0)
	case s.deaf.CompareAndSwap(0, now):
	case time.Duration(now-s.deaf.Load()) >= s.port.server.cfg.DeafAfter:
		s.port.server.cfg.Log.Info("closed a connection that acknowledges no push", "client", s.id, "error", err.Error())
		_ = s.Close() // its client connects again
	}
}
