package nacosgrpc

import (
	"context"
	"sync"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/distro-naming/naming-operator/sidecar/member"
	"github.com/distro-naming/naming-operator/sidecar/naming"
	"github.com/distro-naming/naming-operator/sidecar/wire"
	"github.com/distro-naming/naming-operator/sidecar/wire/nacospb"
)

// stranger tells who comes to the members' port and is none.
const stranger = "This port is for members of the list: "

// admit returns why the other end may not speak on this port. Who was admitted
// once stays so until Part.
func (p *port) admit(s *session) error {
	if !p.members || p.server.cfg.Admit == nil || s.admitted.Load() {
		return nil
	}
	if err := p.server.cfg.Admit(s.Conn); err != nil {
		return err
	}
	s.admitted.Store(true)
	s.release() // what a member sends is not counted
	return nil
}

// refused answers a call of who was not admitted.
func refused(in *nacospb.Payload, err error) *nacospb.Payload {
	return wire.Refuse(wire.KindOf(in), naming.ServiceKey{}, "", wire.CodeForbidden, stranger+err.Error())
}

// denied ends a stream of who was not admitted.
func denied(err error) error { return status.Error(codes.PermissionDenied, stranger+err.Error()) }

// fit returns why the connection would not be taken now, if it knows.
func (s *session) fit() error {
	if gate := s.port.server.cfg.Gate; gate != nil {
		if err := gate.Keeps(s.pass.Load()); err != nil {
			return err
		}
	}
	if judged, can := s.Conn.(interface{ Fit() error }); can {
		return judged.Fit()
	}
	return nil
}

// Part parts with connections that would not be taken any more. Who is no member
// now is cut off the members' port. Others are asked to connect anew, clients
// spread over time as ResetAll does it, and are cut when grace has passed since:
// what a client published stays listed meanwhile, as it does when a member
// leaves. It returns when that is done or ctx ends.
func (s *Server) Part(ctx context.Context, grace time.Duration) {
	var clients, others []*session
	for _, c := range s.open.oldest() {
		switch {
		case c.admitted.Load() && s.cfg.Admit(c.Conn) != nil:
			s.cfg.Log.Info("closed the connection of who is no member now", "remote", c.ip)
			_ = c.Close() // it is told when it comes again
		case c.fit() == nil:
		case c.port.members || !c.registered():
			others = append(others, c)
		default:
			clients = append(clients, c)
		}
	}
	if len(clients)+len(others) == 0 {
		return
	}
	s.cfg.Log.Info("connections are to be made anew", "clients", len(clients), "others", len(others))
	var both sync.WaitGroup
	both.Go(func() { s.resetEach(ctx, others) })
	s.sendAway(ctx, clients, []member.Address{""}, time.Duration(len(clients)/leastInSlot)*moveSlot)
	both.Wait()
	if !pause(ctx, grace) {
		return
	}
	for _, c := range append(clients, others...) {
		_ = c.Close() // it had its time
	}
}

// resetEach asks members to connect anew. Who has no stream cannot be asked.
func (s *Server) resetEach(ctx context.Context, list []*session) {
	var asked sync.WaitGroup
	for _, c := range list {
		if c.registered() {
			asked.Go(func() { _ = s.moveTo(ctx, c, "") }) // who does not answer is cut all the same
		}
	}
	asked.Wait()
}
