package nacosgrpc

import (
	"context"
	"io"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/distro-naming/naming-operator/sidecar/naming"
	"github.com/distro-naming/naming-operator/sidecar/wire"
)

// A member that stops tells those who are set up, and waits for nobody.
func TestStoppingMemberEndsItsStreams(t *testing.T) {
	s := start(t, nil)
	c, set := connect(t, s.sdk, namingSetup), open(t, s.sdk)
	set.setUp(`{"labels":{"module":"naming"}}`) // which is not answered
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		s.Stop(t.Context())
	}()
	for name, one := range map[string]*client{"set up": c, "just setting up": set} {
		if _, err := one.stream.Recv(); status.Code(err) != codes.Unavailable {
			t.Errorf("the stream of one that was %s ends with %v", name, err)
		}
	}
	if _, err := c.stream.Recv(); !strings.Contains(err.Error(), "member is stopping") {
		t.Errorf("it is told %v", err)
	}
	<-stopped
}

// clog pushes to a client that reads nothing until nothing more can be sent to it.
func (r *running) clog(t *testing.T) *session {
	t.Helper()
	_, line := connectMuffled(t, r.sdk)
	line.deaf.Store(true)
	one := r.open.all()[0]
	for ref := int64(1); ; ref++ {
		patient, giveUp := context.WithTimeout(t.Context(), time.Millisecond)
		err := one.deliverer("")(patient, listOf(naming.ServiceKey{Namespace: "public", Group: "g", Name: "s"}, ref))
		giveUp()
		if err == nil {
			t.Fatal("a push that nobody read was acknowledged")
		}
		if strings.HasPrefix(err.Error(), "send ") {
			return one
		}
	}
}

// What cannot be sent does not keep a stream from ending.
func TestClientThatReadsNothingIsTakenOutOfAStoppingMember(t *testing.T) {
	s := start(t, nil)
	one := s.clog(t)
	ctx, cut := context.WithCancel(t.Context())
	defer cut()
	go s.Stop(ctx)
	<-one.done
	if !s.world.until(func() bool { return len(s.world.departed) == 1 }) {
		t.Error("it did not depart")
	}
}

func TestEndOfAClientThatReadsNothing(t *testing.T) {
	s := start(t, nil)
	one := s.clog(t)
	_ = one.Close()
	if !s.world.until(func() bool { return len(s.world.disconnected) == 1 }) {
		t.Error("it was not disconnected")
	}
	if err := one.send(t.Context(), detection); err == nil && one.offer(detection) {
		t.Error("more can be sent to it")
	}
}

// A silent client to which nothing can be sent is not waited for.
func TestSilentClientThatCannotBeAskedIsClosed(t *testing.T) {
	s := start(t, func(c *Config) { c.IdleAfter, c.AnswerWithin = 50*time.Millisecond, 100*time.Millisecond })
	connect(t, s.sdk, namingSetup)
	one := s.open.all()[0]
	stream := <-one.out
	defer func() { one.out <- stream }()
	<-one.done
}

// A client is asked again when it was silent again.
func TestClientIsAskedWheneverItIsSilent(t *testing.T) {
	s := start(t, func(c *Config) { c.IdleAfter = 50 * time.Millisecond })
	c := connect(t, s.sdk, namingSetup)
	for range 3 {
		if p := c.acknowledge(wire.ClientDetectionResponse); wire.KindOf(p) != wire.ClientDetectionRequest {
			t.Errorf("it was sent a %s", wire.KindOf(p))
		}
	}
}

func TestEachOfManyConnectionsIsLookedAt(t *testing.T) {
	s := start(t, func(c *Config) { c.IdleAfter, c.AnswerWithin = 20*time.Millisecond, 20*time.Millisecond })
	for range 3*partsPerLook + 1 {
		c := dial(t, s.sdk)
		defer func() {
			if _, err := io.Copy(io.Discard, c); err != nil { // until it is closed
				t.Error(err)
			}
		}()
	}
}
