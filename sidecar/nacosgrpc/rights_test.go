package nacosgrpc

import (
	"context"
	"strings"
	"sync"
	"testing"

	"github.com/distro-naming/naming-operator/sidecar/auth"
	"github.com/distro-naming/naming-operator/sidecar/member"
	"github.com/distro-naming/naming-operator/sidecar/wire"
)

// doorman is a gate: a token is the rights that it stands for, as "read public,write
// prod".
type doorman struct {
	mu    sync.Mutex
	asked []auth.Need
	out   bool // nobody is kept any more
}

func (k *doorman) Judge(_ context.Context, c auth.Caller, need auth.Need) (*auth.Pass, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.asked = append(k.asked, need)
	switch what := need.Right.String() + " " + need.Namespace; {
	case need.Right == auth.Open:
		return c.Seen, nil
	case c.Token == "":
		return nil, auth.ErrMissing
	case !strings.Contains(c.Token+",", what+","):
		return nil, auth.ErrRight
	}
	return &auth.Pass{Name: "somebody", Token: c.Token}, nil
}

func (k *doorman) Keeps(p *auth.Pass) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.out && p != nil {
		return auth.ErrNobody
	}
	return nil
}

// with makes a call that shows a token.
func (c *client) with(token string, kind wire.Kind, body string) reply {
	c.t.Helper()
	in := wire.Payload(kind, []byte(body))
	if token != "" {
		in.Metadata.Headers = map[string]string{tokenHeader: token}
	}
	return c.exchange(in)
}

// TestEveryRequestHasARule: one without would be refused to everybody, and one with
// a rule that nobody answers is a mistake.
func TestEveryRequestHasARule(t *testing.T) {
	s := &Server{}
	for kind := range s.clusterHandlers() {
		r, ruled := rules[kind]
		if !ruled || r.right == 0 {
			t.Errorf("%s: nobody said what it needs: write it into rules", kind)
		}
		if (r.right == auth.Member) != forMembers[kind] {
			t.Errorf("%s: it is for members, or it is not", kind)
		}
		if (r.right == auth.Read || r.right == auth.Write) != (r.names != nil) {
			t.Errorf("%s: nobody said in which namespace, or there is none", kind)
		}
	}
	for kind := range rules {
		if s.clusterHandlers()[kind] == nil {
			t.Errorf("%s has a rule, and no handler", kind)
		}
	}
}

// TestEveryRequestIsJudged sends each kind to each port, without a token, with one for
// another namespace, and with the right one.
func TestEveryRequestIsJudged(t *testing.T) {
	s := start(t, func(c *Config) { c.Gate = &doorman{}; c.Identity = secret })
	instance := `"serviceName":"s","groupName":"g","instance":{"ip":"10.0.0.1","port":80,"ephemeral":true}`
	for kind, body := range map[wire.Kind]string{
		wire.InstanceRequest:           `{"namespace":"prod","type":"registerInstance",` + instance + `}`,
		wire.PersistentInstanceRequest: `{"namespace":"prod","type":"registerInstance",` + instance + `}`,
		wire.BatchInstanceRequest:      `{"namespace":"prod","type":"batchRegisterInstance","serviceName":"s","groupName":"g","instances":[]}`,
		wire.ServiceQueryRequest:       `{"namespace":"prod","serviceName":"s","groupName":"g"}`,
		wire.ServiceListRequest:        `{"namespace":"prod","groupName":"g","pageNo":1,"pageSize":10}`,
		wire.SubscribeServiceRequest:   `{"namespace":"prod","serviceName":"s","groupName":"g","subscribe":true}`,
	} {
		for port, address := range map[string]string{"clients'": s.sdk, "members'": s.cluster} {
			setup := namingSetup
			if port == "members'" {
				setup = clusterSetup
			}
			c := connect(t, address, setup)
			right := rules[kind].right.String()
			for what, token := range map[string]string{"no token": "", "another namespace's": right + " public,admin "} {
				r := c.with(token, kind, body)
				if r.kind == wire.ErrorResponse || r.ResultCode != wire.CodeServerError || r.ErrorCode != wire.CodeForbidden {
					t.Errorf("%s on the %s port with %s: %+v, want a refusal of its kind, 500/403", kind, port, what, r)
				}
			}
			if r := c.with(right+" prod", kind, body); r.ErrorCode == wire.CodeForbidden {
				t.Errorf("%s on the %s port with the right: %+v", kind, port, r)
			}
		}
	}
}

func TestWhatIsAskedBeforeLoginIsOpen(t *testing.T) {
	s := start(t, func(c *Config) { c.Gate = &doorman{} })
	c := connect(t, s.sdk, namingSetup) // check and set-up
	if r := c.must(wire.HealthCheckRequest, `{}`); r.kind != wire.HealthCheckResponse || r.ResultCode != wire.CodeSuccess {
		t.Errorf("health: %+v", r)
	}
}

// TestNamespacesAreReadAsTheHandlersReadThem has the odd ways of writing one.
func TestNamespacesAreReadAsTheHandlersReadThem(t *testing.T) {
	for body, want := range map[string]string{
		`{"groupName":"g","serviceName":"s"}`:                                       "public",
		`{"namespace":null,"groupName":"g","serviceName":"s"}`:                      "public",
		`{"namespace":"","groupName":"g","serviceName":"s"}`:                        "public",
		`{"namespace":"a","namespace":"b","groupName":"g","serviceName":"s"}`:       "b",
		`{"NAMESPACE":"a","groupName":"g","serviceName":"s"}`:                       "",
		`{"namespace":"a","x":{"namespace":"b"},"groupName":"g","serviceName":"s"}`: "a",
	} {
		k := &doorman{}
		s := start(t, func(c *Config) { c.Gate = k })
		c := connect(t, s.sdk, namingSetup)
		c.with("x", wire.SubscribeServiceRequest, body)
		judged := k.asked[len(k.asked)-1].Namespace
		if want != "" && judged != want {
			t.Errorf("%s was judged for %q, want %q", body, judged, want)
		}
		k.mu.Lock()
		k.asked = nil
		k.mu.Unlock()
		c.with("read "+judged, wire.SubscribeServiceRequest, body)
		s.world.see(func() {
			for _, watched := range s.world.watching {
				for key := range watched {
					if key.Namespace != judged {
						t.Errorf("%s was judged for %q, and watches %q", body, judged, key.Namespace)
					}
				}
			}
		})
	}
}

// TestMembersThatWereExcusedAreKnown: one that reports without a proof while nobody
// asks for it is to be told apart when somebody does.
func TestMembersThatWereExcusedAreKnown(t *testing.T) {
	for name, tc := range map[string]struct {
		shown   wire.Identity
		excused bool
	}{"without a proof": {wire.Identity{}, true}, "with it": {secret, false}} {
		s := start(t, func(c *Config) { c.Gate, c.Identity = &doorman{}, lenient{secret} })
		c := connect(t, s.cluster, clusterSetup)
		if r := c.exchange(tc.shown.Sign(wire.Payload(wire.MemberReportRequest, wire.ReportRequest(member.Node{Address: callerAddress})))); r.ResultCode != wire.CodeSuccess {
			t.Fatalf("%s: %+v", name, r)
		}
		passes := 0
		for _, session := range s.open.all() {
			if p := session.pass.Load(); p != nil {
				passes++
				if p.Excused != tc.excused {
					t.Errorf("%s: it is %+v", name, p)
				}
			}
		}
		if passes != 1 {
			t.Errorf("%s: %d connections have a pass", name, passes)
		}
	}
}

// lenient admits everybody, and knows who is who.
type lenient struct{ wire.Identity }

func (lenient) Admits(func(string) string) bool { return true }

func TestWhoIsNotKeptIsSentAway(t *testing.T) {
	k := &doorman{}
	s := start(t, func(c *Config) { c.Gate = k })
	used, idle := connect(t, s.sdk, namingSetup), connect(t, s.sdk, namingSetup)
	used.with("read public", wire.ServiceListRequest, `{"groupName":"g","pageNo":1,"pageSize":10}`)
	k.mu.Lock()
	k.out = true
	k.mu.Unlock()
	go s.Part(t.Context(), 0)
	used.acknowledge(wire.ConnectResetResponse)
	if _, err := used.stream.Recv(); err == nil {
		t.Error("it goes on")
	}
	if r := idle.must(wire.HealthCheckRequest, `{}`); r.ResultCode != wire.CodeSuccess {
		t.Errorf("who did nothing yet: %+v", r)
	}
}
