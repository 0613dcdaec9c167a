package nacosgrpc

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/distro-naming/naming-operator/sidecar/frame"
	"github.com/distro-naming/naming-operator/sidecar/member"
	"github.com/distro-naming/naming-operator/sidecar/naming"
	"github.com/distro-naming/naming-operator/sidecar/stream"
	"github.com/distro-naming/naming-operator/sidecar/stream/streampb"
)

// replication serves the streams of our own members on the members' port.
type replication struct {
	streampb.UnimplementedReplicationServer
	port *port
}

// Replicate carries a peer's changes here.
func (r replication) Replicate(in grpc.BidiStreamingServer[streampb.Frame, streampb.Frame]) error {
	return r.serve(in, r.port.server.receiver.Serve)
}

// Load gives a peer what is known here.
func (r replication) Load(in grpc.BidiStreamingServer[streampb.Frame, streampb.Frame]) error {
	return r.serve(in, r.port.server.receiver.Give)
}

type server = grpc.BidiStreamingServer[streampb.Frame, streampb.Frame]

// serve lets a peer be answered that has introduced itself on this connection,
// until it, the connection or this member ends.
func (r replication) serve(in server, answer func(context.Context, member.Address, stream.Pipe) error) error {
	s := sessionOf(in.Context())
	if s == nil || !s.registered() || s.reporter.Load() == nil {
		return status.Error(codes.FailedPrecondition, "who opens a stream introduces itself first")
	}
	if err := r.port.admit(s); err != nil {
		return denied(err)
	}
	ctx, cancel := context.WithCancel(in.Context())
	defer cancel()
	ended := make(chan error, 1)
	r.port.server.work.Go(func() {
		defer func() {
			if fault := recover(); fault != nil {
				ended <- r.recovered(*s.reporter.Load(), fault)
			}
		}()
		ended <- answer(ctx, *s.reporter.Load(), pipe{in, s.touch})
	})
	select {
	case err := <-ended:
		return r.code(err)
	case <-s.done:
		return status.Error(codes.Unavailable, errGone.Error())
	case <-r.port.server.stopping:
		return errStopping
	}
}

// recovered says that a frame met a defect of ours: the peer uses Nacos's messages
// then, rather than sending it again.
func (r replication) recovered(from member.Address, fault any) error {
	r.port.server.cfg.Log.Error(fmt.Errorf("panic: %v", fault), "a frame met a defect", "peer", from, "stack", string(debug.Stack()))
	return status.Error(codes.Internal, "internal error, see the log of the member")
}

// code makes what ended a stream something that the peer is told.
func (r replication) code(err error) error {
	code := codes.Unavailable
	switch {
	case err == nil:
		return nil
	case errors.Is(err, stream.ErrRefused):
		code = codes.PermissionDenied
	case errors.Is(err, naming.ErrBusy):
		code = codes.Aborted
	case errors.Is(err, frame.ErrFrame):
		code = codes.InvalidArgument
	}
	if s, is := status.FromError(err); is {
		return s.Err()
	}
	return status.Error(code, err.Error())
}

// ends are what both ends of a gRPC stream of frames can do.
type ends interface {
	Send(f *streampb.Frame) error
	Recv() (*streampb.Frame, error)
}

// pipe is a stream of gRPC as package stream wants it.
type pipe struct {
	ends
	heard func() // called for each frame that comes
}

// Send writes a frame. gRPC has copied it when it returns.
func (p pipe) Send(f []byte) error { return p.ends.Send(&streampb.Frame{Content: f}) }

// Recv returns the next frame.
func (p pipe) Recv() ([]byte, error) {
	f, err := p.ends.Recv()
	if err != nil {
		return nil, err
	}
	p.heard()
	return f.GetContent(), nil
}
