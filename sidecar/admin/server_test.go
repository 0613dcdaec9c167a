package admin

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/distro-naming/naming-operator/sidecar/naming"
	"github.com/distro-naming/naming-operator/sidecar/report"
)

var web = naming.ServiceKey{Namespace: "public", Group: "DEFAULT_GROUP", Name: "web"}

func sources() Sources {
	view := &naming.View{Service: web, Hosts: []naming.Instance{
		{IP: "10.0.0.1", Port: 80, Cluster: "DEFAULT", Weight: 1, Healthy: true, Enabled: true, Metadata: map[string]string{"zone": "a"}},
		{IP: "10.0.0.2", Port: 80, Cluster: "DEFAULT", Weight: 1, Enabled: true},
	}}
	out := Sources{
		Live:  func() error { return nil },
		Ready: func() error { return nil },
		Report: func(context.Context) (report.Report, error) {
			return report.Report{Member: "a:8848", Digest: "00"}, nil
		},
		Services: func() []naming.ServiceKey { return []naming.ServiceKey{web} },
		View: func(s naming.ServiceKey) *naming.View {
			if s == web {
				return view
			}
			return &naming.View{Service: s}
		},
		Causes: func(_ context.Context, s naming.ServiceKey) ([]naming.Cause, error) {
			if s != web {
				return nil, nil
			}
			return []naming.Cause{{
				Time: time.Date(2026, 1, 2, 3, 4, 5, 0, time.FixedZone("", 3600)), Kind: naming.CauseExpired, Client: "1_x_1",
				Endpoint: naming.Endpoint{IP: "10.0.0.1", Port: 80, Cluster: "DEFAULT"}, Count: 1, Reason: "down",
			}, {
				Time: time.Unix(0, 0), Kind: naming.CauseSuperseded, Client: "1_x_1", By: "2_x_1",
				Endpoint: naming.Endpoint{IP: "10.0.0.1", Port: 80, Cluster: "DEFAULT"}, Count: 1,
			}}, nil
		},
		Drain:   func(context.Context) error { return nil },
		Metrics: http.NotFoundHandler(),
	}
	return withStock(out, view)
}

func ask(t *testing.T, s Sources, method, path, from string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), method, path, nil)
	if from != "" {
		r.RemoteAddr = from
	}
	w := httptest.NewRecorder()
	Handler(s).ServeHTTP(w, r)
	return w
}

func TestAnswers(t *testing.T) {
	broken := sources()
	broken.Ready = func() error { return errors.New("loading: 1 of 2 peers answered") }
	broken.Report = func(context.Context) (report.Report, error) { return report.Report{}, naming.ErrStopped }
	broken.Causes = func(context.Context, naming.ServiceKey) ([]naming.Cause, error) { return nil, naming.ErrStopped }
	broken.Drain = func(context.Context) error { return context.DeadlineExceeded }
	tests := map[string]struct {
		sources      Sources
		method, path string
		from         string
		status       int
		body         string
	}{
		"alive":                            {sources(), "GET", "/livez", "", 200, "ok"},
		"ready":                            {sources(), "GET", "/readyz", "", 200, "ok"},
		"not ready says why":               {broken, "GET", "/readyz", "", 503, "loading: 1 of 2 peers answered"},
		"status":                           {sources(), "GET", "/v1/status", "", 200, `"member":"a:8848"`},
		"no status from a stopped member":  {broken, "GET", "/v1/status", "", 503, "stopping"},
		"services":                         {sources(), "GET", "/v1/services", "", 200, `"instances":2,"healthy":1,"subscribers":3}`},
		"an unknown service has none":      {sources(), "GET", "/v1/instances?service=x", "", 200, "[]"},
		"an unknown service never changed": {sources(), "GET", "/v1/causes?service=x", "", 200, "[]"},
		"the default namespace and group":  {sources(), "GET", "/v1/causes?service=web", "", 200, `"kind":"expired"`},
		"the empty namespace is another":   {sources(), "GET", "/v1/causes?namespace=&service=web", "", 200, "[]"},
		"causes of no service are refused": {sources(), "GET", "/v1/causes", "", 400, "give service=NAME"},
		"no causes from a stopped member":  {broken, "GET", "/v1/causes?service=x", "", 503, "stopping"},
		"causes, in UTC and without what is not known": {
			sources(), "GET", "/v1/causes?namespace=public&group=DEFAULT_GROUP&service=web", "", 200,
			`[{"time":"2026-01-02T02:04:05Z","kind":"expired","client":"1_x_1","ip":"10.0.0.1","port":80,"cluster":"DEFAULT","count":1,"reason":"down"},` +
				`{"time":"1970-01-01T00:00:00Z","kind":"superseded","client":"1_x_1","ip":"10.0.0.1","port":80,"cluster":"DEFAULT","count":1,"by":"2_x_1"}]`,
		},
		"drain from this host":               {sources(), "POST", "/v1/drain", "127.0.0.1:4000", 200, "drained"},
		"drain from this host over IPv6":     {sources(), "POST", "/v1/drain", "[::1]:4000", 200, "drained"},
		"drain from elsewhere is refused":    {sources(), "POST", "/v1/drain", "10.0.0.9:4000", 403, "only from this host"},
		"drain that ran out of time":         {broken, "POST", "/v1/drain", "127.0.0.1:4000", 504, "deadline"},
		"drain must be asked for explicitly": {sources(), "GET", "/v1/drain", "127.0.0.1:4000", 405, ""},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			wantAnswer(t, ask(t, tc.sources, tc.method, tc.path, tc.from), tc.status, tc.body)
		})
	}
}

func wantAnswer(t *testing.T, w *httptest.ResponseRecorder, status int, body string) {
	t.Helper()
	if w.Code != status || !strings.Contains(w.Body.String(), body) {
		t.Errorf("answered %d %q, want %d with %q", w.Code, w.Body, status, body)
	}
}
