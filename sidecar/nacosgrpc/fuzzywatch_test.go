package nacosgrpc

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/distro-naming/naming-operator/sidecar/naming"
	"github.com/distro-naming/naming-operator/sidecar/wire"
	"github.com/distro-naming/naming-operator/sidecar/wire/nacospb"
)

// watching is the body of a request to watch a pattern, from who knows some
// services to match.
func watching(pattern string, initializing bool, received ...string) string {
	known, _ := json.Marshal(append([]string{}, received...))
	return fmt.Sprintf(`{"namespace":"public","groupKeyPattern":%q,"receivedGroupKeys":%s,"watchType":"WATCH","initializing":%v}`,
		pattern, known, initializing)
}

// told is what one message on the stream says of services.
type told struct {
	kind                     wire.Kind
	SyncType, ChangedType    string
	ServiceKey               string
	Pattern                  string `json:"groupKeyPattern"`
	TotalBatch, CurrentBatch int
	Contexts                 []struct{ ServiceKey, ChangedType string }
}

func toldBy(t *testing.T, p *nacospb.Payload) told {
	t.Helper()
	out := told{kind: wire.KindOf(p)}
	if err := json.Unmarshal(wire.Body(p), &out); err != nil {
		t.Fatalf("%v: %s", err, wire.Body(p))
	}
	return out
}

// heard acknowledges the next message and says in short what it tells.
func (c *client) heard() string {
	c.t.Helper()
	m := toldBy(c.t, c.acknowledge(wire.NamingFuzzyWatchChangeNotifyResponse))
	if m.kind == wire.NamingFuzzyWatchChangeNotifyRequest {
		return m.ChangedType + " " + m.ServiceKey
	}
	line := m.SyncType
	for _, s := range m.Contexts {
		line += " " + s.ServiceKey
	}
	return line
}

// hears fails unless the next messages tell this, in order.
func (c *client) hears(want ...string) {
	c.t.Helper()
	for _, line := range want {
		if got := c.heard(); got != line {
			c.t.Errorf("told %q, want %q", got, line)
		}
	}
}

func deregistration(service string) string {
	return strings.Replace(registration(service, `{}`), "registerInstance", "deregisterInstance", 1)
}

const anInstance = `{"ip":"10.0.0.1","port":80}`

func TestWatcherIsToldWhatMatchesAndWhatComesAndGoes(t *testing.T) {
	s := start(t, nil)
	publisher, c := connect(t, s.sdk, namingSetup), connect(t, s.sdk, namingSetup)
	for _, service := range []string{"orders", "stock"} {
		publisher.must(wire.InstanceRequest, registration(service, anInstance))
	}
	c.must(wire.NamingFuzzyWatchRequest, watching("public>>g>>or*", true))
	c.hears("FUZZY_WATCH_INIT_NOTIFY public@@g@@orders", "FINISH_FUZZY_WATCH_INIT_NOTIFY")

	publisher.must(wire.InstanceRequest, registration("other", anInstance))
	publisher.must(wire.InstanceRequest, registration("orders", `{"ip":"10.0.0.2","port":80}`)) // it was there before
	publisher.must(wire.InstanceRequest, registration("orders-2", anInstance))
	c.hears("ADD_SERVICE public@@g@@orders-2")
	publisher.must(wire.InstanceRequest, deregistration("orders"))
	c.hears("DELETE_SERVICE public@@g@@orders")
}

func TestWatcherOfNothingIsToldThatThisIsAll(t *testing.T) {
	s := start(t, nil)
	c := connect(t, s.sdk, namingSetup)
	c.must(wire.NamingFuzzyWatchRequest, watching(">>*>>*", true))
	c.hears("FINISH_FUZZY_WATCH_INIT_NOTIFY")
	c.must(wire.InstanceRequest, registration("s", anInstance))
	c.hears("ADD_SERVICE public@@g@@s")
}

func TestManyServicesAreToldInParts(t *testing.T) {
	s := start(t, nil)
	const count = 2*inOneSync + 1
	s.world.do(func() {
		var list []naming.Publication
		for i := range count {
			service := naming.ServiceKey{Namespace: "public", Group: "g", Name: fmt.Sprintf("s%03d", i)}
			list = append(list, naming.Publication{Service: service, Instances: []naming.Instance{{IP: "a", Port: 1}}})
		}
		s.world.put(naming.Normal(theirs, naming.Stamp{Version: 1}, list))
	})
	c := connect(t, s.sdk, namingSetup)
	c.must(wire.NamingFuzzyWatchRequest, watching("public>>g>>*", true))
	var all []string
	for part := 1; part <= 3; part++ {
		m := toldBy(t, c.acknowledge(wire.NamingFuzzyWatchChangeNotifyResponse))
		if m.CurrentBatch != part || m.TotalBatch != 3 || m.SyncType != wire.FuzzyInit || m.Pattern != "public>>g>>*" {
			t.Errorf("part %d is %d of %d, %s of %s", part, m.CurrentBatch, m.TotalBatch, m.SyncType, m.Pattern)
		}
		for _, one := range m.Contexts {
			all = append(all, one.ServiceKey)
		}
	}
	c.hears("FINISH_FUZZY_WATCH_INIT_NOTIFY")
	slices.Sort(all)
	if got := len(slices.Compact(all)); got != count {
		t.Errorf("told of %d services, want %d", got, count)
	}
}

// TestWhoComesBackIsToldTheDifference: deletions are told as changes, as clients
// pass them over in a synchronisation.
func TestWhoComesBackIsToldTheDifference(t *testing.T) {
	s := start(t, nil)
	c := connect(t, s.sdk, namingSetup)
	for _, service := range []string{"kept", "new"} {
		c.must(wire.InstanceRequest, registration(service, anInstance))
	}
	c.must(wire.NamingFuzzyWatchRequest, watching("public>>g>>*", false, "public@@g@@gone", "public@@g@@kept"))
	c.hears("DELETE_SERVICE public@@g@@gone", "FUZZY_WATCH_DIFF_SYNC_NOTIFY public@@g@@new")
	c.must(wire.NamingFuzzyWatchRequest, watching("public>>g>>*", false, "public@@g@@new", "public@@g@@kept"))
	c.must(wire.InstanceRequest, deregistration("kept"))
	c.hears("DELETE_SERVICE public@@g@@kept") // it was told nothing before
}

func TestWhatIsNotAcknowledgedIsToldAgain(t *testing.T) {
	s := start(t, nil)
	c := connect(t, s.sdk, namingSetup)
	c.must(wire.InstanceRequest, registration("s", anInstance))
	c.must(wire.NamingFuzzyWatchRequest, watching("public>>g>>*", true))
	refused := c.receive()
	c.send(wire.NamingFuzzyWatchChangeNotifyResponse, `{"resultCode":500,"requestId":"`+wire.RequestID(wire.Body(refused))+`"}`)
	c.hears("FUZZY_WATCH_INIT_NOTIFY public@@g@@s", "FINISH_FUZZY_WATCH_INIT_NOTIFY")
}

func TestEveryWatcherIsTold(t *testing.T) {
	s := start(t, nil)
	first, second := connect(t, s.sdk, namingSetup), connect(t, s.sdk, namingSetup)
	for c, pattern := range map[*client]string{first: "public>>g>>*", second: "public>>*>>s"} {
		c.must(wire.NamingFuzzyWatchRequest, watching(pattern, true))
		c.hears("FINISH_FUZZY_WATCH_INIT_NOTIFY")
	}
	first.must(wire.InstanceRequest, registration("s", anInstance))
	first.hears("ADD_SERVICE public@@g@@s")
	second.hears("ADD_SERVICE public@@g@@s")
}

func TestEveryPatternIsTold(t *testing.T) {
	s := start(t, nil)
	c := connect(t, s.sdk, namingSetup)
	for _, pattern := range []string{"public>>g>>*", "public>>*>>s"} {
		c.must(wire.NamingFuzzyWatchRequest, watching(pattern, true))
		c.hears("FINISH_FUZZY_WATCH_INIT_NOTIFY")
	}
	c.must(wire.InstanceRequest, registration("s", anInstance))
	c.hears("ADD_SERVICE public@@g@@s", "ADD_SERVICE public@@g@@s")
}

func TestWatchEndsWhenItIsCancelledAndWithItsConnection(t *testing.T) {
	s := start(t, nil)
	c := connect(t, s.sdk, namingSetup)
	for _, pattern := range []string{"public>>g>>a*", "public>>g>>b*"} {
		c.must(wire.NamingFuzzyWatchRequest, watching(pattern, true))
		c.hears("FINISH_FUZZY_WATCH_INIT_NOTIFY")
	}
	cancel := strings.Replace(watching("public>>g>>a*", false), "WATCH", "CANCEL_WATCH", 1)
	for range 2 { // the second changes nothing
		c.must(wire.NamingFuzzyWatchRequest, cancel)
	}
	c.must(wire.InstanceRequest, registration("a", anInstance))
	c.must(wire.InstanceRequest, registration("b", anInstance))
	c.hears("ADD_SERVICE public@@g@@b")
	if err := c.conn.Close(); err != nil {
		t.Fatal(err)
	}
	if !s.world.until(func() bool { return len(s.world.disconnected) == 1 }) {
		t.Fatal("still connected")
	}
	if n := len(s.patterns.matched); n != 0 {
		t.Errorf("%d patterns are watched by nobody", n)
	}
}

func TestLimitsOfWatching(t *testing.T) {
	s := start(t, func(c *Config) { c.Limits.Patterns, c.Limits.Matches = 2, 2 })
	c := connect(t, s.sdk, namingSetup)
	for _, service := range []string{"s1", "s2", "s3"} {
		c.must(wire.InstanceRequest, registration(service, anInstance))
	}
	r := c.call(wire.NamingFuzzyWatchRequest, watching("public>>g>>s*", true))
	if r.kind != wire.NamingFuzzyWatchResponse || r.ErrorCode != wire.CodeTooManyMatches || r.Message != wire.TooManyMatches {
		t.Errorf("three match, two may be told: %+v", r)
	}
	c.hears("FUZZY_WATCH_INIT_NOTIFY public@@g@@s1 public@@g@@s2", "FINISH_FUZZY_WATCH_INIT_NOTIFY")
	c.must(wire.InstanceRequest, deregistration("s1"))
	c.hears("DELETE_SERVICE public@@g@@s1", "ADD_SERVICE public@@g@@s3")

	c.must(wire.NamingFuzzyWatchRequest, watching("public>>g>>t*", false))
	c.must(wire.NamingFuzzyWatchRequest, watching("public>>g>>t*", false)) // the same again is no third
	r = c.call(wire.NamingFuzzyWatchRequest, watching("public>>g>>u*", false))
	if r.kind != wire.NamingFuzzyWatchResponse || r.ErrorCode != wire.CodeTooManyPatterns || r.Message != wire.TooManyPatterns {
		t.Errorf("the third pattern: %+v", r)
	}
}

func TestPatternsThatCannotBeWatchedAreRefusedInKind(t *testing.T) {
	s := start(t, nil)
	c := connect(t, s.sdk, namingSetup)
	for _, pattern := range []string{"", "*", "public>>*", "public>>a b>>*", "public>>g>>" + strings.Repeat("x", 600), "n s>>*>>*"} {
		r := c.call(wire.NamingFuzzyWatchRequest, watching(pattern, true))
		if r.kind != wire.NamingFuzzyWatchResponse || r.ResultCode != wire.CodeServerError || r.ErrorCode != wire.CodeInvalid {
			t.Errorf("%q was answered %+v", pattern, r)
		}
	}
	r := c.call(wire.NamingFuzzyWatchRequest, `{"groupKeyPattern":"public>>g>>*","watchType":"NOPE"}`)
	if r.kind != wire.ErrorResponse || r.ResultCode != wire.CodeInvalid {
		t.Errorf("an unknown kind of watch was answered %+v", r)
	}
	member := connect(t, s.cluster, clusterSetup)
	if r := member.call(wire.NamingFuzzyWatchRequest, watching("public>>g>>*", true)); r.ErrorCode != wire.CodeNoClient {
		t.Errorf("a connection that is none for naming was answered %+v", r)
	}
}
