package nacosgrpc

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/distro-naming/naming-operator/sidecar/member"
	"github.com/distro-naming/naming-operator/sidecar/naming"
	"github.com/distro-naming/naming-operator/sidecar/wire"
)

// TestEachVersionIsSpokenToAsItUnderstands is the matrix of the gRPC page, 10.1
// to 10.3, as far as it matters to a peer.
func TestEachVersionIsSpokenToAsItUnderstands(t *testing.T) {
	tests := []struct {
		version string
		report  string // "HTTP": it does not know MemberReportRequest
		answer  string // what it answers over HTTP: a flag, or its Member
		verify  string // "any": it keeps no revisions and is asked for none
	}{
		{"2.0.0", "HTTP", "flag", "any"},
		{"2.0.3", "HTTP", "flag", "any"},
		{"2.1.0", "HTTP", "flag", "any"},
		{"2.1.1", "HTTP", "flag", "any"},
		{"2.1.2", "HTTP", "member", "any"},
		{"2.2.0", "HTTP", "member", "any"},
		{"2.2.1", "gRPC", "", "any"},
		{"2.2.3", "gRPC", "", "any"},
		{"2.3.0", "gRPC", "", "revision"},
		{"2.4.3", "gRPC", "", "revision"},
		{"2.5.0", "gRPC", "", "revision"},
		{"2.5.1", "gRPC", "", "revision"},
		{"3.0.0", "gRPC", "", "revision"},
		{"3.0.3", "gRPC", "", "revision"},
	}
	for _, tc := range tests {
		t.Run(tc.version, func(t *testing.T) {
			java := startJava(t, tc.version)
			web, byHTTP := reportedTo(t, java.node, tc.answer)
			p, routes := tuned(t, map[member.Address]string{selfAddress: java.at}, func(c *PeersConfig) { c.Identity = secret })
			routes.webs = map[member.Address]string{selfAddress: web}
			p.SetPeers([]member.Address{selfAddress})
			if !routes.met() {
				t.Fatal("not reached")
			}
			if over := byHTTP.Load() > 0; over != (tc.report == "HTTP") {
				t.Errorf("reported to over HTTP: %v", over)
			}
			sentInFull(t, p, java)
			marks := []naming.Mark{{Client: theirs, Stamp: naming.Stamp{Revision: 3}}}
			doubted := 0
			for range doubtEvery {
				different, err := p.Verify(t.Context(), selfAddress, marks)
				if err != nil {
					t.Fatal(err)
				}
				doubted += len(different)
			}
			if want := map[string]int{"any": 1, "revision": 0}[tc.verify]; doubted != want {
				t.Errorf("in %d rounds it is to be given the client again %d times, want %d", doubtEvery, doubted, want)
			}
			want := map[string]int32{"any": 0, "revision": 3}[tc.verify]
			if got := java.lastMark(t); got.Stamp.Revision != want {
				t.Errorf("verified with revision %d, want %d", got.Stamp.Revision, want)
			}
		})
	}
}

// sentInFull sends a batch and a plain publication. Whatever the version, both
// kinds of arrays, the identity and an empty table of abilities are sent: who does
// not know them passes them over.
func sentInFull(t *testing.T, p *Peers, java *javaPeer) {
	t.Helper()
	i := naming.Instance{IP: "10.0.0.1", Port: 80, Cluster: "DEFAULT", Weight: 1, Healthy: true, Enabled: true}
	r := naming.Normal(theirs, naming.Stamp{Revision: 3}, []naming.Publication{
		{Service: naming.ServiceKey{Namespace: "public", Group: "g", Name: "batch"}, Instances: []naming.Instance{i, i}, Batch: true},
		{Service: naming.ServiceKey{Namespace: "public", Group: "g", Name: "plain"}, Instances: []naming.Instance{i}},
	})
	if err := p.Send(t.Context(), selfAddress, r); err != nil {
		t.Fatal(err)
	}
	sent := java.got(wire.DistroDataRequest)[0]
	in, err := wire.DecodeDistro(wire.Body(sent))
	if err != nil || !strings.Contains(string(in.Content), `"serviceNames":["plain"]`) ||
		!strings.Contains(string(in.Content), `"batchInstanceData":{"namespaces":["public"]`) {
		t.Errorf("sent %s, %v", in.Content, err)
	}
	if wire.Header(sent, secret.Key) != secret.Value {
		t.Error("sent without identity")
	}
	setup, err := wire.DecodeSetup(wire.Body(java.got(wire.ConnectionSetupRequest)[0]))
	if err != nil || setup.Abilities == nil || len(setup.Abilities) != 0 || setup.Labels["source"] != "cluster" {
		t.Errorf("set up with %+v, %v", setup, err)
	}
}

// lastMark returns what the peer was last asked to verify.
func (j *javaPeer) lastMark(t *testing.T) naming.Mark {
	t.Helper()
	all := j.got(wire.DistroDataRequest)
	in, err := wire.DecodeDistro(wire.Body(all[len(all)-1]))
	if err != nil {
		t.Fatal(err)
	}
	m, err := wire.DecodeMark(in.Content)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// reportedTo serves the HTTP report of a Java server, and counts.
func reportedTo(t *testing.T, n member.Node, answer string) (address string, reports *atomic.Int64) {
	t.Helper()
	reports = &atomic.Int64{}
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		reports.Add(1)
		if r.URL.Path != wire.ReportPath || r.Header.Get(secret.Key) != secret.Value {
			w.WriteHeader(http.StatusForbidden)
			return
		}
		body := `{"code":200,"message":null,"data":"true"}`
		if answer == "member" {
			body = string(wire.HTTPReportResult(n))
		}
		_, _ = io.WriteString(w, body) // what is missing the test will miss
	}))
	t.Cleanup(web.Close)
	return strings.TrimPrefix(web.URL, "http://"), reports
}
