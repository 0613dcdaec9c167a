package nacosgrpc

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/distro-naming/naming-operator/sidecar/member"
	"github.com/distro-naming/naming-operator/sidecar/wire"
)

// exchange is one crafted request and a Java server's answer.
type exchange struct {
	Name, Port, Type string
	Body             string `json:"body_raw"`
	ResponseType     string `json:"response_type"`
	Response         string `json:"response_raw"`
}

// outcome is what is compared of an answer.
type outcome struct {
	kind        wire.Kind
	result, err int
}

// Why an answer is another than Java's.
const (
	userFault  = "a user can cause it: a refusal of its kind is not tried again"
	delivered  = "Java says 200 with an error code, and its peers take the record for delivered"
	noAddress  = "Java lists an instance without an address, which nobody can call"
	persistent = "persistent instances are refused for now"
	fuzzyWatch = "fuzzy watch is not offered; 2.5.1 answers the same"
)

// different are the answers that are meant to be others than Java's.
var different = map[string]struct {
	want   outcome
	reason string
}{
	"change-bad-rtype":       {outcome{wire.DistroDataResponse, 500, 500}, delivered},
	"reg-name-empty":         {outcome{wire.InstanceResponse, 500, 400}, userFault},
	"reg-group-empty":        {outcome{wire.InstanceResponse, 500, 400}, userFault},
	"reg-cluster-underscore": {outcome{wire.InstanceResponse, 500, 400}, userFault},
	"reg-beat-bad":           {outcome{wire.InstanceResponse, 500, 400}, userFault},
	"reg-no-ip":              {outcome{wire.InstanceResponse, 500, 400}, noAddress},
	"persistent":             {outcome{wire.InstanceResponse, 500, 400}, persistent},
	"persistent-dereg":       {outcome{wire.InstanceResponse, 500, 400}, persistent},
	"fuzzy":                  {outcome{wire.ErrorResponse, 500, 302}, fuzzyWatch},
}

// unguarded are the kinds that 3.0.3 refuses without an identity header, and
// what is answered here: there is no identity check yet.
var unguarded = map[wire.Kind]outcome{
	wire.MemberReportRequest:     {wire.MemberReportResponse, 200, 0},
	wire.ServerLoaderInfoRequest: {wire.ServerLoaderInfoResponse, 200, 0},
	wire.HealthCheckRequest:      {wire.HealthCheckResponse, 200, 0},
}

func TestRequestsAreAnsweredAsJavaServersDo(t *testing.T) {
	for _, version := range []string{"2.5.1", "3.0.3"} {
		t.Run(version, func(t *testing.T) {
			s := start(t, nil)
			ports := map[string]*client{
				"sdk":     connect(t, s.sdk, namingSetup),
				"cluster": connect(t, s.cluster, clusterSetup),
			}
			for i, e := range exchanges(t, version) {
				got := ports[e.Port].outcome(e)
				if want := e.wanted(t); got != want {
					t.Errorf("%d %s: got %+v, want %+v (%s), Java said %s %s",
						i, e.Name, got, want, different[e.Name].reason, e.ResponseType, e.Response)
				}
			}
		})
	}
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
	return all.Exchanges
}

func (c *client) outcome(e exchange) outcome {
	report := string(wire.ReportRequest(member.Node{Address: "127.0.0.1:29999", Version: "2.5.1"}))
	node := strings.TrimSuffix(strings.TrimPrefix(report, `{"headers":{},"node":`), `,"module":"cluster"}`)
	body := strings.ReplaceAll(e.Body, "@NODE@", node)
	body = strings.ReplaceAll(body, "<1100 times v>", strings.Repeat("v", 1100))
	r := c.call(wire.Kind(e.Type), body)
	return outcome{r.kind, r.ResultCode, r.ErrorCode}
}

func (e exchange) wanted(t *testing.T) outcome {
	t.Helper()
	if d, ok := different[e.Name]; ok {
		return d.want
	}
	if e.Name == "no-identity-header" {
		if want, ok := unguarded[wire.Kind(e.Type)]; ok {
			return want
		}
		if strings.Contains(e.Body, "VERIFY") {
			return outcome{wire.DistroDataResponse, 500, 500} // it is unknown here too
		}
		return outcome{wire.DistroDataResponse, 200, 0}
	}
	var codes struct{ ResultCode, ErrorCode int }
	if err := json.Unmarshal([]byte(e.Response), &codes); err != nil {
		t.Fatalf("%s: %v", e.Name, err)
	}
	return outcome{wire.Kind(e.ResponseType), codes.ResultCode, codes.ErrorCode}
}
