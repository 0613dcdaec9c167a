package interop

import (
	"context"
	"io"
	"net"
	"strconv"
	"strings"
	"sync"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/protobuf/types/known/anypb"

	"github.com/distro-naming/naming-operator/sidecar/wire/nacospb"
	"github.com/distro-naming/naming-operator/test/loopback"
)

// elsewhere is where a member listens that others reach only through a test.
const elsewhere = "127.0.0.2"

// between stands before the members' port of one of ours, for one Java server:
// it passes everything on, but may swallow changes and say that they arrived.
type between struct {
	nacospb.UnimplementedRequestServer
	nacospb.UnimplementedBiRequestStreamServer

	to string

	mu        sync.Mutex
	conn      *grpc.ClientConn // for the caller's present connection
	swallow   bool
	swallowed int
}

// standBetween has the others reach m, which is yet to be started, only through
// what it returns. Its main port is passed on as it is.
func standBetween(t *testing.T, m *loopback.Member) *between {
	t.Helper()
	m.Listen = elsewhere
	b := &between{to: net.JoinHostPort(elsewhere, strconv.Itoa(m.Port+clusterPort))}
	var open net.ListenConfig
	l, err := open.Listen(t.Context(), "tcp", net.JoinHostPort(m.Host, strconv.Itoa(m.Port+clusterPort)))
	must(t, err)
	s := grpc.NewServer()
	nacospb.RegisterRequestServer(s, b)
	nacospb.RegisterBiRequestStreamServer(s, b)
	go func() { _ = s.Serve(l) }() // ends when it is stopped
	t.Cleanup(s.Stop)
	main, err := open.Listen(t.Context(), "tcp", m.Address())
	must(t, err)
	t.Cleanup(func() { _ = main.Close() }) // the test is over
	go passOn(t.Context(), main, net.JoinHostPort(elsewhere, strconv.Itoa(m.Port)))
	return b
}

// passOn connects whoever comes to l with an address.
func passOn(ctx context.Context, l net.Listener, to string) {
	var dial net.Dialer
	for {
		in, err := l.Accept()
		if err != nil {
			return
		}
		out, err := dial.DialContext(ctx, "tcp", to)
		if err != nil {
			_ = in.Close() // as the member itself would refuse
			continue
		}
		copyAll := func(to, from net.Conn) {
			_, _ = io.Copy(to, from) // either may end
			_, _ = to.Close(), from.Close()
		}
		go copyAll(in, out)
		go copyAll(out, in)
	}
}

// upstream returns the connection that stands for the caller's.
func (b *between) upstream() (*grpc.ClientConn, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.conn == nil {
		conn, err := grpc.NewClient(b.to, grpc.WithTransportCredentials(insecure.NewCredentials()))
		if err != nil {
			return nil, err
		}
		b.conn = conn
	}
	return b.conn, nil
}

// set begins or ends the swallowing and returns how many changes it has cost.
func (b *between) set(swallow bool) int {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.swallow = swallow
	return b.swallowed
}

func (b *between) swallows(in *nacospb.Payload) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.swallow && strings.Contains(string(in.GetBody().GetValue()), `"dataOperation":"CHANGE"`) {
		b.swallowed++
		return true
	}
	return false
}

// Request passes a call on, unless it is to be lost.
func (b *between) Request(ctx context.Context, in *nacospb.Payload) (*nacospb.Payload, error) {
	if b.swallows(in) {
		return &nacospb.Payload{
			Metadata: &nacospb.Metadata{Type: "DistroDataResponse"},
			Body:     &anypb.Any{Value: []byte(`{"resultCode":200,"errorCode":0,"success":true}`)},
		}, nil
	}
	conn, err := b.upstream()
	if err != nil {
		return nil, err
	}
	return nacospb.NewRequestClient(conn).Request(ctx, in)
}

// RequestBiStream passes the caller's stream on. Its end is that of the
// connection.
func (b *between) RequestBiStream(in grpc.BidiStreamingServer[nacospb.Payload, nacospb.Payload]) error {
	conn, err := b.upstream()
	if err != nil {
		return err
	}
	defer b.cut(conn)
	out, err := nacospb.NewBiRequestStreamClient(conn).RequestBiStream(in.Context())
	if err != nil {
		return err
	}
	ended := make(chan error, 2)
	go func() { ended <- pass(out, in) }()
	go func() { ended <- pass(in, out) }()
	return <-ended
}

// end is one side of a stream.
type end interface {
	Send(p *nacospb.Payload) error
	Recv() (*nacospb.Payload, error)
}

// pass hands on what comes from one side until either ends.
func pass(to, from end) error {
	for {
		p, err := from.Recv()
		if err == nil {
			err = to.Send(p)
		}
		if err != nil {
			return err
		}
	}
}

func (b *between) cut(conn *grpc.ClientConn) {
	b.mu.Lock()
	defer b.mu.Unlock()
	_ = conn.Close() // whoever uses it has gone
	if b.conn == conn {
		b.conn = nil
	}
}
