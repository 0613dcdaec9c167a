package nacosgrpc

import (
	"slices"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/distro-naming/naming-operator/sidecar/member"
	"github.com/distro-naming/naming-operator/sidecar/naming"
	"github.com/distro-naming/naming-operator/sidecar/wire"
	"github.com/distro-naming/naming-operator/sidecar/wire/nacospb"
)

func TestConnectionIsOneClientFromSetUpToEnd(t *testing.T) {
	s := start(t, nil)
	c := open(t, s.sdk)
	checked := c.must(wire.ServerCheckRequest, `{}`)
	if r := c.call(wire.HealthCheckRequest, `{}`); r.ErrorCode != wire.CodeUnregistered {
		t.Errorf("before set-up: %+v", r)
	}
	c.setUp(namingSetup)
	c.receive()
	if got := s.world.clients(); !slices.Equal(got, []naming.ClientID{naming.ClientID(checked.ConnectionID)}) {
		t.Errorf("clients %v, want %s, as the check said", got, checked.ConnectionID)
	}
	if parts := strings.Split(checked.ConnectionID, "_"); len(parts) != 3 || parts[1] != "127.0.0.1" {
		t.Errorf("connection id %q is not <ms>_<ip>_<port>", checked.ConnectionID)
	}
	if s.Clients() != 1 {
		t.Errorf("%d clients", s.Clients())
	}
	_ = c.conn.Close() // it ends
	if !s.world.until(func() bool { return len(s.world.disconnected) == 1 && len(s.world.connected) == 0 }) {
		t.Error("not disconnected")
	}
}

func TestEndOfTheStreamIsTheEndOfTheClient(t *testing.T) {
	s := start(t, nil)
	c := connect(t, s.sdk, namingSetup)
	if err := c.stream.CloseSend(); err != nil {
		t.Fatal(err)
	}
	if !s.world.until(func() bool { return len(s.world.disconnected) == 1 }) {
		t.Error("not disconnected")
	}
	if r := c.call(wire.HealthCheckRequest, `{}`); r.ErrorCode != wire.CodeUnregistered {
		t.Errorf("a call after the stream: %+v", r)
	}
	_ = c.conn.Close() // which must not disconnect again
	second := connect(t, s.sdk, namingSetup)
	_ = second.conn.Close() // the mark behind which nothing is left to come
	s.world.until(func() bool { return len(s.world.disconnected) >= 2 })
	s.world.see(func() {
		if n := len(s.world.disconnected); n != 2 {
			t.Errorf("disconnected %d times, want 2", n)
		}
	})
}

func TestSecondSetUpAndSecondStreamChangeNothing(t *testing.T) {
	s := start(t, nil)
	c := connect(t, s.sdk, namingSetup)
	c.send(wire.ConnectionSetupRequest, namingSetup)
	c.must(wire.HealthCheckRequest, `{}`)
	second, err := nacospb.NewBiRequestStreamClient(c.conn).RequestBiStream(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := second.Recv(); status.Code(err) != codes.FailedPrecondition {
		t.Errorf("a second stream: %v", err)
	}
	c.must(wire.HealthCheckRequest, `{}`)
	if len(s.world.clients()) != 1 {
		t.Errorf("clients %v", s.world.clients())
	}
}

func TestSetUpWithoutAbilitiesIsNotAnswered(t *testing.T) {
	s := start(t, func(c *Config) { c.IdleAfter = 50 * time.Millisecond })
	c := open(t, s.sdk)
	c.setUp(`{"labels":{"module":"naming"}}`)
	if p := c.receive(); wire.KindOf(p) != wire.ClientDetectionRequest {
		t.Errorf("the first message is %s", wire.KindOf(p))
	}
}

func TestSilentConnectionsAreAskedAndClosed(t *testing.T) {
	s := start(t, func(c *Config) { c.IdleAfter, c.AnswerWithin = 50*time.Millisecond, 3*time.Second }) // which is what one that lives has, on a busy machine
	dead, alive := connect(t, s.sdk, namingSetup), connect(t, s.sdk, namingSetup)
	unset := dial(t, s.sdk)
	go func() {
		for {
			p, err := alive.stream.Recv()
			if err != nil {
				return
			}
			answer := wire.Payload(wire.ClientDetectionResponse, wire.Answered(wire.RequestID(wire.Body(p))))
			if alive.stream.Send(answer) != nil {
				return
			}
		}
	}()
	if !s.world.until(func() bool { return len(s.world.disconnected) == 1 }) {
		t.Fatal("a dead client was kept")
	}
	for {
		if _, err := dead.stream.Recv(); err != nil {
			break
		}
	}
	if _, err := unset.Read(make([]byte, 1<<10)); err != nil {
		t.Errorf("expected the server's greeting first: %v", err)
	}
	for err := error(nil); err == nil; {
		_, err = unset.Read(make([]byte, 1<<10))
	}
	alive.must(wire.HealthCheckRequest, `{}`)
}

func TestClientsWaitWhileTheMemberLoads(t *testing.T) {
	s := start(t, nil)
	s.world.do(func() { s.world.loaded = false })
	c := open(t, s.sdk)
	if r := c.call(wire.ServerCheckRequest, `{}`); r.kind != wire.ErrorResponse || r.ErrorCode != wire.CodeStarting {
		t.Errorf("check while loading: %+v", r)
	}
	c.setUp(namingSetup)
	if _, err := c.stream.Recv(); status.Code(err) != codes.Unavailable {
		t.Errorf("set-up while loading: %v", err)
	}
	connect(t, s.cluster, clusterSetup).must(wire.HealthCheckRequest, `{}`)
}

func TestDrainingRefusesNewClientsAndMovesTheOthers(t *testing.T) {
	s := start(t, nil)
	old, moving := connect(t, s.sdk, namingSetup), connect(t, s.sdk, namingSetup)
	s.Drain()
	_, err := open(t, s.sdk).calls.Request(t.Context(), wire.Payload(wire.ServerCheckRequest, []byte(`{}`)))
	if status.Code(err) != codes.Unavailable {
		t.Errorf("check of a new client: %v, want it sent away at once", err)
	}
	old.must(wire.InstanceRequest, registration("s", `{"ip":"a","port":1}`))
	old.must(wire.HealthCheckRequest, `{}`)

	asked := make(chan int, 1)
	go func() { asked <- s.ResetAll(t.Context(), nil) }()
	for _, c := range []*client{old, moving} {
		p := c.acknowledge(wire.ConnectResetResponse)
		if wire.KindOf(p) != wire.ConnectResetRequest || !strings.Contains(string(wire.Body(p)), `"connectionId":"`) {
			t.Errorf("asked by %s %s", wire.KindOf(p), wire.Body(p))
		}
	}
	if n := <-asked; n != 2 {
		t.Errorf("%d clients said that they move, want 2", n)
	}
	if r := old.call(wire.HealthCheckRequest, `{}`); r.kind != wire.HealthCheckResponse || r.ErrorCode != wire.CodeServerError {
		t.Errorf("health of a connection that was asked to go: %+v, want it refused", r)
	}
	if n := s.ResetAll(t.Context(), nil); n != 0 {
		t.Errorf("%d were asked again", n)
	}
	_ = old.conn.Close() // it has moved
	_ = moving.conn.Close()
	if !s.world.until(func() bool { return len(s.world.departed) == 2 }) {
		t.Error("they did not depart")
	}
	s.world.see(func() {
		if len(s.world.disconnected) != 0 || s.world.registry.Len() != 1 {
			t.Errorf("disconnected %v, %d records left, want 1", s.world.disconnected, s.world.registry.Len())
		}
	})
}

func TestClientsAreSpreadOverTheTargets(t *testing.T) {
	s := start(t, nil)
	var clients []*client
	for range 4 {
		clients = append(clients, connect(t, s.sdk, namingSetup))
	}
	asked := make(chan int, 1)
	go func() { asked <- s.ResetAll(t.Context(), []member.Address{"10.0.0.1:8848", "10.0.0.2:8848"}) }()
	told := map[string]int{}
	for _, c := range clients {
		body := string(wire.Body(c.acknowledge(wire.ConnectResetResponse)))
		for _, ip := range []string{"10.0.0.1", "10.0.0.2"} {
			if strings.Contains(body, `"serverIp":"`+ip+`","serverPort":"8848"`) {
				told[ip]++
			}
		}
	}
	if n := <-asked; n != 4 || told["10.0.0.1"] != 2 || told["10.0.0.2"] != 2 {
		t.Errorf("%d said that they move; told %v, want two to each target", n, told)
	}
}

func TestClientIsToldWhereToGo(t *testing.T) {
	tests := map[string]struct {
		target member.Address
		want   string
	}{
		"to a member":           {"10.0.0.7:8848", `,"serverIp":"10.0.0.7","serverPort":"8848","connectionId":`},
		"to an IPv6 member":     {"[::1]:8848", `,"serverIp":"::1","serverPort":"8848","connectionId":`},
		"to whichever it lists": {"", `"requestId":"1","connectionId":`},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			s := start(t, nil)
			c := connect(t, s.sdk, namingSetup)
			moved := make(chan error, 1)
			go func() { moved <- s.moveTo(t.Context(), s.open.all()[0], tc.target) }()
			p := c.acknowledge(wire.ConnectResetResponse)
			if body := string(wire.Body(p)); wire.KindOf(p) != wire.ConnectResetRequest || !strings.Contains(body, tc.want) {
				t.Errorf("asked by %s %s", wire.KindOf(p), body)
			}
			if err := <-moved; err != nil {
				t.Errorf("moveTo: %v", err)
			}
		})
	}
}
