package nacosgrpc

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	"github.com/distro-naming/naming-operator/sidecar/member"
	"github.com/distro-naming/naming-operator/sidecar/naming"
	"github.com/distro-naming/naming-operator/sidecar/wire"
)

func TestRegisteredInstanceIsListedUntilItIsDeregistered(t *testing.T) {
	s := start(t, nil)
	c := connect(t, s.sdk, namingSetup)
	c.must(wire.InstanceRequest, registration("s", `{"ip":"10.0.0.1","port":80}`))
	got := c.must(wire.ServiceQueryRequest, query("s"))
	if len(got.ServiceInfo.Hosts) != 1 || got.ServiceInfo.Hosts[0].IP != "10.0.0.1" {
		t.Errorf("after registering: %+v", got.ServiceInfo)
	}
	c.must(wire.BatchInstanceRequest, `{"namespace":"public","serviceName":"b","groupName":"g","type":"batchRegisterInstance",`+
		`"instances":[{"ip":"10.0.0.2","port":1},{"ip":"10.0.0.2","port":2}]}`)
	if got := c.must(wire.ServiceQueryRequest, query("b")); len(got.ServiceInfo.Hosts) != 2 {
		t.Errorf("after a batch: %+v", got.ServiceInfo)
	}
	list := `{"namespace":"public","groupName":"g","pageNo":2,"pageSize":1}`
	if got := c.must(wire.ServiceListRequest, list); got.Count != 2 || !slices.Equal(got.ServiceNames, []string{"s"}) {
		t.Errorf("page 2 of 1: %+v", got)
	}
	gone := strings.Replace(registration("s", `{"ip":"10.0.0.1","port":80}`), "registerInstance", "deregisterInstance", 1)
	c.must(wire.InstanceRequest, gone)
	if got := c.must(wire.ServiceQueryRequest, query("s")); len(got.ServiceInfo.Hosts) != 0 {
		t.Errorf("after deregistering: %+v", got.ServiceInfo)
	}
}

func TestEmptyNamespaceIsPublicUnlessToldOtherwise(t *testing.T) {
	tests := map[string]struct {
		public bool
		java   member.Address
		want   string
	}{
		"among our own members it is public":        {true, "", "public"},
		"it is kept apart when so configured":       {false, "", ""},
		"it is kept apart as a Java server does it": {true, callerAddress, ""},
	}
	for name, tc := range tests {
		s := start(t, func(c *Config) { c.Public = tc.public })
		s.world.do(func() { s.world.java = tc.java })
		c := connect(t, s.sdk, namingSetup)
		c.must(wire.InstanceRequest, strings.Replace(registration("s", `{"ip":"a","port":1}`), "public", "", 1))
		if got := s.world.View(naming.ServiceKey{Namespace: tc.want, Group: "g", Name: "s"}); len(got.Hosts) != 1 {
			t.Errorf("%s: not registered in namespace %q", name, tc.want)
		}
	}
}

// TestInstancesGetTheIDThatTheirMetadataAsksFor: clients that name one keep it.
func TestInstancesGetTheIDThatTheirMetadataAsksFor(t *testing.T) {
	const asked = `"metadata":{"preserved.instance.id.generator":"snowflake"}`
	for name, tc := range map[string]struct{ instance, want string }{
		"nothing is asked":     {`{"ip":"a","port":1}`, "a#1#null#g@@s"},
		"simple":               {strings.Replace(`{"ip":"a","port":1,`+asked+`}`, "snowflake", "simple", 1), "a#1#null#g@@s"},
		"snowflake":            {`{"ip":"a","port":1,` + asked + `}`, "1000#null#g@@s"},
		"snowflake, a cluster": {`{"ip":"a","port":1,"clusterName":"c",` + asked + `}`, "1000#c#g@@s"},
		"it has one":           {`{"instanceId":"mine","ip":"a","port":1,` + asked + `}`, "mine"},
	} {
		t.Run(name, func(t *testing.T) {
			s := start(t, nil)
			connect(t, s.sdk, namingSetup).must(wire.InstanceRequest, registration("s", tc.instance))
			hosts := s.world.View(naming.ServiceKey{Namespace: "public", Group: "g", Name: "s"}).Hosts
			if len(hosts) != 1 || hosts[0].ID != tc.want {
				t.Errorf("registered %+v, want the id %q", hosts, tc.want)
			}
		})
	}
}

func TestEveryInstanceOfABatchGetsANumberOfItsOwn(t *testing.T) {
	s := start(t, nil)
	const asked = `"metadata":{"preserved.instance.id.generator":"snowflake"}`
	connect(t, s.sdk, namingSetup).must(wire.BatchInstanceRequest, `{"namespace":"public","serviceName":"b","groupName":"g",`+
		`"type":"batchRegisterInstance","instances":[{"ip":"a","port":1,`+asked+`},{"ip":"a","port":2,`+asked+`}]}`)
	hosts := s.world.View(naming.ServiceKey{Namespace: "public", Group: "g", Name: "b"}).Hosts
	if len(hosts) != 2 || hosts[0].ID != "1000#null#g@@b" || hosts[1].ID != "1001#null#g@@b" {
		t.Errorf("registered %+v", hosts)
	}
}

// TestDeregistrationLooksAtNothingOfTheInstance: it names a service of the
// connection.
func TestDeregistrationLooksAtNothingOfTheInstance(t *testing.T) {
	s := start(t, nil)
	c := connect(t, s.sdk, namingSetup)
	for _, instance := range []string{`{}`, `{"ip":"x y","port":70000}`, `{"ip":"a","clusterName":"a_b"}`} {
		c.must(wire.InstanceRequest, registration("s", `{"ip":"a","port":1}`))
		c.must(wire.InstanceRequest, strings.Replace(registration("s", instance), "registerInstance", "deregisterInstance", 1))
		if r := c.must(wire.ServiceQueryRequest, query("s")); len(r.ServiceInfo.Hosts) != 0 {
			t.Errorf("withdrawn with %s it is still listed", instance)
		}
	}
}

func TestSubscriberIsPushedAndItsAnswerDecides(t *testing.T) {
	s := start(t, nil)
	c := connect(t, s.sdk, namingSetup)
	c.must(wire.SubscribeServiceRequest, `{"namespace":"public","serviceName":"s","groupName":"g","subscribe":true,"clusters":"A"}`)
	key := naming.ServiceKey{Namespace: "public", Group: "g", Name: "s"}
	deliver := s.world.subscriber(key)
	if deliver == nil {
		t.Fatal("nobody subscribed")
	}
	push := func() <-chan error {
		done := make(chan error, 1)
		go func() { done <- deliver(t.Context(), s.world.View(key)) }()
		return done
	}
	done := push()
	if p := c.acknowledge(wire.NotifySubscriberResponse); !strings.Contains(string(wire.Body(p)), `"clusters":"A"`) {
		t.Errorf("pushed %s", wire.Body(p))
	}
	if err := <-done; err != nil {
		t.Errorf("acknowledged push: %v", err)
	}
	done = push()
	id := wire.RequestID(wire.Body(c.receive()))
	c.send(wire.NotifySubscriberResponse, `{"resultCode":500,"message":"no","requestId":"`+id+`"}`)
	if err := <-done; err == nil {
		t.Error("a refused push counts as delivered")
	}
	done = push()
	c.receive()
	_ = c.conn.Close() // the client dies with the push in its hands
	if err := <-done; !errors.Is(err, errGone) {
		t.Errorf("push to a dead client: %v", err)
	}
	if !s.world.until(func() bool { return len(s.world.watching) == 0 }) {
		t.Error("the subscriptions of a dead client are kept")
	}
	if err := deliver(t.Context(), s.world.View(key)); !errors.Is(err, errGone) {
		t.Errorf("push to a client long dead: %v", err)
	}
}

func TestUnacknowledgedPushEndsWithItsTime(t *testing.T) {
	s := start(t, func(c *Config) { c.AnswerWithin = 1 })
	c := connect(t, s.sdk, namingSetup)
	c.must(wire.SubscribeServiceRequest, `{"namespace":"public","serviceName":"s","groupName":"g","subscribe":true}`)
	key := naming.ServiceKey{Namespace: "public", Group: "g", Name: "s"}
	if err := s.world.subscriber(key)(t.Context(), s.world.View(key)); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
}

// bad is a request that users or faulty programs send, and its refusal, which
// names the field at fault.
type bad struct {
	kind wire.Kind
	body string
	want outcome
	says string
}

// badInstances are instances that cannot be registered.
func badInstances() map[string]bad {
	const single, several = wire.InstanceRequest, wire.BatchInstanceRequest
	refused, batch := outcome{wire.InstanceResponse, 500, 400}, outcome{wire.BatchInstanceResponse, 500, 400}
	with := func(members string) string { return registration("s", `{"ip":"a",`+members+`}`) }
	batchOf := func(second string) string {
		return `{"serviceName":"s","groupName":"g","type":"batchRegisterInstance","instances":[{"ip":"a"},` + second + `]}`
	}
	return map[string]bad{
		"a port of 70000":     {single, with(`"port":70000`), refused, "'port'"},
		"a port as text":      {single, with(`"port":"abc"`), refused, "'instance.port'"},
		"a port beyond int64": {single, with(`"port":99999999999999999999`), refused, "'instance.port'"},
		"a weight as text":    {single, with(`"weight":"NaN"`), refused, "'instance.weight'"},
		"nested metadata":     {single, with(`"metadata":{"a":{}}`), refused, "'metadata'"},
		"an unknown kind of id": {
			single, with(`"port":1,"metadata":{"preserved.instance.id.generator":"dice"}`), refused, "InstanceIdGenerator",
		},
		"a persistent one":        {single, with(`"ephemeral":false`), refused, "ephemeral=true"},
		"the persistent way":      {wire.PersistentInstanceRequest, with(`"port":1`), refused, "ephemeral=true"},
		"a missing address":       {single, registration("s", `{"port":1}`), refused, "'ip'"},
		"a missing name":          {single, registration("", `{"ip":"a"}`), refused, "'serviceName'"},
		"no names at all":         {single, `{"type":"registerInstance"}`, refused, "'serviceName'"},
		"a batch, one bad":        {several, batchOf(`{"ip":"b","port":-1}`), batch, "'port'"},
		"a batch, one persistent": {several, batchOf(`{"ip":"b","ephemeral":false}`), batch, "ephemeral=true"},
		"a batch without name":    {several, `{"type":"batchRegisterInstance"}`, batch, "'serviceName'"},
	}
}

// badRequests are those that are faulty otherwise.
func badRequests() map[string]bad {
	const single, list = wire.InstanceRequest, wire.ServiceListRequest
	malformed, unknown := outcome{wire.ErrorResponse, 500, 502}, outcome{wire.ErrorResponse, 500, 302}
	good := registration("s", `{"ip":"a","port":1}`)
	action := strings.Replace(good, "registerI", "xI", 1)
	return map[string]bad{
		"a query with a blank": {
			wire.ServiceQueryRequest, query("a b"), outcome{wire.QueryServiceResponse, 500, 400}, "'serviceName'",
		},
		"subscribing nothing": {
			wire.SubscribeServiceRequest, `{"subscribe":true}`, outcome{wire.SubscribeServiceResponse, 500, 400}, "'serviceName'",
		},
		"a query of a cluster with a blank": {
			wire.ServiceQueryRequest, strings.Replace(query("s"), `"cluster":""`, `"cluster":"a,b c"`, 1),
			outcome{wire.QueryServiceResponse, 500, 400},
			"'cluster'",
		},
		"a query with a port of 70000": {
			wire.ServiceQueryRequest, strings.Replace(query("s"), `{`, `{"udpPort":70000,`, 1),
			outcome{wire.QueryServiceResponse, 500, 400},
			"'port'",
		},
		"subscribing a cluster with a long name": {
			wire.SubscribeServiceRequest,
			`{"serviceName":"s","groupName":"g","subscribe":true,"clusters":"` + strings.Repeat("c", 65) + `"}`,
			outcome{wire.SubscribeServiceResponse, 500, 400},
			"'cluster'",
		},
		"a page as text":    {list, `{"pageNo":"one"}`, outcome{wire.ServiceListResponse, 500, 400}, "'pageNo'"},
		"an unknown action": {single, action, outcome{wire.ErrorResponse, 400, 400}, "xInstance"},
		"broken JSON":       {single, `{bad`, malformed, "JSON"},
		"half a body":       {single, good[:40], malformed, "JSON"},
		"an empty body":     {wire.ServiceQueryRequest, ``, malformed, "JSON"},
		"a peer's request":  {wire.DistroDataRequest, `{"dataOperation":"SNAPSHOT"}`, malformed, "forbidden"},
		"an unknown type":   {"NopeRequest", `{}`, unknown, "Not Found"},
		"no type":           {"", `{}`, unknown, "Not Found"},
	}
}

func TestBadInputIsRefusedAndChangesNothing(t *testing.T) {
	tests := badInstances()
	maps.Copy(tests, badRequests())
	s := start(t, nil)
	c := connect(t, s.sdk, namingSetup)
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			r := c.call(tc.kind, tc.body)
			if got := (outcome{r.kind, r.ResultCode, r.ErrorCode}); got != tc.want || !strings.Contains(r.Message, tc.says) {
				t.Errorf("got %+v %q, want %+v about %q", got, r.Message, tc.want, tc.says)
			}
			s.world.see(func() {
				if n := s.world.registry.Len(); n != 0 {
					t.Errorf("%d clients publish something", n)
				}
			})
			if strings.Contains(string(r.kind), "Service") && r.kind != wire.ServiceListResponse && r.ServiceInfo == nil {
				t.Error("the refusal has no serviceInfo")
			}
		})
	}
	c.must(wire.HealthCheckRequest, `{}`)
}

func TestOversizedMessageIsExhaustingAndHarmless(t *testing.T) {
	s := start(t, nil)
	c := connect(t, s.sdk, namingSetup)
	body := registration("s", `{"ip":"`+strings.Repeat("a", 10<<20)+`"}`)
	_, err := c.calls.Request(t.Context(), wire.Payload(wire.InstanceRequest, []byte(body)))
	if status.Code(err) != codes.ResourceExhausted {
		t.Errorf("got %v, want RESOURCE_EXHAUSTED", err)
	}
	c.must(wire.HealthCheckRequest, `{}`)
}

func TestDefectInOneRequestIsThatRequestsFailure(t *testing.T) {
	s := start(t, nil)
	c := connect(t, s.sdk, namingSetup)
	s.world.do(func() { s.world.panics = true })
	r := c.call(wire.InstanceRequest, registration("s", `{"ip":"a","port":1}`))
	if got := (outcome{r.kind, r.ResultCode, r.ErrorCode}); got != (outcome{wire.InstanceResponse, 500, 500}) {
		t.Errorf("got %+v", got)
	}
	c.must(wire.HealthCheckRequest, `{}`)
}

// halved is a codec that sends a message without its second half.
type halved struct{}

func (halved) Name() string { return "proto" }

func (halved) Marshal(v any) ([]byte, error) {
	raw, err := proto.Marshal(v.(proto.Message))
	return raw[:len(raw)/2], err
}

func (halved) Unmarshal(raw []byte, v any) error { return proto.Unmarshal(raw, v.(proto.Message)) }

func TestTruncatedPayloadIsAnErrorAndHarmless(t *testing.T) {
	s := start(t, nil)
	c := connect(t, s.sdk, namingSetup)
	in := wire.Payload(wire.InstanceRequest, []byte(registration("s", `{"ip":"a","port":1}`)))
	if out, err := c.calls.Request(t.Context(), in, grpc.ForceCodec(halved{})); status.Code(err) != codes.Internal {
		t.Errorf("got %v, %v, want INTERNAL", out, err)
	}
	c.must(wire.HealthCheckRequest, `{}`)
}
