package nacosgrpc

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/distro-naming/naming-operator/sidecar/member"
	"github.com/distro-naming/naming-operator/sidecar/wire"
)

// exchange is one crafted request and a Java server's answer.
type exchange struct {
	Name, Port, Type string
	version          string
	Body             string `json:"body_raw"`
	ResponseType     string `json:"response_type"`
	Response         string `json:"response_raw"`
}

// identified are the kinds that 3.0.3 was asked without its identity header.
const identified = "no-identity-header"

func TestRequestsAreAnsweredAsJavaServersDo(t *testing.T) {
	for _, version := range []string{"2.5.1", "3.0.3"} {
		t.Run(version, func(t *testing.T) {
			s, guarded := start(t, nil), start(t, func(c *Config) { c.Identity = shown })
			ports := map[string]*client{
				"sdk":     connect(t, s.sdk, namingSetup),
				"cluster": connect(t, s.cluster, clusterSetup),
			}
			for i, e := range exchanges(t, version) {
				c := ports[e.Port]
				if e.Name == identified {
					c = connect(t, guarded.cluster, clusterSetup)
				}
				t.Run(fmt.Sprintf("%d %s", i, e.Name), func(t *testing.T) { e.replay(t, c) })
			}
		})
	}
}

// replay makes the request of ours and wants Java's answer, or the one that
// "different" says.
func (e exchange) replay(t *testing.T, c *client) {
	report := string(wire.ReportRequest(member.Node{Address: "127.0.0.1:29999", Version: "2.5.1"}))
	node := strings.TrimSuffix(strings.TrimPrefix(report, `{"headers":{},"node":`), `,"module":"cluster"}`)
	body := strings.ReplaceAll(e.Body, "@NODE@", node)
	body = strings.ReplaceAll(body, "<1100 times v>", strings.Repeat("v", 1100))
	out := c.send1(wire.Kind(e.Type), body, nil)
	if strings.Contains(string(wire.Body(out)), ":null") {
		t.Errorf("answered with a null: %s", wire.Body(out))
	}
	got := outcomeOf(t, out)
	if d, ok := (recorded{name: e.Name, version: e.version}).different(); ok {
		if got != d.want {
			t.Errorf("got %+v, want %+v: %s", got, d.want, d.reason)
		}
		return
	}
	if want := recordedOutcome(t, wire.Kind(e.ResponseType), e.Response); got != want {
		t.Errorf("got %+v %s, Java said %s %s", got, wire.Body(out), e.ResponseType, e.Response)
		return
	}
	sameShape(t, string(wire.Body(out)), e.Response)
}

func exchanges(t *testing.T, version string) []exchange {
	t.Helper()
	text, err := os.ReadFile("testdata/probe-answers-" + version + ".json")
	if err != nil {
		t.Fatal(err)
	}
	var all struct{ Exchanges []exchange }
	if err := json.Unmarshal(text, &all); err != nil {
		t.Fatal(err)
	}
	before := ""
	for i := range all.Exchanges {
		all.Exchanges[i].version = version
		if e := &all.Exchanges[i]; e.Name != "query" {
			before = e.Name
		} else {
			e.Name = "query after " + before
		}
	}
	return all.Exchanges
}
