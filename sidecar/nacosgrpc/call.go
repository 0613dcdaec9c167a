package nacosgrpc

import (
	"errors"
	"io"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/distro-naming/naming-operator/sidecar/wire/nacospb"
)

// requestService is the service of nacospb.RegisterRequestServer, whose calls are
// read below grpc's messages: on the wire a call is a stream of one message each way.
// That spares what grpc does to read a message of any kind.
var requestService = grpc.ServiceDesc{
	ServiceName: nacospb.Request_ServiceDesc.ServiceName,
	HandlerType: nacospb.Request_ServiceDesc.HandlerType,
	Streams: []grpc.StreamDesc{{
		StreamName: nacospb.Request_ServiceDesc.Methods[0].MethodName, Handler: call, ServerStreams: true, ClientStreams: true,
	}},
	Metadata: nacospb.Request_ServiceDesc.Metadata,
}

// call answers one call.
func call(srv any, stream grpc.ServerStream) error {
	deepen(false)
	p, ctx := srv.(*port), stream.Context()
	c, err := carrierOf(ctx)
	if err != nil {
		return err
	}
	message, err := receiveOnly(c, p.server.cfg.Limits.Message)
	if err != nil {
		return err
	}
	in, err := readCall(message)
	if err != nil {
		return unreadable(err)
	}
	out, err := p.Request(ctx, in)
	if err != nil {
		return err
	}
	return stream.SendMsg(out)
}

// receiveOnly reads the message of a call, which has one.
func receiveOnly(c carrier, most int64) ([]byte, error) {
	var head prefix
	message, err := receiveBytes(c, &head, most)
	if errors.Is(err, io.EOF) {
		return nil, status.Error(codes.Internal, "a call without a message")
	}
	if err != nil {
		return nil, err
	}
	switch err := c.ReadMessageHeader(head[:]); {
	case err == nil:
		return nil, status.Error(codes.Internal, "a call with several messages")
	case !errors.Is(err, io.EOF):
		return nil, cutOff(err)
	}
	return message, nil
}

// deepen has the stack grow to what a call needs while little is on it yet: Go copies
// all that is there, frame by frame, which would be a twentieth of a call further on.
// A function's whole room is made when it is entered.
//
//go:noinline
func deepen(used bool) byte {
	if !used {
		return 0
	}
	var room [4 << 10]byte
	for i := range room {
		room[i] = byte(i)
	}
	return room[len(room)/2]
}
