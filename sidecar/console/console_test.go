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

// Where auth is on, the member decides by what who looks shows, and browsers are asked
// for it.
func TestWhoLooksIsPassedOn(t *testing.T) {
	mux := http.NewServeMux()
	mux.HandleFunc("/v1/status", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, `{"member":"demo-0:8848"}`) })
	mux.HandleFunc("/v1/services", func(w http.ResponseWriter, r *http.Request) {
		switch name, _, _ := r.BasicAuth(); {
		case r.Header.Get("X-Forwarded-For") != "10.0.0.9":
			t.Errorf("asked for %q", r.Header.Get("X-Forwarded-For"))
		case name == "":
			w.Header().Set("WWW-Authenticate", `Basic realm="naming"`)
			http.Error(w, "user not found!", http.StatusUnauthorized)
		case name == "alice":
			http.Error(w, "authorization failed!", http.StatusForbidden)
		default:
			fmt.Fprint(w, `[]`)
		}
	})
	member := httptest.NewServer(mux)
	t.Cleanup(member.Close)
	for name, want := range map[string]struct {
		status int
		says   string
	}{
		"":      {http.StatusUnauthorized, "user not found!"},
		"alice": {http.StatusForbidden, "authorization failed!"},
		"root":  {http.StatusOK, "demo-0:8848"},
	} {
		r := httptest.NewRequestWithContext(t.Context(), "GET", "/", nil)
		r.RemoteAddr = "10.0.0.9:4000"
		r.Header.Set("X-Forwarded-For", "127.0.0.1") // anybody can say so
		if name != "" {
			r.SetBasicAuth(name, "secret")
		}
		w := httptest.NewRecorder()
		Handler(member.URL, logr.Discard()).ServeHTTP(w, r)
		if w.Code != want.status || !strings.Contains(w.Body.String(), want.says) || strings.Contains(w.Body.String(), "does not answer") {
			t.Errorf("%q: %d, want %d:\n%s", name, w.Code, want.status, w.Body)
		}
		if challenged := w.Header().Get("WWW-Authenticate") != ""; challenged != (want.status == http.StatusUnauthorized) {
			t.Errorf("%q: asked for a password: %t", name, challenged)
		}
	}
}
