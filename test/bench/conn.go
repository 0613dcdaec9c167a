package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/protobuf/types/known/anypb"

	pb "github.com/distro-naming/naming-operator/sidecar/wire/nacospb"
)

// conn is one client connection, set up as an SDK does, without an SDK's cost.
type conn struct {
	requests pb.RequestClient
	pushes   chan []byte   // bodies of pushes, already acknowledged
	ended    chan struct{} // closed when the stream has ended
	close    func()
}

var (
	errRefused = errors.New("refused")
	success    = []byte(`"resultCode":200`)
)

const (
	detection = "ClientDetectionRequest"
	setup     = `{"clientVersion":"Nacos-Bench","labels":{"source":"sdk","module":"naming"},"abilityTable":{}}`
	answered  = `{"resultCode":200,"errorCode":0,"success":true,"requestId":%q}`
	bodyField = `"requestId":"`
)

// dial opens the n-th connection. A hundred share an address of loopback.
func dial(ctx context.Context, address string, n int) (*conn, error) {
	share := n / 100
	from := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 1, byte(share>>8), byte(share))}} //nolint:gosec // cut off
	client, err := grpc.NewClient(address, grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithContextDialer(func(ctx context.Context, address string) (net.Conn, error) {
			return from.DialContext(ctx, "tcp", address)
		}))
	if err != nil {
		return nil, fmt.Errorf("dial %s: %w", address, err)
	}
	ctx, cancel := context.WithCancel(ctx)
	c := &conn{requests: pb.NewRequestClient(client), pushes: make(chan []byte, 64), ended: make(chan struct{})}
	var reader sync.WaitGroup
	c.close = func() {
		cancel()
		_ = client.Close() // nothing is left to lose
		reader.Wait()
	}
	if _, err := c.requests.Request(ctx, payload("ServerCheckRequest", `{"module":"internal"}`)); err != nil {
		c.close()
		return nil, fmt.Errorf("server check at %s: %w", address, err)
	}
	stream, err := pb.NewBiRequestStreamClient(client).RequestBiStream(ctx)
	if err == nil {
		err = stream.Send(payload("ConnectionSetupRequest", setup))
	}
	if err == nil {
		_, err = stream.Recv() // SetupAckRequest: the connection is known now
	}
	if err != nil {
		c.close()
		return nil, fmt.Errorf("set up connection to %s: %w", address, err)
	}
	reader.Go(func() { defer close(c.ended); c.read(ctx, stream) })
	return c, nil
}

// read answers all that comes and hands the bodies of pushes on. A connection
// that was silent for a while is also asked whether it is there: that is no push.
func (c *conn) read(ctx context.Context, stream pb.BiRequestStream_RequestBiStreamClient) {
	for {
		in, err := stream.Recv()
		if err != nil {
			return
		}
		kind, body := in.GetMetadata().GetType(), in.GetBody().GetValue()
		ack := payload(strings.TrimSuffix(kind, "Request")+"Response", fmt.Sprintf(answered, requestID(body)))
		if err := stream.Send(ack); err != nil {
			return
		}
		if kind == detection {
			continue
		}
		select {
		case c.pushes <- body:
		case <-ctx.Done():
			return
		}
	}
}

// drain throws pushes away for as long as the connection lasts.
func (c *conn) drain() {
	for {
		select {
		case <-c.pushes:
		case <-c.ended:
			return
		}
	}
}

// requestID cuts the id out of a push without parsing the rest of it.
func requestID(body []byte) string {
	_, after, found := bytes.Cut(body, []byte(bodyField))
	if !found {
		return ""
	}
	id, _, _ := bytes.Cut(after, []byte(`"`))
	return string(id)
}

// call sends one request and wants success.
func (c *conn) call(ctx context.Context, p *pb.Payload) (*pb.Payload, error) {
	answer, err := c.requests.Request(ctx, p)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", p.GetMetadata().GetType(), err)
	}
	if !bytes.Contains(answer.GetBody().GetValue(), success) {
		return nil, fmt.Errorf("%s: %w: %s", p.GetMetadata().GetType(), errRefused, answer.GetBody().GetValue())
	}
	return answer, nil
}

func payload(kind, body string) *pb.Payload {
	return &pb.Payload{
		Metadata: &pb.Metadata{Type: kind, ClientIp: "127.0.0.1"},
		Body:     &anypb.Any{Value: []byte(body)},
	}
}

// dialAll opens n connections, several at once; closeAll closes what was opened.
func dialAll(ctx context.Context, address string, n int) ([]*conn, error) {
	const dialers = 16
	dialing, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	conns := make([]*conn, n)
	var all sync.WaitGroup
	for d := range dialers {
		all.Go(func() {
			for i := d; i < n && dialing.Err() == nil; i += dialers {
				c, err := dial(ctx, address, i)
				if err != nil {
					cancel(err)
					return
				}
				conns[i] = c
			}
		})
	}
	all.Wait()
	if err := context.Cause(dialing); err != nil {
		closeAll(conns)
		return nil, err
	}
	return conns, nil
}

func closeAll(conns []*conn) {
	for _, c := range conns {
		if c != nil {
			c.close()
		}
	}
}
