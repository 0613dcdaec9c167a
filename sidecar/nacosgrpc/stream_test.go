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

// One that has answered is asked again, and not closed, where it was silent once more
// before it was looked at, as by a member that was paused.
func TestAnswerCountsHoweverLateItIsLookedAt(t *testing.T) {
	s := start(t, func(c *Config) { c.IdleAfter, c.Limits.MessageWithin = time.Hour, 0 })
	c := connect(t, s.sdk, namingSetup)
	one := s.open.all()[0]
	stream := <-one.out // what was sent is on its way
	one.out <- stream
	s.detect(one, time.Now())
	c.acknowledge(wire.ClientDetectionResponse)
	c.must(wire.HealthCheckRequest, `{}`)
	stream = <-one.out
	one.out <- stream
	s.detect(one, time.Now().Add(time.Hour))
	if p := c.receive(); wire.KindOf(p) != wire.ClientDetectionRequest {
		t.Errorf("it was sent a %s", wire.KindOf(p))
	}
}

func TestEachOfManyConnectionsIsLookedAt(t *testing.T) {
	s := start(t, func(c *Config) { c.IdleAfter, c.AnswerWithin = 20*time.Millisecond, 20*time.Millisecond })
	for range 2*together + 1 {
		c := dial(t, s.sdk)
		defer func() {
			if _, err := io.Copy(io.Discard, c); err != nil { // until it is closed
				t.Error(err)
			}
		}()
	}
}

// What cannot be read ends the stream with why, and not the connection.
func TestStreamsThatCannotBeRead(t *testing.T) {
	large := []byte{0, 0xff, 0xff, 0xff, 0xff}
	setUp := framed(wire.ConnectionSetupRequest, namingSetup)
	tests := map[string]struct {
		sent   []byte
		status string
	}{
		"a compressed message":          {append([]byte{1}, setUp[1:]...), "12"},
		"a message of four gigabytes":   {large, "8"},
		"a message that is no protobuf": {append([]byte{0, 0, 0, 0, 4}, "\xff\xff\xff\xff"...), "13"},
		"half a message":                {setUp[:len(setUp)-1], "13"},
		"half a prefix":                 {setUp[:3], "13"},
		"a set-up that is no JSON":      {framed(wire.ConnectionSetupRequest, `{`), "3"},
		"nothing":                       {nil, "0"},
		"a whole message":               {setUp, "0"},
	}
	s := start(t, nil)
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			r := speak(t, s.sdk)
			r.begin(1, streamPath)
			r.sent(r.WriteData(1, true, tc.sent))
			if got := r.until(1); got.closed || got.status != tc.status {
				t.Errorf("it ended with %+v, want status %q", got, tc.status)
			}
			r.begin(3, requestPath)
			r.sent(r.WriteData(3, true, framed(wire.ServerCheckRequest, `{}`)))
			if got := r.until(3); got.status != "0" {
				t.Errorf("the next call ended with %+v", got)
			}
		})
	}
}

// An answer is given to who waits for it, in whatever order they come.
func TestAnswersFindWhoWaits(t *testing.T) {
	s := start(t, nil)
	c := connect(t, s.sdk, namingSetup)
	one := s.open.all()[0]
	asked := make(chan error, 2)
	for range 2 {
		go func() { asked <- s.moveTo(t.Context(), one, "") }()
	}
	first, second := c.receive(), c.receive()
	c.send(wire.ConnectResetResponse, `{"resultCode":200,"requestId":"unknown"}`)
	c.send(wire.ConnectResetResponse, `{`)
	c.send(wire.ConnectResetResponse, `{"resultCode":200,"requestId":"`+wire.RequestID(wire.Body(second))+`"}`)
	if err := <-asked; err != nil {
		t.Error(err)
	}
	c.send(wire.ConnectResetResponse, `{"resultCode":500,"message":"no","requestId":"`+wire.RequestID(wire.Body(first))+`"}`)
	if err := <-asked; err == nil || !strings.Contains(err.Error(), "500 no") {
		t.Errorf("one that is refused: %v", err)
	}
}
