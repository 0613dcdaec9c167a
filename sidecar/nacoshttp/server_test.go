package nacoshttp

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/distro-naming/naming-operator/sidecar/limits"
	"github.com/distro-naming/naming-operator/sidecar/naming"
)

func TestHealthSaysTheTruth(t *testing.T) {
	w := newWorld()
	h, s := serve(t, w)
	places := []string{"/nacos/v1/console/health/", "/nacos/v2/console/health/", "/nacos/v3/admin/core/state/"}
	check := func(when string, want int) {
		t.Helper()
		for _, place := range places {
			if status, _, body := ask(t, http.MethodGet, s.URL+place+"readiness", ""); status != want {
				t.Errorf("%s: %sreadiness is %d %s, want %d", when, place, status, body, want)
			}
			if status, _, _ := ask(t, http.MethodGet, s.URL+place+"liveness", ""); status != http.StatusOK {
				t.Errorf("%s: %sliveness is %d", when, place, status)
			}
		}
	}
	check("serving", http.StatusOK)
	w.loaded = false
	check("loading", http.StatusServiceUnavailable)
	w.loaded = true
	h.Drain()
	check("leaving", http.StatusServiceUnavailable)
}

func TestCallsWaitWhileTheMemberLoadsExceptThoseOfMembers(t *testing.T) {
	w := newWorld()
	w.loaded = false
	_, s := serve(t, w)
	url := s.URL + "/nacos/v1/ns/instance/list?serviceName=s"
	status, _, body := ask(t, http.MethodGet, url, "")
	if status != http.StatusServiceUnavailable || !strings.Contains(body, "STARTING") {
		t.Errorf("a client got %d %s", status, body)
	}
	if status, _, _ := ask(t, http.MethodGet, url, "", "User-Agent", "Nacos-Server:2.5.1"); status != http.StatusOK {
		t.Errorf("a member got %d", status)
	}
}

func TestFaultsAreAnswered(t *testing.T) {
	const (
		path     = "/nacos/v1/ns/instance"
		instance = path + "?serviceName=s&ip=10.0.0.1&port=80"
		beat     = path + "/beat?serviceName=s&beat="
		post     = http.MethodPost
		put      = http.MethodPut
		get      = http.MethodGet
		large    = http.StatusRequestEntityTooLarge
		down     = http.StatusServiceUnavailable
		broken   = http.StatusInternalServerError
		bad      = http.StatusBadRequest
		absent   = http.StatusNotFound
	)
	tests := map[string]struct {
		broken error
		method string
		path   string
		body   string
		status int
		says   string
	}{
		"a body that is too large":     {nil, post, instance, strings.Repeat("a", 5<<10), large, "too large"},
		"a member that is stopping":    {naming.ErrStopped, post, instance, "", down, "stopping"},
		"a registry that fails":        {errors.New("no space"), http.MethodDelete, instance, "", broken, "no space"},
		"a path beyond naming":         {nil, get, "/nacos/v1/none", "", absent, "No message available"},
		"a path outside":               {nil, get, "/", "", absent, "No message available"},
		"a slash at the end is fine":   {nil, get, "/nacos/v1/ns/operator/metrics/", "", http.StatusOK, "UP"},
		"an update of what is not":     {nil, put, instance, "", bad, "service not found"},
		"a beat that is no instance":   {nil, put, beat + "{}", "", bad, "'ip'"},
		"a beat with a port of 70000":  {nil, put, beat + `{"ip":"a","port":70000}`, "", bad, "'port'"},
		"a weight that is not finite":  {nil, post, instance + "&weight=NaN", "", bad, "weights range"},
		"a persistent one":             {nil, post, instance + "&ephemeral=false", "", bad, "ephemeral=true"},
		"a persistent one not by name": {nil, post, instance + "&ephemeral=NO", "", bad, "ephemeral=true"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			w := newWorld()
			w.broken = tc.broken
			_, s := serve(t, w)
			status, _, body := ask(t, tc.method, s.URL+tc.path, tc.body)
			if status != tc.status || !strings.Contains(body, tc.says) {
				t.Errorf("got %d %s, want %d and %q", status, body, tc.status, tc.says)
			}
			if w.registry.Len() != 0 {
				t.Error("something was registered")
			}
		})
	}
}

func TestBeatBringsAnExpiredInstanceBackWithItsInterval(t *testing.T) {
	w := newWorld()
	_, s := serve(t, w)
	beat := `serviceName=g@@orders&beat={"ip":"10.0.0.1","port":80,"weight":2,"metadata":{"preserved.heart.beat.interval":"1000"}}`
	for range 2 { // the first registers, the second renews
		_, _, body := ask(t, http.MethodPut, s.URL+"/nacos/v1/ns/instance/beat", beat)
		if body != `{"clientBeatInterval":1000,"code":10200,"lightBeatEnabled":true}` {
			t.Errorf("answered %s", body)
		}
	}
	if v := w.View(orders); len(v.Hosts) != 1 || v.Hosts[0].Weight != 2 {
		t.Errorf("listed %+v", v.Hosts)
	}
}

func TestDefectIsAnsweredAndTheServerLives(t *testing.T) {
	h := New(DefaultConfig(), Deps{}) // without parts, every call that needs one panics
	answer := httptest.NewRecorder()
	h.ServeHTTP(answer, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/nacos/v1/ns/instance/list?serviceName=s", nil))
	if answer.Code != http.StatusInternalServerError || !strings.Contains(answer.Body.String(), "internal error") {
		t.Errorf("got %d %s", answer.Code, answer.Body)
	}
}

func TestServerIsLimited(t *testing.T) {
	s := Server(http.NotFoundHandler(), limits.Default())
	if s.ReadHeaderTimeout == 0 || s.ReadTimeout == 0 || s.WriteTimeout == 0 || s.IdleTimeout == 0 || s.MaxHeaderBytes == 0 {
		t.Errorf("a limit is missing: %+v", s)
	}
}
