package nacosgrpc

import (
	"bytes"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
	"google.golang.org/protobuf/types/known/anypb"

	"github.com/distro-naming/naming-operator/sidecar/limits"
	"github.com/distro-naming/naming-operator/sidecar/wire"
	"github.com/distro-naming/naming-operator/sidecar/wire/nacospb"
)

// in returns a registration of the service s with one member of the instance
// replaced or added.
func in(member, value string) string {
	instance := `{"ip":"10.0.0.1","port":80,"healthy":true,"` + member + `":` + value + `}`
	return registration("s", instance)
}

// refusedBodies are bodies with the code and the words of their answers.
var refusedBodies = map[string]struct {
	kind wire.Kind
	body string
	code int
	says string
}{
	"no kind":                            {"", `{}`, wire.CodeNoHandler, "Not Found"},
	"an unknown kind":                    {"FooRequest", `{}`, wire.CodeNoHandler, "Not Found"},
	"a kind in small letters":            {"instancerequest", `{}`, wire.CodeNoHandler, "Not Found"},
	"a kind that is a path":              {"../InstanceRequest", `{}`, wire.CodeNoHandler, "Not Found"},
	"a kind with its package":            {"com.alibaba.nacos.api.naming.remote.request.InstanceRequest", `{}`, wire.CodeNoHandler, "Not Found"},
	"no body":                            {wire.InstanceRequest, ``, wire.CodeBadGateway, "JSON"},
	"null":                               {wire.InstanceRequest, `null`, wire.CodeInvalid, "serviceName"},
	"a list":                             {wire.InstanceRequest, `[]`, wire.CodeBadGateway, "JSON"},
	"a text":                             {wire.InstanceRequest, `"x"`, wire.CodeBadGateway, "JSON"},
	"a number":                           {wire.InstanceRequest, `1`, wire.CodeBadGateway, "JSON"},
	"more than one object":               {wire.InstanceRequest, `{}{}`, wire.CodeBadGateway, "JSON"},
	"a byte order mark":                  {wire.InstanceRequest, "\xef\xbb\xbf{}", wire.CodeBadGateway, "JSON"},
	"UTF-16":                             {wire.InstanceRequest, "{\x00}\x00", wire.CodeBadGateway, "JSON"},
	"bytes that are no text, in a name":  {wire.InstanceRequest, registration("s\xff", `{"ip":"a","port":1}`), wire.CodeBadGateway, "UTF-8"},
	"a million brackets":                 {wire.InstanceRequest, strings.Repeat(`[`, 1_000_000), wire.CodeBadGateway, "JSON"},
	"a million brackets in a member":     {wire.InstanceRequest, in("x", strings.Repeat(`[`, 1_000_000)), wire.CodeBadGateway, "JSON"},
	"a hundred thousand metadata":        {wire.InstanceRequest, in("metadata", `{`+strings.Repeat(`"k":"v",`, 100)+`"a":"`+strings.Repeat("x", 100_000)+`"}`), wire.CodeInvalid, "Metadata"},
	"metadata that is a list":            {wire.InstanceRequest, in("metadata", `[]`), wire.CodeInvalid, "metadata"},
	"a port of text":                     {wire.InstanceRequest, in("port", `"a"`), wire.CodeInvalid, "port"},
	"a port below zero":                  {wire.InstanceRequest, in("port", `-1`), wire.CodeInvalid, "port"},
	"a port of 65536":                    {wire.InstanceRequest, in("port", `65536`), wire.CodeInvalid, "port"},
	"a port that wraps around":           {wire.InstanceRequest, in("port", `4294967376`), wire.CodeInvalid, "port"},
	"a port beyond all numbers":          {wire.InstanceRequest, in("port", `1e999`), wire.CodeInvalid, "port"},
	"a port of a hundred thousand digit": {wire.InstanceRequest, in("port", strings.Repeat("9", 100_000)), wire.CodeInvalid, "port"},
	"a port with a fraction":             {wire.InstanceRequest, in("port", `8080.5`), wire.CodeInvalid, "port"},
	"a weight that is no number":         {wire.InstanceRequest, in("weight", `NaN`), wire.CodeBadGateway, "JSON"},
	"a weight beyond all numbers":        {wire.InstanceRequest, in("weight", `1e400`), wire.CodeInvalid, "weight"},
	"a weight of text":                   {wire.InstanceRequest, in("weight", `"x"`), wire.CodeInvalid, "weight"},
	"healthy that is text":               {wire.InstanceRequest, in("healthy", `"yes"`), wire.CodeInvalid, "healthy"},
	"no instance":                        {wire.InstanceRequest, registration("s", `null`), wire.CodeInvalid, "'ip'"},
	"an empty ip":                        {wire.InstanceRequest, in("ip", `""`), wire.CodeInvalid, "'ip'"},
	"an ip with a blank":                 {wire.InstanceRequest, in("ip", `"10.0.0.1 "`), wire.CodeInvalid, "ip"},
	"an ip with a line break":            {wire.InstanceRequest, in("ip", `"10.0.0.1\nlevel=error"`), wire.CodeInvalid, "ip"},
	"an ip with a NUL":                   {wire.InstanceRequest, in("ip", `"10.0.0.1\u0000"`), wire.CodeInvalid, "ip"},
	"an ip of 129 letters":               {wire.InstanceRequest, in("ip", `"`+strings.Repeat("a", 129)+`"`), wire.CodeInvalid, "ip"},
	"an ip given twice, the second bad":  {wire.InstanceRequest, in("ip", `"a b"`), wire.CodeInvalid, "ip"},
	"a cluster with a comma":             {wire.InstanceRequest, in("clusterName", `"a,b"`), wire.CodeInvalid, "cluster"},
	"an id of 1025 letters":              {wire.InstanceRequest, in("instanceId", `"`+strings.Repeat("a", 1025)+`"`), wire.CodeInvalid, "instanceId"},
	"a service with a NUL":               {wire.InstanceRequest, registration(`s\u0000`, `{"ip":"a","port":1}`), wire.CodeInvalid, "serviceName"},
	"a service with a line break":        {wire.InstanceRequest, registration(`s\nERROR all is lost`, `{"ip":"a","port":1}`), wire.CodeInvalid, "serviceName"},
	"a service that colours a terminal":  {wire.InstanceRequest, registration(`s\u001b[2J`, `{"ip":"a","port":1}`), wire.CodeInvalid, "serviceName"},
	"a service written backwards":        {wire.InstanceRequest, registration(`s\u202e`, `{"ip":"a","port":1}`), wire.CodeInvalid, "serviceName"},
	"a service with an unseen letter":    {wire.InstanceRequest, registration(`s\u200b`, `{"ip":"a","port":1}`), wire.CodeInvalid, "serviceName"},
	"a service with a separator":         {wire.InstanceRequest, registration(`a@@b`, `{"ip":"a","port":1}`), wire.CodeInvalid, "serviceName"},
	"a service of 513 letters":           {wire.InstanceRequest, registration(strings.Repeat("s", 513), `{"ip":"a","port":1}`), wire.CodeInvalid, "serviceName"},
	"an unknown type":                    {wire.InstanceRequest, strings.Replace(in("x", `1`), "registerInstance", "register", 1), wire.CodeInvalid, "register"},
	"a persistent instance":              {wire.InstanceRequest, in("ephemeral", `false`), wire.CodeInvalid, "ephemeral"},
	"a batch with one that is bad": {
		wire.BatchInstanceRequest, `{"namespace":"public","serviceName":"s","groupName":"g","type":"batchRegisterInstance",` +
			`"instances":[{"ip":"a","port":1},{"ip":"a","port":-1}]}`, wire.CodeInvalid, "port",
	},
	"a subscription to very many clusters": {
		wire.SubscribeServiceRequest, `{"namespace":"public","serviceName":"s","groupName":"g","subscribe":true,"clusters":"` +
			strings.Repeat("a,", 4000) + `"}`, wire.CodeInvalid, "clusters",
	},
	"what only members may say":      {wire.DistroDataRequest, `{}`, wire.CodeBadGateway, "forbidden"},
	"that another member has come":   {wire.MemberReportRequest, `{}`, wire.CodeBadGateway, "forbidden"},
	"that clients shall be sent off": {wire.ServerReloadRequest, `{"reloadCount":0,"reloadServer":"6.6.6.6:8848"}`, wire.CodeBadGateway, "forbidden"},
}

// TestBodiesThatAreRefused: whatever a body says, the answer is typed, names what is
// wrong, and nothing is registered.
func TestBodiesThatAreRefused(t *testing.T) {
	s := start(t, nil)
	c := connect(t, s.sdk, strings.Replace(namingSetup, `"sdk"`, `"cluster"`, 1)) // whoever it says it is
	for name, tc := range refusedBodies {
		t.Run(name, func(t *testing.T) {
			r := c.call(tc.kind, tc.body)
			if r.ResultCode == wire.CodeSuccess || r.ErrorCode != tc.code || !strings.Contains(r.Message, tc.says) {
				t.Errorf("got %d/%d %q, want %d and %q", r.ResultCode, r.ErrorCode, r.Message, tc.code, tc.says)
			}
			if len(r.Message) > 1<<10 {
				t.Errorf("the message repeats %d bytes of what was sent", len(r.Message))
			}
			if n := s.world.registry.Len(); n != 0 || len(s.world.watching) != 0 {
				t.Errorf("%d clients publish something", n)
			}
		})
	}
	for n := range len(in("weight", "1")) { // cut at every byte
		if r := c.call(wire.InstanceRequest, in("weight", "1")[:n]); r.ErrorCode != wire.CodeBadGateway {
			t.Errorf("%d bytes of a registration: %+v", n, r)
		}
	}
}

// TestBodiesThatAreTaken in spite of how they look, with what is made of them.
func TestBodiesThatAreTaken(t *testing.T) {
	tests := map[string]struct{ body, ip string }{
		"of a member given twice, the last":   {in("ip", `"10.0.0.9"`), "10.0.0.9"},
		"unknown members are passed over":     {in("abilities", `{"a":[1,{"b":null}]}`), "10.0.0.1"},
		"an IPv6 address with its zone":       {in("ip", `"fe80::1%eth0"`), "fe80::1%eth0"},
		"a name that is a path is only text":  {registration("../../etc/passwd", `{"ip":"10.0.0.1","port":1}`), "10.0.0.1"},
		"a page's code is only text":          {in("metadata", `{"k":"<img src=x onerror=alert(1)>"}`), "10.0.0.1"},
		"deep values of members that are not": {in("x", strings.Repeat(`[`, 5000)+strings.Repeat(`]`, 5000)), "10.0.0.1"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			s := start(t, nil)
			connect(t, s.sdk, namingSetup).must(wire.InstanceRequest, tc.body)
			records := s.world.registry.Records()
			if len(records) != 1 || records[0].Publications()[0].Instances[0].IP != tc.ip {
				t.Errorf("registered %+v", records)
			}
		})
	}
}

// TestSetUpsThatAreOdd: nothing of them is kept but a short name.
func TestSetUpsThatAreOdd(t *testing.T) {
	large := strings.Repeat("x", 1<<20)
	for name, setup := range map[string]string{
		"a version of a megabyte":  `{"clientVersion":"` + large + `","labels":{"module":"naming"},"abilityTable":{}}`,
		"a label of a megabyte":    `{"clientVersion":"v","labels":{"module":"naming","l":"` + large + `"},"abilityTable":{}}`,
		"ten thousand labels":      `{"clientVersion":"v","labels":{` + strings.Repeat(`"l":"x",`, 10_000) + `"module":"naming"},"abilityTable":{}}`,
		"abilities that are lists": `{"clientVersion":"v","labels":{"module":"naming"},"abilityTable":{"a":[[[[1]]]]}}`,
	} {
		t.Run(name, func(t *testing.T) {
			s := start(t, nil)
			c := connect(t, s.sdk, setup)
			if kept := s.Agent(s.world.clients()[0]); len(kept) > 256 || kept == "" {
				t.Errorf("%d bytes are kept of its name", len(kept))
			}
			c.send(wire.ConnectionSetupRequest, namingSetup)                                      // once more
			c.send(wire.InstanceRequest, in("weight", "1"))                                       // where it does not belong
			c.send(wire.NotifySubscriberResponse, `{"resultCode":200,"requestId":"`+large+`"}`)   // to what nobody asked
			c.send(wire.NotifySubscriberResponse, `{"resultCode":"x","requestId":["1"],"a":[[[[`) // and not even readable
			c.send("", `{}`)                                                                      // of no kind
			c.must(wire.HealthCheckRequest, `{}`)
			if s.world.registry.Len() != 0 {
				t.Error("a request on the stream was carried out")
			}
		})
	}
}

// A payload without what it should hold is answered like any other.
func TestPayloadsThatLackTheirParts(t *testing.T) {
	c := connect(t, start(t, nil).sdk, namingSetup)
	for name, p := range map[string]*nacospb.Payload{
		"nothing":     {},
		"no metadata": {Body: &anypb.Any{Value: []byte(`{}`)}},
		"no body":     {Metadata: &nacospb.Metadata{Type: string(wire.InstanceRequest)}},
		"a body of another type": {
			Metadata: &nacospb.Metadata{Type: string(wire.InstanceRequest)},
			Body:     &anypb.Any{TypeUrl: "type.googleapis.com/google.protobuf.Any", Value: []byte{0x0a, 0xff, 0xff}},
		},
	} {
		out, err := c.calls.Request(t.Context(), p)
		if err != nil || wire.KindOf(out) != wire.ErrorResponse {
			t.Errorf("%s: %v, %v", name, out, err)
		}
	}
}

// TestConnectionsThatAreEnded: what breaks the protocol, or floods it, ends the
// connection that does so, and no other.
func TestConnectionsThatAreEnded(t *testing.T) {
	tests := map[string]func(r *raw){
		"pings without end": func(r *raw) {
			endless(func() error { return r.WritePing(false, [8]byte{}) })
		},
		"a head without end": func(r *raw) {
			r.sent(r.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, BlockFragment: fields(requestPath)}))
			endless(func() error { return r.WriteContinuation(1, false, fields(requestPath)) })
		},
		"a window of nothing":        func(r *raw) { r.sent(r.WriteRawFrame(http2.FrameWindowUpdate, 0, 0, []byte{0, 0, 0, 0})) },
		"data of no stream":          func(r *raw) { r.sent(r.WriteRawFrame(http2.FrameData, 0, 0, []byte("x"))) },
		"streams of even numbers":    func(r *raw) { r.begin(2, requestPath) },
		"settings that are no frame": func(r *raw) { r.sent(r.WriteRawFrame(http2.FrameSettings, 0, 0, []byte("12345"))) },
		"fields that cannot be unpacked": func(r *raw) {
			r.sent(r.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, BlockFragment: []byte{0xff, 0xff, 0xff, 0xff}, EndHeaders: true}))
		},
		"a frame larger than any": func(r *raw) {
			r.AllowIllegalWrites = true
			_, _ = r.conn.Write([]byte{0xff, 0xff, 0xff, 0, 0, 0, 0, 0, 1})
		},
		"streams without end": func(r *raw) {
			id := uint32(1)
			endless(func() error { id += 2; return r.WriteHeaders(http2Headers(id)) })
		},
	}
	s, _ := bounded(t, patient(func(l *limits.Limits) { l.MessageWithin = time.Hour }))
	good := connect(t, s.sdk, namingSetup)
	good.stay()
	for name, say := range tests {
		t.Run(name, func(t *testing.T) {
			r := speak(t, s.sdk)
			ended := make(chan struct{})
			go func() {
				defer close(ended)
				r.end()
			}()
			say(r)
			<-ended
			good.must(wire.HealthCheckRequest, `{}`)
		})
	}
}

// TestWhoSaysNothingMoreIsEnded, and who says for ever what is no call.
func TestWhoSaysNothingMoreIsEnded(t *testing.T) {
	for name, say := range map[string]func(r *raw) error{
		"nothing":             nil,
		"a window beyond all": func(r *raw) error { return r.WriteWindowUpdate(0, 1<<31-1) },
	} {
		t.Run(name, func(t *testing.T) {
			s, _ := limited(t, nothing)
			r := speak(t, s.sdk)
			var said sync.WaitGroup
			if say != nil {
				said.Go(func() { endless(func() error { return say(r) }) })
			}
			r.end()
			said.Wait()
		})
	}
}

// endless says something until it cannot be said any more.
func endless(say func() error) {
	for {
		if say() != nil {
			return
		}
	}
}

// TestOtherProtocols on the port end, too.
func TestOtherProtocols(t *testing.T) {
	for name, said := range map[string]string{
		"HTTP/1.1":         "GET / HTTP/1.1\r\nHost: x\r\n\r\n",
		"TLS":              "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
		"bytes of nothing": strings.Repeat("\x00", 100),
		"half a preface":   http2.ClientPreface[:10],
	} {
		t.Run(name, func(t *testing.T) {
			s, _ := limited(t, nothing)
			c := dial(t, s.sdk)
			if _, err := c.Write([]byte(said)); err != nil {
				t.Fatal(err)
			}
			(&raw{t: t, conn: c, Framer: http2.NewFramer(c, c)}).end()
		})
	}
}

// TestCallsThatAreRefused by gRPC itself, on a connection that goes on.
func TestCallsThatAreRefused(t *testing.T) {
	check := framed(wire.ServerCheckRequest, `{}`)
	zipped := append([]byte{1}, check[1:]...)
	tests := map[string]struct {
		say    func(r *raw, id uint32)
		status string // "" where the stream is reset
	}{
		"a compressed message": {func(r *raw, id uint32) {
			r.begin(id, requestPath, hpack.HeaderField{Name: "grpc-encoding", Value: "gzip"})
			r.sent(r.WriteData(id, true, zipped))
		}, "12"},
		"a path that is none": {func(r *raw, id uint32) {
			r.begin(id, "/Request/request/../x")
			r.sent(r.WriteData(id, true, check))
		}, "12"},
		"a path without a slash": {func(r *raw, id uint32) {
			r.begin(id, "Request")
			r.sent(r.WriteData(id, true, check))
		}, "12"},
		"a message that is no protobuf": {func(r *raw, id uint32) {
			r.begin(id, requestPath)
			r.sent(r.WriteData(id, true, append([]byte{0, 0, 0, 0, 4}, "\xff\xff\xff\xff"...)))
		}, "13"},
		"no message": {func(r *raw, id uint32) {
			r.begin(id, requestPath)
			r.sent(r.WriteData(id, true, nil))
		}, "13"},
		"two messages": {func(r *raw, id uint32) {
			r.begin(id, requestPath)
			r.sent(r.WriteData(id, true, bytes.Repeat(check, 2)))
		}, "13"},
		"a message of four gigabytes": {func(r *raw, id uint32) {
			r.begin(id, requestPath)
			r.sent(r.WriteData(id, true, []byte{0, 0xff, 0xff, 0xff, 0xff}))
		}, "8"},
		"a message that is cut off": {func(r *raw, id uint32) {
			r.begin(id, requestPath)
			r.sent(r.WriteData(id, true, check[:len(check)-1]))
		}, "13"},
		"a head of 20 KiB": {func(r *raw, id uint32) {
			r.begin(id, requestPath, hpack.HeaderField{Name: "x", Value: strings.Repeat("a", 14<<10)}, hpack.HeaderField{Name: "y", Value: strings.Repeat("b", 6<<10)})
		}, ""},
	}
	s := start(t, nil)
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			r := speak(t, s.sdk)
			tc.say(r, 1)
			if got := r.until(1); got.closed || got.status != tc.status || got.status == "" && got.reset == 0 {
				t.Errorf("it ended with %+v, want status %q", got, tc.status)
			}
			r.begin(3, requestPath)
			r.sent(r.WriteData(3, true, check))
			if got := r.until(3); got.status != "0" {
				t.Errorf("the next call ended with %+v", got)
			}
		})
	}
}

// TestRapidReset: who begins calls and takes them back at once makes the server work
// for no more of them than it may have under way, and others are served.
func TestRapidReset(t *testing.T) {
	s := start(t, nil)
	good := connect(t, s.sdk, namingSetup)
	r := speak(t, s.sdk)
	go func() { // what it is told is read, so that it is not merely stopped by that
		for {
			if _, err := r.ReadFrame(); err != nil {
				return
			}
		}
	}()
	check := framed(wire.ServerCheckRequest, `{}`)
	for id := uint32(1); id < 20_000; id += 2 {
		if r.WriteHeaders(http2Headers(id)) != nil || r.WriteData(id, true, check) != nil || r.WriteRSTStream(id, http2.ErrCodeCancel) != nil {
			break // it was ended, which is as good
		}
		if id%2000 == 1 {
			good.must(wire.HealthCheckRequest, `{}`)
		}
	}
	_ = r.conn.Close() // if it was not ended
	s.forgets(t, good)
}

// stay answers whatever the client is asked, until the stream ends.
func (c *client) stay() {
	go func() {
		for {
			p, err := c.stream.Recv()
			if err != nil {
				return
			}
			_ = c.stream.Send(wire.Payload(wire.ClientDetectionResponse, wire.Answered(wire.RequestID(wire.Body(p)))))
		}
	}()
}

// forgets waits until nothing is counted of anybody who is gone, while another is
// served.
func (r *running) forgets(t *testing.T, good *client) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); r.unfinished.Load() != 0; {
		if good.must(wire.HealthCheckRequest, `{}`); time.Now().After(deadline) {
			t.Fatalf("%d bytes are counted of nobody", r.unfinished.Load())
		}
	}
}
