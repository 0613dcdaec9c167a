package nacosgrpc

import (
	"context"
	"slices"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc"

	"github.com/distro-naming/naming-operator/sidecar/member"
	"github.com/distro-naming/naming-operator/sidecar/wire"
	"github.com/distro-naming/naming-operator/sidecar/wire/nacospb"
)

// javaPeer is a member that answers as a Java server of a version does, and
// remembers what it was sent.
type javaPeer struct {
	nacospb.UnimplementedRequestServer
	nacospb.UnimplementedBiRequestStreamServer

	node        member.Node
	at          string // where it listens
	negotiates  bool   // abilities, since 2.3.0
	takesReport bool   // over gRPC, since 2.2.1

	mu      sync.Mutex
	changed chan struct{} // closed and replaced whenever something was heard
	heard   []*nacospb.Payload
	answers map[wire.Kind]func() (*nacospb.Payload, error) // in place of the usual ones
	streams chan grpc.BidiStreamingServer[nacospb.Payload, nacospb.Payload]
}

func startJava(t *testing.T, version string) *javaPeer {
	t.Helper()
	j := &javaPeer{
		node:        member.Node{Address: selfAddress, Version: version},
		negotiates:  version >= "2.3.0",
		takesReport: version >= "2.2.1",
		changed:     make(chan struct{}),
		answers:     map[wire.Kind]func() (*nacospb.Payload, error){},
		streams:     make(chan grpc.BidiStreamingServer[nacospb.Payload, nacospb.Payload], 16),
	}
	l := listen(t)
	j.at = l.Addr().String()
	server := grpc.NewServer()
	nacospb.RegisterRequestServer(server, j)
	nacospb.RegisterBiRequestStreamServer(server, j)
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(l) }()
	t.Cleanup(func() {
		server.Stop()
		if err := <-ended; err != nil {
			t.Errorf("Serve: %v", err)
		}
	})
	return j
}

// answer makes the peer answer a kind of request otherwise from now on.
func (j *javaPeer) answer(kind wire.Kind, with func() (*nacospb.Payload, error)) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.answers[kind] = with
}

// got returns what the peer was sent of a kind.
func (j *javaPeer) got(kind wire.Kind) []*nacospb.Payload {
	j.mu.Lock()
	defer j.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(j.heard), func(p *nacospb.Payload) bool { return wire.KindOf(p) != kind })
}

// until waits for ok, which it asks whenever something was heard.
func (j *javaPeer) until(ok func() bool) bool {
	deadline := time.After(10 * time.Second)
	for {
		j.mu.Lock()
		changed := j.changed
		j.mu.Unlock()
		if ok() {
			return true
		}
		select {
		case <-changed:
		case <-deadline:
			return false
		}
	}
}

func (j *javaPeer) hear(in *nacospb.Payload) func() (*nacospb.Payload, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.heard = append(j.heard, in)
	close(j.changed)
	j.changed = make(chan struct{})
	return j.answers[wire.KindOf(in)]
}

func (j *javaPeer) Request(_ context.Context, in *nacospb.Payload) (*nacospb.Payload, error) {
	if special := j.hear(in); special != nil {
		return special()
	}
	switch kind := wire.KindOf(in); {
	case kind == wire.ServerCheckRequest && j.negotiates:
		return wire.Payload(wire.ServerCheckResponse, wire.Ready("1_127.0.0.1_1")), nil
	case kind == wire.ServerCheckRequest:
		return wire.Payload(wire.ServerCheckResponse, []byte(`{"resultCode":200,"errorCode":0,"connectionId":"1_127.0.0.1_1"}`)), nil
	case kind == wire.MemberReportRequest && j.takesReport:
		return wire.Payload(wire.MemberReportResponse, wire.ReportResult(j.node)), nil
	case kind == wire.HealthCheckRequest:
		return healthy, nil
	case kind == wire.DistroDataRequest:
		return accepted, nil
	default:
		return noHandler, nil
	}
}

func (j *javaPeer) RequestBiStream(stream grpc.BidiStreamingServer[nacospb.Payload, nacospb.Payload]) error {
	for {
		in, err := stream.Recv()
		if err != nil {
			return nil //nolint:nilerr // it ends as the peer ends it
		}
		j.hear(in)
		if wire.KindOf(in) != wire.ConnectionSetupRequest {
			continue
		}
		if j.negotiates {
			if err := stream.Send(wire.Payload(wire.SetupAckRequest, wire.Abilities())); err != nil {
				return err
			}
		}
		j.streams <- stream
	}
}
