package nacosgrpc

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/distro-naming/naming-operator/sidecar/naming"
	"github.com/distro-naming/naming-operator/sidecar/push"
	"github.com/distro-naming/naming-operator/sidecar/wire"
	"github.com/distro-naming/naming-operator/sidecar/wire/nacospb"
)

const (
	selfAddress  = "127.0.0.1:28848"
	namingSetup  = `{"clientVersion":"test","labels":{"source":"sdk","module":"naming"},"abilityTable":{}}`
	clusterSetup = `{"clientVersion":"Nacos-Server:v2.5.1","labels":{"source":"cluster"},"abilityTable":{}}`
)

// soonAgain are the numbers of a hub whose retries a test need not wait for.
var soonAgain = push.Config{
	WindowMin: time.Millisecond, WindowMax: time.Millisecond,
	RetryMin: time.Millisecond, RetryMax: time.Millisecond, Parallel: 16,
}

// running is a server on two ports of its own.
type running struct {
	*Server
	world        *world
	sdk, cluster string
}

func start(t *testing.T, tune func(*Config)) *running {
	t.Helper()
	w := newWorld(selfAddress)
	cfg := DefaultConfig()
	for _, l := range []*net.Listener{&cfg.SDK, &cfg.Cluster} {
		*l = listen(t)
	}
	if tune != nil {
		tune(&cfg)
	}
	var s *Server
	patterns := push.New(soonAgain, func(p naming.ServiceKey) *naming.View { return s.Matching(p) }, func(time.Duration, error) {})
	s = NewServer(cfg, Deps{
		Registrar: w, Catalog: w, Subscriptions: hub{w}, Patterns: patterns, Inbox: w, Roster: w, Stream: w, Settings: w, NextID: w.nextID,
	})
	w.do(func() { w.touch = s.Touch })
	delivering, quiet := context.WithCancel(context.Background())
	t.Cleanup(quiet)
	go func() { _ = patterns.Run(delivering) }() // it has no errors
	ended := make(chan error, 1)
	go func() { ended <- s.Serve() }()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		s.Stop(ctx)
		if err := <-ended; err != nil {
			t.Errorf("Serve: %v", err)
		}
	})
	return &running{Server: s, world: w, sdk: cfg.SDK.Addr().String(), cluster: cfg.Cluster.Addr().String()}
}

func listen(t *testing.T) net.Listener {
	t.Helper()
	var c net.ListenConfig
	l, err := c.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func dial(t *testing.T, address string) net.Conn {
	t.Helper()
	var d net.Dialer
	c, err := d.DialContext(t.Context(), "tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() }) // the server may have closed it
	return c
}

// client is one connection.
type client struct {
	t      *testing.T
	conn   *grpc.ClientConn
	calls  nacospb.RequestClient
	stream grpc.BidiStreamingClient[nacospb.Payload, nacospb.Payload]
}

// open connects without setting up.
func open(t *testing.T, address string) *client {
	t.Helper()
	conn, err := grpc.NewClient(address, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() }) // some tests close it themselves
	return &client{t: t, conn: conn, calls: nacospb.NewRequestClient(conn)}
}

// connect sets a connection up and waits until that is acknowledged.
func connect(t *testing.T, address, setup string) *client {
	t.Helper()
	c := open(t, address)
	c.setUp(setup)
	if p := c.receive(); wire.KindOf(p) != wire.SetupAckRequest {
		t.Fatalf("set-up was answered by %s", wire.KindOf(p))
	}
	return c
}

func (c *client) setUp(setup string) {
	c.t.Helper()
	stream, err := nacospb.NewBiRequestStreamClient(c.conn).RequestBiStream(c.t.Context())
	if err != nil {
		c.t.Fatal(err)
	}
	c.stream = stream
	c.send(wire.ConnectionSetupRequest, setup)
}

// send may find that the server has ended the stream, which is io.EOF: why, the next
// receive tells.
func (c *client) send(kind wire.Kind, body string) {
	c.t.Helper()
	if err := c.stream.Send(wire.Payload(kind, []byte(body))); err != nil && !errors.Is(err, io.EOF) {
		c.t.Fatal(err)
	}
}

func (c *client) receive() *nacospb.Payload {
	c.t.Helper()
	p, err := c.stream.Recv()
	if err != nil {
		c.t.Fatal(err)
	}
	return p
}

// acknowledge answers the next message on the stream.
func (c *client) acknowledge(kind wire.Kind) *nacospb.Payload {
	c.t.Helper()
	p := c.receive()
	c.send(kind, `{"resultCode":200,"requestId":"`+wire.RequestID(wire.Body(p))+`"}`)
	return p
}

// reply is what an answer says.
type reply struct {
	kind                  wire.Kind
	ResultCode, ErrorCode int
	Message               string
	ConnectionID          string
	Count                 int
	ServiceNames          []string
	ServiceInfo           *struct {
		Hosts []struct {
			IP   string
			Port int
		}
	}
}

func (c *client) call(kind wire.Kind, body string) reply {
	c.t.Helper()
	return c.exchange(wire.Payload(kind, []byte(body)))
}

func (c *client) exchange(in *nacospb.Payload) reply {
	c.t.Helper()
	kind := wire.KindOf(in)
	p, err := c.calls.Request(c.t.Context(), in)
	if err != nil {
		c.t.Fatalf("%s: %v", kind, err)
	}
	r := reply{kind: wire.KindOf(p)}
	if err := json.Unmarshal(wire.Body(p), &r); err != nil {
		c.t.Fatalf("%s: %v: %s", kind, err, wire.Body(p))
	}
	if strings.Contains(string(wire.Body(p)), ":null") {
		c.t.Errorf("%s was answered with a null: %s", kind, wire.Body(p))
	}
	return r
}

// must fails unless the call succeeds.
func (c *client) must(kind wire.Kind, body string) reply {
	c.t.Helper()
	r := c.call(kind, body)
	if r.ResultCode != wire.CodeSuccess || r.ErrorCode != 0 {
		c.t.Fatalf("%s: %+v", kind, r)
	}
	return r
}

func registration(service, instance string) string {
	return `{"namespace":"public","serviceName":"` + service +
		`","groupName":"g","type":"registerInstance","instance":` + instance + `}`
}

func query(service string) string {
	return `{"namespace":"public","serviceName":"` + service + `","groupName":"g","cluster":""}`
}
