package survey

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/distro-naming/naming-operator/sidecar/admin"
)

func cause(second int64, kind, client, ip string, change ...func(*admin.Cause)) admin.Cause {
	c := admin.Cause{Time: time.Unix(second, 0).UTC(), Kind: kind, Client: client, IP: ip, Port: 80, Count: 1}
	for _, f := range change {
		f(&c)
	}
	return c
}

func from(peer string) func(*admin.Cause) { return func(c *admin.Cause) { c.Peer = peer } }
func batch(n int) func(*admin.Cause)      { return func(c *admin.Cause) { c.Count = n } }

func tell(story []Event) (out []string) {
	for _, e := range story {
		out = append(out, e.Member+" "+e.Kind)
	}
	return out
}

func TestStoryIsToldInOrderOfTime(t *testing.T) {
	said := []Said[[]admin.Cause]{
		{"demo-0", []admin.Cause{
			cause(30, "connection lost", "c1", "10.0.0.1"), cause(10, "registered", "c1", "10.0.0.1"), cause(5, "registered", "x", "10.0.0.9"),
		}},
		{"demo-1", []admin.Cause{
			cause(31, "removed by peer", "c1", "10.0.0.1", from("demo-0.demo:8848")), cause(11, "replicated", "c1", "10.0.0.1", from("demo-0.demo:8848")),
		}},
	}
	story := Story(said, "10.0.0.1", 80)
	want := []string{"demo-0 registered", "demo-1 replicated", "demo-0 connection lost", "demo-1 removed by peer"}
	if diff := cmp.Diff(want, tell(story)); diff != "" {
		t.Errorf("story differs (-want +got):\n%s", diff)
	}
	if e, _ := Last(story, false); e.Member != "demo-0" || e.Kind != "connection lost" {
		t.Errorf("it is gone because of %s on %s, want the lost connection on demo-0, which the other was only told", e.Kind, e.Member)
	}
	if e, _ := Last(story, true); e.Kind != "registered" {
		t.Errorf("it would be there because of %s, want registered", e.Kind)
	}
	if got := len(Story(said, "", 0)); got != 5 {
		t.Errorf("the story of the whole service has %d events, want all 5", got)
	}
}

// A cause of a batch names one instance of many.
func TestStoryTellsWhatMayBeAboutAnInstance(t *testing.T) {
	tests := map[string]struct {
		causes  []admin.Cause
		clients []string
		want    []string
	}{
		"a batch of the client that registered it": {
			[]admin.Cause{cause(1, "registered", "c1", "10.0.0.1"), cause(2, "connection lost", "c1", "10.0.0.5", batch(3))},
			nil,
			[]string{"demo-0 registered", "demo-0 connection lost"},
		},
		"a batch of the client that lists it": {
			[]admin.Cause{cause(2, "registered", "c1", "10.0.0.5", batch(3)), cause(3, "registered", "c2", "10.0.0.6", batch(2))},
			[]string{"c1"},
			[]string{"demo-0 registered"},
		},
		"any batch if nothing else is known": {
			[]admin.Cause{cause(2, "expired", "c1", "10.0.0.5", batch(3)), cause(3, "expired", "c2", "10.0.0.6")},
			nil,
			[]string{"demo-0 expired"},
		},
		"nothing of another instance": {[]admin.Cause{cause(3, "expired", "c2", "10.0.0.6")}, nil, nil},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			got := tell(Story([]Said[[]admin.Cause]{{"demo-0", tc.causes}}, "10.0.0.1", 80, tc.clients...))
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("story differs (-want +got):\n%s", diff)
			}
		})
	}
}

// Every kind that the reference of the admin port names has words of its own.
func TestSentences(t *testing.T) {
	with := func(kind string, change func(*admin.Cause)) Event {
		return Event{Cause: cause(0, kind, "c1", "10.0.0.1", change)}
	}
	none := func(*admin.Cause) {}
	tests := map[string]struct {
		event Event
		want  string
	}{
		"registered":      {with("registered", none), "client c1 registered it"},
		"in a batch":      {with("registered", batch(4)), "client c1 (4 instances together) registered it"},
		"changed":         {with("changed", none), "client c1 changed it, or registered it once more"},
		"health":          {with("health changed", from("demo-1.demo-headless.default.svc:8848")), "its health changed, as demo-1 said"},
		"deregistered":    {with("deregistered", none), "client c1 withdrew it"},
		"connection":      {with("connection lost", none), "the connection of client c1 ended"},
		"replicated":      {with("replicated", from("10.1.2.3:8848")), "10.1.2.3:8848 sent the registration of client c1"},
		"removed by peer": {with("removed by peer", from("demo-1.x:8848")), "demo-1 said that client c1 is gone or withdrew it"},
		"superseded":      {with("superseded", func(c *admin.Cause) { c.By = "c2" }), "gave way to a newer one of client c2"},
		"braked":          {with("braked", func(c *admin.Cause) { c.Reason = "connection lost" }), "held as unhealthy for a while"},
		"expired":         {with("expired", func(c *admin.Cause) { c.Reason = "down" }), "given up: the member that owned it is dead"},
		"expired, newly":  {with("expired", func(c *admin.Cause) { c.Reason = "braked for 1m0s" }), "given up: braked for 1m0s"},
		"a kind to come":  {with("moved", none), "moved: client c1"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			if got := tc.event.Sentence(); !strings.Contains(got, tc.want) {
				t.Errorf("said %q, want %q in it", got, tc.want)
			}
		})
	}
}
