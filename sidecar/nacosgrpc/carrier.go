package nacosgrpc

import (
	"context"
	"encoding/binary"
	"errors"
	"io"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/mem"
	"google.golang.org/grpc/status"

	"github.com/distro-naming/naming-operator/sidecar/wire"
)

// carrier is grpc's stream below its messages. Who reads by it has a stack of 4 KB,
// and of 8 KB who reads by RecvMsg: that matters where every connection is read all
// the time. Of its methods grpc promises none (ServerTransportStream has others): in
// a version without them no stream works, and no test of one passes.
type carrier interface {
	ReadMessageHeader(head []byte) error
	Read(n int) (mem.BufferSlice, error)
	WriteStatus(st *status.Status) error
}

var errCarrier = status.Error(codes.Internal, "grpc has no such streams any more")

// carrierOf returns the carrier of a stream.
func carrierOf(ctx context.Context) (carrier, error) {
	c, is := grpc.ServerTransportStreamFromContext(ctx).(carrier)
	if !is {
		return nil, errCarrier
	}
	return c, nil
}

// prefix stands before each message: whether it is compressed, and its length.
type prefix [5]byte

// receive reads the next message, of most bytes at most. At the end of the stream
// the error is io.EOF.
func receive(c carrier, head *prefix, most int64) (kind wire.Kind, body []byte, err error) {
	message, err := receiveBytes(c, head, most)
	if err != nil {
		return "", nil, err
	}
	if kind, body, err = readPayload(message); err != nil {
		return "", nil, unreadable(err)
	}
	return kind, body, nil
}

// receiveBytes is receive without a look into the message, which is the caller's own.
func receiveBytes(c carrier, head *prefix, most int64) ([]byte, error) {
	if err := c.ReadMessageHeader(head[:]); err != nil {
		return nil, cutOff(err)
	}
	length := int64(binary.BigEndian.Uint32(head[1:]))
	switch {
	case head[0] != 0:
		return nil, status.Error(codes.Unimplemented, "compressed messages are not taken")
	case length > most:
		return nil, status.Errorf(codes.ResourceExhausted, "received message larger than max (%d vs. %d)", length, most)
	}
	data, err := c.Read(int(length))
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	if err != nil {
		return nil, cutOff(err)
	}
	defer data.Free()
	return data.Materialize(), nil
}

// unreadable is how a message ends that is not what it should be.
func unreadable(err error) error { return status.Errorf(codes.Internal, "read a message: %v", err) }

// cutOff tells a client what is wrong with a stream that ends within a message.
func cutOff(err error) error {
	if errors.Is(err, io.ErrUnexpectedEOF) {
		return status.Error(codes.Internal, err.Error())
	}
	return err
}
