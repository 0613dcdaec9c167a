package nacosgrpc

import (
	"bytes"
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/go-logr/logr"
	"google.golang.org/grpc/peer"

	"github.com/distro-naming/naming-operator/sidecar/frame"
	"github.com/distro-naming/naming-operator/sidecar/member"
	"github.com/distro-naming/naming-operator/sidecar/metrics"
	"github.com/distro-naming/naming-operator/sidecar/naming"
	"github.com/distro-naming/naming-operator/sidecar/push"
	"github.com/distro-naming/naming-operator/sidecar/replica"
	"github.com/distro-naming/naming-operator/sidecar/stream"
	"github.com/distro-naming/naming-operator/sidecar/wire"
)

// streams are those to the peers of a member in this process, which agree to everything.
type streams struct {
	replica.Transport

	to map[member.Address]*stream.Sender
}

func (s streams) Post(to member.Address, changes []naming.Change, done func([]error)) bool {
	return s.to[to].Post(changes, done)
}

func (streams) Load(context.Context, member.Address, []member.Address, func([]*naming.Record, int) error) (bool, error) {
	return true, nil
}

func (streams) Summarize(context.Context, member.Address, [16]byte) ([][16]byte, error) {
	return nil, nil
}

// agreeing is a stream to a peer that acknowledges each frame at once.
type agreeing struct {
	frames  *uint64
	answers chan []byte
	ended   <-chan struct{}
}

func (p agreeing) Send([]byte) error {
	answer := frame.Ack{Seq: *p.frames}.Append(nil)
	if *p.frames == 0 {
		answer = frame.Welcome{Epoch: 1}.Append(nil)
	}
	*p.frames++
	select {
	case p.answers <- answer:
		return nil
	case <-p.ended:
		return stream.ErrDown
	}
}

func (p agreeing) Recv() ([]byte, error) {
	select {
	case answer := <-p.answers:
		return answer, nil
	case <-p.ended:
		return nil, stream.ErrDown
	}
}

// alone is a replica with two such peers, and with all that hears of its changes.
func alone(b *testing.B, self member.Address) *replica.Loop {
	b.Helper()
	ctx, cancel := context.WithCancel(b.Context())
	observer, ways := metrics.New(), streams{to: map[member.Address]*stream.Sender{}}
	var hub *push.Hub
	loop := replica.New(replica.DefaultConfig(self), logr.Discard(), ways, observer, func(s naming.ServiceKey) { hub.Touch(s) })
	hub = push.New(push.DefaultConfig(), loop.View, func(took time.Duration, err error) { observer.Pushed("grpc", took, err) })
	node := func() member.Node { return member.Node{Address: self, Epoch: 1, Clock: loop.Clock()} }
	ended := make(chan error, 3)
	go func() { ended <- loop.Run(ctx) }()
	b.Cleanup(func() {
		cancel()
		for range cap(ended) {
			<-ended //nolint:errcheck // the context did it
		}
	})
	peers, up := []member.Address{"10.9.0.2:8848", "10.9.0.3:8848"}, map[member.Address]member.State{}
	for _, to := range peers {
		pipe := agreeing{new(uint64), make(chan []byte, 1), ctx.Done()}
		s := stream.NewSender(stream.DefaultConfig(), to, node, observer, func(on bool) { _ = loop.Streams(ctx, to, on) })
		ways.to[to], up[to] = s, member.Up
		open := func(context.Context) (stream.Pipe, error) { return pipe, nil }
		go func() { ended <- s.Run(ctx, open, func() {}) }()
	}
	if err := loop.SetMembers(ctx, member.NewView(self, member.NewList(1, append(peers, self), nil), up)); err != nil {
		b.Fatal(err)
	}
	for deadline := time.Now().Add(10 * time.Second); !loop.Loaded(); {
		if time.Now().After(deadline) {
			b.Fatal("the replica does not load")
		}
	}
	return loop
}

// BenchmarkRegistration is what a registration costs beside grpc's own work, from the
// bytes that come to the bytes that go: clients publish in ten services each, and then
// change that. What is told to peers is in it only where it takes the caller's time.
func BenchmarkRegistration(b *testing.B) {
	const self, clients, services, each = member.Address("10.9.0.1:8848"), 500, 200, 10
	loop := alone(b, self)
	s := &Server{cfg: DefaultConfig(), deps: Deps{Registrar: loop, Catalog: loop, Roster: newWorld(self)}}
	p := &port{server: s, handlers: s.handlers()}
	calls := make([]context.Context, clients)
	for i := range calls {
		c := &session{port: p, id: naming.ClientID(fmt.Sprintf("17000000%05d_10.0.0.1_%d", i, 20000+i))}
		c.phase.Store(connected)
		if err := loop.Connect(b.Context(), c.id); err != nil {
			b.Fatal(err)
		}
		calls[i] = peer.NewContext(b.Context(), &peer.Peer{Addr: tag{session: c}})
	}
	requests := make([][]byte, 2*each*clients)
	for i := range requests {
		client, turn := i%clients, i/clients
		instance := fmt.Sprintf(`{"ip":"10.0.%d.%d","port":8080,"weight":1.0,"healthy":true,"enabled":true,"ephemeral":true,`+
			`"clusterName":"DEFAULT","serviceName":"","metadata":{"preserved.register.source":"SPRING_CLOUD",`+
			`"version":"1.24.3-release","sequence":"%d"}}`, client>>8, client&255, turn/each)
		service := fmt.Sprintf("com.example.bench.Service%03d", (client+turn%each)%services)
		sent, err := newCodec().Marshal(wire.Payload(wire.InstanceRequest, []byte(registration(service, instance))))
		if err != nil {
			b.Fatal(err)
		}
		requests[i] = sent.Materialize()
	}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		in, err := readCall(bytes.Clone(requests[i%len(requests)]))
		if err != nil {
			b.Fatal(err)
		}
		out, err := p.Request(calls[i%clients], in)
		if err != nil || out != registered {
			b.Fatal(out, err)
		}
		if _, err := newCodec().Marshal(out); err != nil {
			b.Fatal(err)
		}
	}
}
