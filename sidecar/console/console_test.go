package console

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/go-logr/logr"

	"github.com/distro-naming/naming-operator/sidecar/admin"
	"github.com/distro-naming/naming-operator/sidecar/report"
)

// fakeMember answers like an admin port with n services.
func fakeMember(t *testing.T, n int) string {
	t.Helper()
	answer := func(w http.ResponseWriter, v any) {
		if err := json.NewEncoder(w).Encode(v); err != nil {
			t.Error(err)
		}
	}
	mux := http.NewServeMux()
	mux.HandleFunc("/v1/status", func(w http.ResponseWriter, _ *http.Request) {
		answer(w, report.Report{
			Member: "demo-0:8848", Loaded: true, Digest: "abc123", Braked: 3, Fault: "it does not contain demo-0",
			Peers: []report.Peer{{Member: "demo-1:8848", State: "DOWN", Transport: "v2", Error: "connection refused"}},
			TLS:   &report.TLS{Members: &report.TLSUse{Fault: "tls.crt: expired"}, Clients: &report.TLSUse{}},
			Auth:  &report.Auth{Fault: "users, line 3: want NAME:HASH"},
		})
	})
	mux.HandleFunc("/v1/services", func(w http.ResponseWriter, _ *http.Request) {
		list := []admin.Service{}
		for i := range n {
			list = append(list, admin.Service{Namespace: "public", Group: "G", Name: fmt.Sprint("svc-", i), Instances: 1, Healthy: 1})
		}
		answer(w, list)
	})
	mux.HandleFunc("/v1/instances", func(w http.ResponseWriter, r *http.Request) {
		answer(w, []admin.Instance{{IP: "10.0.0.1", Port: 80, Metadata: map[string]string{"of": r.URL.Query().Get("service"), "x": "<script>"}}})
	})
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	return server.URL
}

func show(t *testing.T, base string) *httptest.ResponseRecorder {
	t.Helper()
	w := httptest.NewRecorder()
	Handler(base, logr.Discard()).ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), "GET", "/", nil))
	return w
}

func TestPageShowsWhatTheMemberBelieves(t *testing.T) {
	w := show(t, fakeMember(t, 2))
	for _, want := range []string{
		"demo-0:8848", "abc123", "demo-1:8848", "DOWN", "v2", "connection refused", "svc-1", "10.0.0.1:80", "of=svc-0", "&lt;script&gt;",
		"Refused: it does not contain demo-0", "TLS between members: tls.crt: expired", "Auth: users, line 3", "instances of 3 services",
	} {
		if !strings.Contains(w.Body.String(), want) {
			t.Errorf("page lacks %q", want)
		}
	}
	if strings.Contains(w.Body.String(), "TLS for clients") {
		t.Error("page tells of a fault where there is none")
	}
	if w.Code != http.StatusOK || strings.Contains(w.Body.String(), "<script>") {
		t.Errorf("status %d, page executes metadata: %t", w.Code, strings.Contains(w.Body.String(), "<script>"))
	}
}

func TestPageIsBounded(t *testing.T) {
	w := show(t, fakeMember(t, maxServices+5))
	if got := strings.Count(w.Body.String(), "<details"); got != maxServices {
		t.Errorf("services shown = %d, want %d", got, maxServices)
	}
	if !strings.Contains(w.Body.String(), "5 more services") {
		t.Error("page does not say that 5 more services exist")
	}
}

func TestPageOfASilentMemberSaysSo(t *testing.T) {
	w := show(t, "http://127.0.0.1:1")
	if w.Code != http.StatusBadGateway || !strings.Contains(w.Body.String(), "does not answer") {
		t.Errorf("status %d, page:\n%s", w.Code, w.Body)
	}
}
