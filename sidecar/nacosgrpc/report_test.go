package nacosgrpc

import (
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/distro-naming/naming-operator/sidecar/member"
	"github.com/distro-naming/naming-operator/sidecar/naming"
	"github.com/distro-naming/naming-operator/sidecar/wire"
)

// ancient is a peer that knows no MemberReportRequest and answers reports over
// HTTP with the text. Reports come out of the channel.
func ancient(t *testing.T, answer string, unknown ...wire.Kind) (p *Peers, routes *streets, reports <-chan string) {
	t.Helper()
	s := start(t, nil)
	for _, kind := range append(unknown, wire.MemberReportRequest) {
		delete(s.Server.cluster.handlers, kind)
	}
	bodies := make(chan string, 1)
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body) // what is missing the test will miss
		select {
		case bodies <- r.Method + " " + r.URL.Path + " " + r.Header.Get("Content-Type") + " " + string(body):
		default: // one report is enough
		}
		_, _ = io.WriteString(w, answer)
	}))
	t.Cleanup(web.Close)
	p, routes = calling(t, map[member.Address]string{selfAddress: s.cluster})
	routes.webs = map[member.Address]string{selfAddress: strings.TrimPrefix(web.URL, "http://")}
	p.SetPeers([]member.Address{selfAddress})
	return p, routes, bodies
}

func TestPeerThatKnowsNoReportIsReportedToOverHTTP(t *testing.T) {
	old := `{"code":200,"message":null,"data":"true"}`
	newer := string(wire.HTTPReportResult(member.Node{Address: selfAddress, Version: "2.2.0"}))
	for name, answer := range map[string]string{"2.1.0": old, "2.2.0": newer} {
		t.Run(name, func(t *testing.T) {
			p, routes, reports := ancient(t, answer)
			if !routes.met() {
				t.Fatal("not reached")
			}
			const want = "POST /nacos/v1/core/cluster/report application/json {"
			if got := <-reports; !strings.HasPrefix(got, want) || !strings.Contains(got, `"supportRemoteConnection":true`) {
				t.Errorf("reported %s", got)
			}
			known := someRecord("1_10.0.0.1_1", 3)
			if err := p.Send(t.Context(), selfAddress, known); err != nil {
				t.Fatal(err)
			}
			other := someRecord(known.Client, 4) // the peer keeps no revisions, so it cannot tell
			marks := []naming.Mark{other.Mark(), {Client: "1_10.0.0.1_2", Stamp: naming.Stamp{Revision: 1}}}
			different, err := p.Verify(t.Context(), selfAddress, marks)
			if err != nil || !slices.Equal(different, []naming.ClientID{"1_10.0.0.1_2"}) {
				t.Errorf("Verify = %v, %v, want only the unknown client", different, err)
			}
		})
	}
}

func TestReportOverHTTPDoesNotVouchForTheConnection(t *testing.T) {
	answer := string(wire.HTTPReportResult(member.Node{Address: selfAddress}))
	_, routes, _ := ancient(t, answer, wire.HealthCheckRequest)
	if !routes.until(func() bool { return len(routes.failed) > 0 }) {
		t.Fatal("no failure")
	}
	routes.see(func() {
		if len(routes.reached) != 0 {
			t.Errorf("reached %v", routes.reached)
		}
	})
}

func TestReportOverHTTPThatFailsIsAFailure(t *testing.T) {
	tests := map[string]struct{ answer, want string }{
		"a refusal":         {`{"code":500,"message":"no"}`, "refused: 500 no"},
		"what is no answer": {`<html>`, "over HTTP"},
		"the address of somebody else": {
			string(wire.HTTPReportResult(member.Node{Address: "127.0.0.1:18848"})), "answered as member 127.0.0.1:18848",
		},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			_, routes, _ := ancient(t, tc.answer)
			if !routes.until(func() bool { return len(routes.failed) > 0 }) {
				t.Fatal("no failure")
			}
			routes.see(func() {
				if text := routes.failed[0].err.Error(); !strings.Contains(text, tc.want) || len(routes.reached) != 0 {
					t.Errorf("failed with %q, reached %v", text, routes.reached)
				}
			})
		})
	}
}
