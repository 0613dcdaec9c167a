package nacosgrpc

import (
	"strings"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/distro-naming/naming-operator/sidecar/limits"
	"github.com/distro-naming/naming-operator/sidecar/wire"
)

// refusals are what somebody went over.
type refusals struct {
	mu   sync.Mutex
	seen map[string]int
}

func (r *refusals) Over(limit string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.seen == nil {
		r.seen = map[string]int{}
	}
	r.seen[limit]++
}

func (r *refusals) of(limit string) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.seen[limit]
}

// limited starts a server with other limits.
func limited(t *testing.T, change func(*limits.Limits)) (*running, *refusals) {
	t.Helper()
	return bounded(t, func(c *Config) { change(&c.Limits) })
}

// patient leaves connections the time that they have, on a machine that is busy.
func patient(change func(*limits.Limits)) func(*Config) {
	return func(c *Config) {
		c.IdleAfter, c.AnswerWithin = DefaultConfig().IdleAfter, DefaultConfig().AnswerWithin
		change(&c.Limits)
	}
}

func bounded(t *testing.T, tune func(*Config)) (*running, *refusals) {
	t.Helper()
	seen := &refusals{}
	return start(t, func(c *Config) {
		c.IdleAfter, c.AnswerWithin = 100*time.Millisecond, 100*time.Millisecond
		c.Over = seen
		tune(c)
	}), seen
}

func TestConnectionsAreLimited(t *testing.T) {
	tests := map[string]struct {
		limit  string
		change func(*limits.Limits)
	}{
		"all together":   {limits.Connections, func(l *limits.Limits) { l.Connections = 1 }},
		"of one address": {limits.PerIP, func(l *limits.Limits) { l.PerIP = 1 }},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			s, seen := bounded(t, patient(tc.change))
			first := connect(t, s.sdk, namingSetup)
			extra := open(t, s.sdk)
			_, err := extra.calls.Request(t.Context(), wire.Payload(wire.ServerCheckRequest, []byte(`{}`)))
			if status.Code(err) != codes.ResourceExhausted || !strings.Contains(err.Error(), "--limits "+tc.limit+"=") {
				t.Errorf("one too many is told %v", err)
			}
			extra.setUp(namingSetup)
			if _, err := extra.stream.Recv(); status.Code(err) != codes.ResourceExhausted {
				t.Errorf("its stream ends with %v", err)
			}
			if seen.of(tc.limit) == 0 {
				t.Error("it is not counted")
			}
			first.must(wire.HealthCheckRequest, `{}`)
			if !s.world.until(func() bool { return len(s.world.connected) == 1 }) {
				t.Error("it became a client")
			}
			_ = first.conn.Close()
			for {
				again := open(t, s.sdk)
				if _, err := again.calls.Request(t.Context(), wire.Payload(wire.ServerCheckRequest, []byte(`{}`))); err == nil {
					break // who was refused is let in when there is a place
				}
				_ = again.conn.Close()
			}
		})
	}
}

// Who is too many is closed even if it stays silent.
func TestConnectionsThatAreTooManyAreClosed(t *testing.T) {
	s, _ := limited(t, func(l *limits.Limits) { l.Connections = 1 })
	connect(t, s.sdk, namingSetup)
	speak(t, s.sdk).end()
}

// Clients cannot keep members out.
func TestMembersHavePlacesOfTheirOwn(t *testing.T) {
	s, _ := bounded(t, patient(func(l *limits.Limits) { l.Connections = 1 }))
	connect(t, s.sdk, namingSetup)
	connect(t, s.cluster, clusterSetup)
}

func TestMembersPortIsLimited(t *testing.T) {
	s, seen := bounded(t, patient(func(l *limits.Limits) { l.MemberConnections = 1 }))
	connect(t, s.cluster, clusterSetup)
	_, err := open(t, s.cluster).calls.Request(t.Context(), wire.Payload(wire.ServerCheckRequest, []byte(`{}`)))
	if status.Code(err) != codes.ResourceExhausted || seen.of(limits.MemberConnections) == 0 {
		t.Errorf("one too many is told %v", err)
	}
}

func TestRequestsAreLimited(t *testing.T) {
	s, seen := bounded(t, patient(func(l *limits.Limits) { l.Subscriptions, l.Batch = 2, 2 }))
	c := connect(t, s.sdk, namingSetup)
	subscribe := func(service string) reply {
		return c.call(wire.SubscribeServiceRequest,
			`{"namespace":"public","serviceName":"`+service+`","groupName":"g","subscribe":true,"clusters":""}`)
	}
	for _, service := range []string{"a", "b", "a"} {
		if r := subscribe(service); r.ResultCode != wire.CodeSuccess {
			t.Errorf("subscription to %s: %+v", service, r)
		}
	}
	r := subscribe("c")
	if r.kind != wire.SubscribeServiceResponse || r.ErrorCode != wire.CodeOverThreshold || !strings.Contains(r.Message, "the limit is 2") {
		t.Errorf("one too many: %+v", r)
	}
	c.must(wire.SubscribeServiceRequest, `{"namespace":"public","serviceName":"a","groupName":"g","subscribe":false,"clusters":""}`)
	if r := subscribe("c"); r.ResultCode != wire.CodeSuccess {
		t.Errorf("in the place of another: %+v", r)
	}
	instance := `{"ip":"10.0.0.1","port":80,"ephemeral":true}`
	batch := func(n int) reply {
		return c.call(wire.BatchInstanceRequest, `{"namespace":"public","serviceName":"x","groupName":"g","type":"batchRegisterInstance",`+
			`"instances":[`+strings.TrimSuffix(strings.Repeat(instance+",", n), ",")+`]}`)
	}
	if r := batch(2); r.ResultCode != wire.CodeSuccess {
		t.Errorf("a batch of two: %+v", r)
	}
	r = batch(3)
	if r.kind != wire.BatchInstanceResponse || r.ErrorCode != wire.CodeInvalid || !strings.Contains(r.Message, "the batch has 3 instances") {
		t.Errorf("a batch of three: %+v", r)
	}
	if seen.of(limits.Batch) != 1 || seen.of(limits.Subscriptions) != 1 {
		t.Errorf("counted %v", seen.seen)
	}
}

// A message that is too large is refused with both sizes, and the connection goes on.
func TestMessagesAreLimited(t *testing.T) {
	s, _ := bounded(t, patient(func(l *limits.Limits) { l.Message = 64 << 10 }))
	c := connect(t, s.sdk, namingSetup)
	large := wire.Payload(wire.InstanceRequest, make([]byte, 65<<10))
	if _, err := c.calls.Request(t.Context(), large); status.Code(err) != codes.ResourceExhausted || !strings.Contains(err.Error(), "65536") {
		t.Errorf("got %v", err)
	}
	c.must(wire.HealthCheckRequest, `{}`)
}

// Half a message, and no more of it, is the end of the connection, also of one that
// is set up and answers when it is asked.
func TestMessagesThatDoNotComeEnd(t *testing.T) {
	tests := map[string]func(*raw){
		"a call without a message": func(r *raw) { r.begin(1, requestPath) },
		"a stream without set-up":  func(r *raw) { r.begin(1, streamPath) },
		"half a message": func(r *raw) {
			r.begin(1, requestPath)
			half := framed(wire.ServerCheckRequest, `{}`)
			r.sent(r.WriteData(1, false, half[:len(half)/2]))
		},
		"half a message on the stream": func(r *raw) {
			r.begin(1, streamPath)
			r.sent(r.WriteData(1, false, framed(wire.ConnectionSetupRequest, namingSetup)))
			r.sent(r.WriteData(1, false, []byte{0, 0}))
		},
	}
	for name, say := range tests {
		t.Run(name, func(t *testing.T) {
			s, seen := bounded(t, func(c *Config) { c.Limits.MessageWithin, c.IdleAfter = 50*time.Millisecond, time.Hour })
			r := speak(t, s.sdk)
			say(r)
			r.end()
			if seen.of(limits.MessageWithin) == 0 {
				t.Errorf("ended for another reason: %v", seen.seen)
			}
		})
	}
}

// However much one client begins, what is kept of it is bounded, and the others are
// served.
func TestUnfinishedMessagesAreBounded(t *testing.T) {
	const most = 1 << 20
	s, seen := bounded(t, patient(func(l *limits.Limits) { l.Unfinished, l.MessageWithin = most, 0 }))
	good := connect(t, s.sdk, namingSetup)
	r := speak(t, s.sdk)
	part := make([]byte, 16<<10)
	first := append([]byte{0, 0, 0x10, 0, 0}, part...) // of a message of 1 MiB
	go func() {
		for id := uint32(1); ; id += 2 { // 16 KiB of each of very many
			if r.WriteHeaders(http2Headers(id)) != nil || r.WriteData(id, false, first[:len(part)]) != nil {
				return
			}
		}
	}()
	peak := int64(0)
	for done := false; !done; {
		peak = max(peak, s.unfinished.Load())
		good.must(wire.HealthCheckRequest, `{}`)
		done = seen.of(limits.Unfinished)+seen.of(limits.Streams) > 0
	}
	r.end()
	if peak > most+64<<10 {
		t.Errorf("%d bytes were kept", peak)
	}
	good.must(wire.HealthCheckRequest, `{}`)
	s.forgets(t, good)
}

// nothing leaves the limits as they are.
func nothing(*limits.Limits) {}
