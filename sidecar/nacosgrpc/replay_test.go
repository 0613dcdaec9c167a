package nacosgrpc

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/distro-naming/naming-operator/sidecar/naming"
	"github.com/distro-naming/naming-operator/sidecar/wire"
	"github.com/distro-naming/naming-operator/sidecar/wire/nacospb"
)

// recorded is one message between real servers and clients; the README beside
// the files says where from.
type recorded struct {
	name, version string
	Type          wire.Kind
	Headers       map[string]string
	Body          string `json:"body_raw"`
	Answers       *struct {
		Type wire.Kind
		Body string `json:"body_raw"`
	}
}

// shown is the identity that the recorded servers had.
var shown = wire.Identity{Key: "k", Value: "v"}

func recordings(t *testing.T) (out []recorded) {
	t.Helper()
	paths, err := filepath.Glob("../wire/testdata/*/*.json")
	if err != nil || len(paths) == 0 {
		t.Fatalf("%d recordings, %v", len(paths), err)
	}
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		m := recorded{name: strings.TrimSuffix(filepath.Base(path), ".json"), version: filepath.Base(filepath.Dir(path))}
		if err := json.Unmarshal(text, &m); err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		out = append(out, m)
	}
	return out
}

// different returns what is to be answered in place of what was recorded, if so.
func (m recorded) different() (answer, bool) {
	d, ok := different[m.version+" "+m.name]
	if !ok {
		d, ok = different[m.name]
	}
	return d, ok
}

// bySDK reports whether an SDK sent it; those files have its language in the name.
func (m recorded) bySDK() bool {
	for _, sdk := range []string{"sdk-go-", "sdk-java-", "sdk-python-"} {
		if strings.HasPrefix(m.name, sdk) {
			return true
		}
	}
	return strings.HasPrefix(m.name, "sdk-fuzzy-watch-request-")
}

// TestEveryRecordedMessageIsReplayed sends what was sent to real servers to ours,
// and wants what they answered or pushed, but for what package differences lists.
func TestEveryRecordedMessageIsReplayed(t *testing.T) {
	for _, m := range recordings(t) {
		t.Run(m.version+" "+m.name, func(t *testing.T) {
			if why, ok := unsent[m.name]; ok {
				if why.reason == "" {
					t.Error("not replayed, and nothing says why")
				}
				return
			}
			m.replay(t)
		})
	}
}

func (m recorded) replay(t *testing.T) {
	s := start(t, func(c *Config) { c.Identity = shown })
	s.world.do(func() { s.world.java = callerAddress }) // there is one in the list: "" stays apart from "public"
	switch {
	case m.Answers != nil:
		m.replayAnswer(t, s)
	case m.Type == wire.ConnectionSetupRequest:
		m.replaySetUp(t, s)
	case m.Type == wire.SetupAckRequest:
		c := open(t, m.address(s))
		c.setUp(namingSetup)
		m.alike(t, c.receive())
	case m.Type == wire.NotifySubscriberRequest:
		m.replayPush(t, s)
	case m.Type == wire.NamingFuzzyWatchSyncRequest, m.Type == wire.NamingFuzzyWatchChangeNotifyRequest:
		m.replayFuzzy(t, s)
	case m.name == "sdk-fuzzy-watch-change-notify-response": // to what was never asked
		c := m.port(t, s)
		c.send(m.Type, m.Body)
		c.must(wire.HealthCheckRequest, `{}`)
	case m.Type.IsResponse() && m.bySDK():
		if err := m.acknowledges(t, s); err != nil {
			t.Errorf("not taken for an acknowledgement: %v", err)
		}
	case !m.Type.IsResponse():
		m.replayRequest(t, s)
	default:
		t.Errorf("nothing is known about %s", m.Type)
	}
}

// port connects to the port at which the message was recorded.
func (m recorded) port(t *testing.T, s *running) *client {
	t.Helper()
	if strings.HasPrefix(m.name, "sdk-") {
		return connect(t, s.sdk, namingSetup)
	}
	return connect(t, s.cluster, clusterSetup)
}

func (m recorded) address(s *running) string {
	if strings.HasPrefix(m.name, "sdk-") {
		return s.sdk
	}
	return s.cluster
}

// replayRequest wants a request to succeed, as it did.
func (m recorded) replayRequest(t *testing.T, s *running) {
	m.known(t, s, m.Type, m.Body)
	r := outcomeOf(t, m.port(t, s).send1(m.Type, m.Body, m.Headers))
	want := outcome{kind: r.kind, result: wire.CodeSuccess}
	if d, ok := m.different(); ok {
		want = d.want
	} else if r.kind == wire.ErrorResponse {
		t.Errorf("answered by an %s", r.kind)
	}
	if r != want {
		t.Errorf("answered %+v, want %+v", r, want)
	}
}

// replayAnswer makes the request that was answered, and wants a like answer.
func (m recorded) replayAnswer(t *testing.T, s *running) {
	if m.name != "distro-verify-response-fail" {
		m.known(t, s, m.Answers.Type, m.Answers.Body)
	}
	if m.name == "cluster-error-starting" {
		s.world.do(func() { s.world.loaded = false })
	}
	out := m.port(t, s).send1(m.Answers.Type, m.Answers.Body, map[string]string{shown.Key: shown.Value})
	if d, ok := m.different(); ok {
		if got := outcomeOf(t, out); got != d.want {
			t.Errorf("answered %+v, want %+v: %s", got, d.want, d.reason)
		}
		return
	}
	want := recordedOutcome(t, m.Type, m.Body)
	if got := outcomeOf(t, out); got != want {
		t.Errorf("answered %+v, recorded %+v", got, want)
	}
	m.alike(t, out)
}

// known puts into the registry what the recorded server knew: the hosts that it
// listed, the client that it was asked to verify.
func (m recorded) known(t *testing.T, s *running, kind wire.Kind, body string) {
	t.Helper()
	m.listed(t, s, body)
	if kind != wire.DistroDataRequest {
		return
	}
	in, err := wire.DecodeDistro([]byte(body))
	if err != nil || in.Operation != wire.OpVerify {
		return
	}
	mark, err := wire.DecodeMark(in.Content)
	if err != nil {
		t.Fatal(err)
	}
	s.world.do(func() { s.world.registry.Put(naming.Normal(mark.Client, mark.Stamp, nil)) })
}

// listed makes a client publish the hosts that a query was answered with.
func (m recorded) listed(t *testing.T, s *running, query string) {
	t.Helper()
	var answer struct{ ServiceInfo wireInfo }
	if err := json.Unmarshal([]byte(m.Body), &answer); err != nil {
		t.Fatal(err)
	}
	asked, err := wire.DecodeQuery([]byte(query))
	if hosts := answer.ServiceInfo.view().Hosts; err == nil && len(hosts) > 0 {
		p := naming.Publication{Service: asked.Service(), Instances: hosts, Batch: true}
		s.world.do(func() {
			s.world.registry.Put(naming.Normal("1_10.0.0.1_1", naming.Stamp{Revision: 1}, []naming.Publication{p}))
		})
	}
}

func (m recorded) replaySetUp(t *testing.T, s *running) {
	c := open(t, m.address(s))
	c.setUp(m.Body)
	if strings.Contains(m.Body, "abilityTable") {
		if p := c.receive(); wire.KindOf(p) != wire.SetupAckRequest {
			t.Errorf("answered by %s", wire.KindOf(p))
		}
	}
	s.world.until(func() bool { // who gets no answer does not wait for one either
		all := s.open.all()
		return len(all) == 1 && all[0].registered()
	})
	c.must(wire.HealthCheckRequest, `{}`)
}

// acknowledges answers a push of ours as an SDK did, and returns what came of it.
func (m recorded) acknowledges(t *testing.T, s *running) error {
	t.Helper()
	c := connect(t, s.sdk, namingSetup)
	pushed := make(chan error, 1)
	session := s.open.all()[0]
	go func() { pushed <- session.deliverer("")(t.Context(), s.world.View(naming.ServiceKey{Name: "s"})) }()
	id := wire.RequestID(wire.Body(c.receive()))
	c.send(m.Type, strings.Replace(m.Body, wire.RequestID([]byte(m.Body)), id, 1))
	return <-pushed
}

func (m recorded) replayPush(t *testing.T, s *running) {
	var want struct{ ServiceInfo wireInfo }
	if err := json.Unmarshal([]byte(m.Body), &want); err != nil {
		t.Fatal(err)
	}
	c := connect(t, s.sdk, namingSetup)
	session := s.open.all()[0]
	go func() { _ = session.deliverer(want.ServiceInfo.Clusters)(t.Context(), want.ServiceInfo.view()) }() // its ack is not the point
	got := c.receive()
	if wire.KindOf(got) != wire.NotifySubscriberRequest {
		t.Errorf("pushed %s", wire.KindOf(got))
	}
	m.alike(t, got)
}

// replayFuzzy makes a service come and go that a client watches by a pattern, and
// wants among what is pushed one that is like the recorded message.
func (m recorded) replayFuzzy(t *testing.T, s *running) {
	c := connect(t, s.sdk, namingSetup)
	c.must(wire.InstanceRequest, registration("s", `{"ip":"10.0.0.1","port":80}`))
	c.must(wire.NamingFuzzyWatchRequest, watching("public>>g>>*", true))
	kind := regexp.MustCompile(`"(syncType|changedType)":"([A-Z_]+)"`)
	want := kind.FindAllString(m.Body, -1)
	for changed := false; ; {
		got := c.acknowledge(wire.NamingFuzzyWatchChangeNotifyResponse)
		if wire.KindOf(got) == m.Type && slices.Equal(kind.FindAllString(string(wire.Body(got)), -1), want) {
			m.alike(t, got)
			return
		}
		if strings.Contains(string(wire.Body(got)), wire.FuzzyFinish) && !changed {
			changed = true
			deregister := strings.Replace(registration("s", `{}`), "registerInstance", "deregisterInstance", 1)
			c.must(wire.InstanceRequest, deregister)
			c.must(wire.InstanceRequest, registration("t", `{"ip":"10.0.0.1","port":80}`))
		}
	}
}

// wireInfo is a recorded ServiceInfo.
type wireInfo struct {
	Name, GroupName, Clusters string
	LastRefTime               int64
	Hosts                     []struct {
		InstanceID, IP, ClusterName string
		Port                        int
		Weight                      float64
		Healthy, Enabled            bool
		Metadata                    map[string]string
	}
}

func (i wireInfo) view() *naming.View {
	v := &naming.View{Service: naming.ServiceKey{Group: i.GroupName, Name: i.Name}, LastRef: i.LastRefTime}
	for _, h := range i.Hosts {
		v.Hosts = append(v.Hosts, naming.Instance{
			ID: h.InstanceID, IP: h.IP, Port: h.Port, Cluster: h.ClusterName, Weight: h.Weight,
			Healthy: h.Healthy, Enabled: h.Enabled, Metadata: h.Metadata,
		})
	}
	return v
}

// send1 makes one call with headers.
func (c *client) send1(kind wire.Kind, body string, headers map[string]string) *nacospb.Payload {
	c.t.Helper()
	in := wire.Payload(kind, []byte(body))
	in.Metadata.Headers = headers
	out, err := c.calls.Request(c.t.Context(), in)
	if err != nil {
		c.t.Fatalf("%s: %v", kind, err)
	}
	return out
}
