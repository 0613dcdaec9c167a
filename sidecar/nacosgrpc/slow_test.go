package nacosgrpc

import (
	"context"
	"fmt"
	"io"
	"net"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/distro-naming/naming-operator/sidecar/naming"
	"github.com/distro-naming/naming-operator/sidecar/wire"
	"github.com/distro-naming/naming-operator/sidecar/wire/nacospb"
)

// muffled is a connection whose other end can cease to read.
type muffled struct {
	net.Conn
	deaf   atomic.Bool
	closed chan struct{}
	once   sync.Once
}

func (m *muffled) Read(p []byte) (int, error) {
	if n, err := m.Conn.Read(p); !m.deaf.Load() {
		return n, err
	}
	<-m.closed
	return 0, io.EOF
}

func (m *muffled) Close() error {
	m.once.Do(func() { close(m.closed) })
	return m.Conn.Close()
}

// connectMuffled sets up a client that reads for now.
func connectMuffled(t *testing.T, address string) (*client, *muffled) {
	t.Helper()
	m := &muffled{closed: make(chan struct{})}
	conn, err := grpc.NewClient(address, grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithContextDialer(func(ctx context.Context, address string) (_ net.Conn, err error) {
			m.Conn, err = (&net.Dialer{}).DialContext(ctx, "tcp", address)
			return m, err
		}))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() }) // nothing is left to lose
	c := &client{t: t, conn: conn, calls: nacospb.NewRequestClient(conn)}
	c.setUp(namingSetup)
	c.receive()
	return c, m
}

// listOf is a view of its own of about 100 KB.
func listOf(key naming.ServiceKey, ref int64) *naming.View {
	v := &naming.View{Service: key, LastRef: ref}
	for i := range 400 {
		v.Hosts = append(v.Hosts, naming.Instance{
			ID: fmt.Sprint(ref, "-", i), IP: "10.0.0.1", Port: i, Cluster: "DEFAULT", Weight: 1, Healthy: true, Enabled: true,
		})
	}
	return v
}

func liveHeap() uint64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// A subscriber that reads nothing is owed no more than what is on its way: pushes
// that it does not take are not kept. Others are pushed as before.
func TestSubscriberThatReadsNothingCostsLittle(t *testing.T) {
	const pushes, bound = 200, 8 << 20 // of 100 KB each: 20 MB
	s := start(t, nil)
	subscribe := func(c *client, service string) (func(context.Context, *naming.View) error, naming.ServiceKey) {
		c.must(wire.SubscribeServiceRequest, `{"namespace":"public","serviceName":"`+service+`","groupName":"g","subscribe":true}`)
		key := naming.ServiceKey{Namespace: "public", Group: "g", Name: service}
		return s.world.subscriber(key), key
	}
	slow, line := connectMuffled(t, s.sdk)
	toSlow, key := subscribe(slow, "s")
	reader := connect(t, s.sdk, namingSetup)
	toReader, other := subscribe(reader, "r")

	line.deaf.Store(true)
	before := liveHeap()
	for i := range pushes {
		patient, giveUp := context.WithTimeout(t.Context(), time.Millisecond)
		err := toSlow(patient, listOf(key, int64(i)))
		giveUp()
		if err == nil {
			t.Fatal("a push that nobody read was acknowledged")
		}
	}
	if after := liveHeap(); after > before+bound {
		t.Errorf("%d pushes left %d KB", pushes, (after-before)>>10)
	}
	var reading sync.WaitGroup
	reading.Go(func() {
		for {
			p, err := reader.stream.Recv()
			if err != nil {
				return
			}
			ack := []byte(`{"resultCode":200,"requestId":"` + wire.RequestID(wire.Body(p)) + `"}`)
			_ = reader.stream.Send(wire.Payload(wire.NotifySubscriberResponse, ack)) // Recv tells the end
		}
	})
	if err := toReader(t.Context(), listOf(other, 1)); err != nil {
		t.Errorf("push to the other one: %v", err)
	}
	if s.Clients() != 2 {
		t.Errorf("%d clients are connected, want both", s.Clients())
	}
	_ = reader.conn.Close() // ends reading
	reading.Wait()
}
