package nacosgrpc

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/distro-naming/naming-operator/sidecar/frame"
	"github.com/distro-naming/naming-operator/sidecar/member"
	"github.com/distro-naming/naming-operator/sidecar/naming"
	"github.com/distro-naming/naming-operator/sidecar/stream/streampb"
	"github.com/distro-naming/naming-operator/sidecar/wire"
)

// tally notes what is told of streams.
type tally struct {
	*world
	frames, resumed int
	news            []bool
}

func (t *tally) Framed(member.Address, int)          { t.do(func() { t.frames++ }) }
func (t *tally) Resumed(member.Address)              { t.do(func() { t.resumed++ }) }
func (t *tally) streaming(_ member.Address, up bool) { t.do(func() { t.news = append(t.news, up) }) }

// streamingTo starts Peers that stream to s where it offers that, and have met it.
func streamingTo(t *testing.T, s *running) (*Peers, *tally) {
	t.Helper()
	routes := &streets{world: newWorld(callerAddress), ports: map[member.Address]string{selfAddress: s.cluster}, reached: map[member.Address]int{}}
	told := &tally{world: newWorld(callerAddress)}
	cfg := DefaultPeersConfig()
	cfg.RedialFrom /= 10
	cfg.Stream, cfg.Observer, cfg.Streaming = true, told, told.streaming
	p := NewPeers(cfg, routes)
	t.Cleanup(p.Close)
	p.SetPeers([]member.Address{selfAddress})
	if !routes.until(func() bool { return routes.reached[selfAddress] > 0 }) {
		t.Fatal("not reached")
	}
	return p, told
}

// post tells a peer records and returns what becomes of them.
func post(p *Peers, records ...*naming.Record) chan []error {
	var changes []naming.Change
	for _, r := range records {
		changes = append(changes, naming.Change{Client: r.Client, Record: r})
	}
	done := make(chan []error, 1)
	if !p.Post(selfAddress, changes, func(errs []error) { done <- errs }) {
		close(done)
	}
	return done
}

func TestPeersStreamWhereThatIsOffered(t *testing.T) {
	s := start(t, nil)
	p, _ := streamingTo(t, s)
	if got := p.Transport(selfAddress); got != "stream" {
		t.Errorf("transport %q", got)
	}
	a, b := someRecord("1_10.0.0.1_1", 1), someRecord("1_10.0.0.1_2", 2)
	if errs, ok := <-post(p, a, b); !ok || errs != nil {
		t.Fatalf("posted %v, %v", ok, errs)
	}
	if got := s.world.record(b.Client); !got.Equal(b) {
		t.Errorf("stored %+v", got)
	}
	var loaded []*naming.Record
	complete, err := p.Load(t.Context(), selfAddress, []member.Address{"10.9.9.9:8848"}, func(list []*naming.Record, _ int) error {
		loaded = append(loaded, list...)
		return nil
	})
	if err != nil || !complete || len(loaded) != 2 || !loaded[0].Equal(a) {
		t.Errorf("Load = %v, %v, %v", loaded, complete, err)
	}
	if got, err := p.Summarize(t.Context(), selfAddress, [16]byte{}); got != nil || err != nil {
		t.Errorf("Summarize of what is alike = %v, %v", got, err)
	}
	if got, err := p.Summarize(t.Context(), selfAddress, [16]byte{1}); len(got) != 256 || err != nil {
		t.Errorf("Summarize of what is not = %d digests, %v", len(got), err)
	}
	marks := slices.Repeat([]naming.Mark{a.Mark()}, mostMarks)
	marks = append(marks, naming.Mark{Client: "1_10.0.0.1_3", Stamp: naming.Issue(callerAddress, 1)})
	if got, err := p.Detail(t.Context(), selfAddress, [16]byte{}, []uint8{1}, marks); len(got) != 1 || err != nil {
		t.Errorf("Detail = %v, %v", got, err)
	}
}

func TestPeerThatOffersNoStreamIsCalled(t *testing.T) {
	s := start(t, func(cfg *Config) { cfg.Stream = false })
	p, _ := streamingTo(t, s)
	if _, ok := <-post(p, someRecord("1_10.0.0.1_1", 1)); ok || p.Transport(selfAddress) != "v2" {
		t.Errorf("posted by %q", p.Transport(selfAddress))
	}
	if _, err := p.Summarize(t.Context(), selfAddress, [16]byte{1}); err == nil {
		t.Error("it answered")
	}
	if complete, err := p.Load(t.Context(), selfAddress, nil, func([]*naming.Record, int) error { return nil }); err != nil || !complete {
		t.Errorf("Load = %v, %v", complete, err)
	}
}

func TestPeerThatGivesToOthersFirstSaysSo(t *testing.T) {
	s := start(t, func(cfg *Config) { cfg.Streams.Loads = 0 })
	p, _ := streamingTo(t, s)
	_, err := p.Load(t.Context(), selfAddress, nil, func([]*naming.Record, int) error { return nil })
	if !errors.Is(err, naming.ErrBusy) {
		t.Errorf("Load: %v, want %v", err, naming.ErrBusy)
	}
}

func TestConnectionThatIsCutLosesNothing(t *testing.T) {
	s := start(t, nil)
	p, told := streamingTo(t, s)
	var all []chan []error
	for i := range 200 {
		if i%50 == 25 {
			s.open.closeAll()
		}
		all = append(all, post(p, someRecord(naming.ClientID(fmt.Sprintf("1_10.0.0.1_%d", i)), int32(i+1))))
	}
	for i, done := range all {
		if errs, ok := <-done; !ok || errs != nil {
			t.Fatalf("change %d: posted %v, %v", i, ok, errs)
		}
	}
	s.world.see(func() {
		if n := s.world.registry.Len(); n != 200 {
			t.Errorf("%d records are held, want 200", n)
		}
	})
	told.see(func() {
		if told.resumed == 0 || !slices.Equal(told.news, []bool{true}) {
			t.Errorf("resumed %d times, news %v", told.resumed, told.news)
		}
	})
}

func TestPeerThatLeavesTheListFailsWhatIsUnderWay(t *testing.T) {
	s := start(t, nil)
	p, told := streamingTo(t, s)
	p.SetPeers(nil)
	if !told.until(func() bool { return slices.Equal(told.news, []bool{true, false}) }) {
		t.Error("it is still taken for streaming")
	}
}

// replicate opens a stream on a port, after these requests.
func replicate(t *testing.T, address string, introduced bool) grpc.BidiStreamingClient[streampb.Frame, streampb.Frame] {
	t.Helper()
	c := connect(t, address, clusterSetup)
	if introduced {
		in := wire.Introduce(wire.Payload(wire.MemberReportRequest, wire.ReportRequest(member.Node{Address: callerAddress})), member.Node{Address: callerAddress})
		if _, err := c.calls.Request(t.Context(), in); err != nil {
			t.Fatal(err)
		}
	}
	out, err := streampb.NewReplicationClient(c.conn).Replicate(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestStreamsThatAreNoneAreRefused(t *testing.T) {
	s := start(t, nil)
	hello := frame.Hello{Member: callerAddress}.Append(nil)
	for _, c := range []struct {
		what       string
		port       string
		introduced bool
		frames     [][]byte
		want       codes.Code
	}{
		{"by who did not introduce itself", s.cluster, false, [][]byte{hello}, codes.FailedPrecondition},
		{"on the clients' port", s.sdk, false, [][]byte{hello}, codes.Unimplemented},
		{"of another member", s.cluster, true, [][]byte{frame.Hello{Member: "c:8848"}.Append(nil)}, codes.PermissionDenied},
		{"of garbage", s.cluster, true, [][]byte{hello, {99}}, codes.InvalidArgument},
		{"of nothing", s.cluster, true, [][]byte{hello, nil}, codes.InvalidArgument},
	} {
		pipe := replicate(t, c.port, c.introduced)
		var err error
		for _, f := range c.frames {
			_ = pipe.Send(&streampb.Frame{Content: f}) // why it fails is heard by Recv
		}
		for err == nil {
			_, err = pipe.Recv()
		}
		if status.Code(err) != c.want {
			t.Errorf("a stream %s: %v, want %s", c.what, err, c.want)
		}
	}
}

func TestWithoutTheIdentityNobodyStreams(t *testing.T) {
	s := start(t, func(cfg *Config) { cfg.Identity = wire.Identity{Key: "who", Value: "us"} })
	if _, err := replicate(t, s.cluster, true).Recv(); status.Code(err) != codes.FailedPrecondition {
		t.Errorf("ended with %v", err)
	}
}
