// Package admin serves the people and programs that look after a member:
// probes, status, metrics, and the command to leave. It is plain HTTP on a port
// of its own, never on the clients' ports, and changes nothing except by Drain
// and Move, which only a caller on this very host may ask for. How the member is
// everybody may know; what clients publish, where auth is on, who has the right to.
package admin

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"time"

	"github.com/distro-naming/naming-operator/sidecar/member"
	"github.com/distro-naming/naming-operator/sidecar/naming"
	"github.com/distro-naming/naming-operator/sidecar/report"
	"github.com/distro-naming/naming-operator/sidecar/settings"
)

// Sources is what the server answers from. All of them may be called from any
// goroutine.
type Sources struct {
	Live     func() error // nil while the process can do its work
	Ready    func() error // nil while clients should be sent here
	Report   func(context.Context) (report.Report, error)
	Services func() []naming.ServiceKey
	Watched  func() map[naming.ServiceKey]int // subscribers, of the services that have any
	View     func(naming.ServiceKey) *naming.View
	Listed   func(context.Context, naming.ServiceKey) ([]naming.Listed, error)
	Causes   func(context.Context, naming.ServiceKey) ([]naming.Cause, error) // the newest first
	Holdings func(context.Context) ([]naming.Holding, error)
	Held     func(ctx context.Context, owner member.Address, buckets []uint8) ([]naming.Held, error)
	Settings func(context.Context) ([]settings.Entry, error)                  // that hold, in order
	Drain    func(context.Context) error                                      // leaves; returns when done or at its deadline
	Move     func(ctx context.Context, clients int, to string) (Moved, error) // 0 clients: all; to "": wherever else
	Metrics  http.Handler

	// Permit says why a caller from elsewhere may not read what clients publish in a
	// namespace, or nil; it is nil itself while auth is off.
	Permit func(ctx context.Context, c Caller, namespace string) *Refusal
}

// Handler returns the admin API:
//
//	GET  /livez /readyz   200 "ok", or 503 with the reason
//	GET  /metrics         Prometheus
//	GET  /v1/status       report.Report
//	GET  /v1/digests      [Digest], of what is held of each owner
//	GET  /v1/services     [Service]
//	GET  /v1/instances    ?namespace=&group=&service= → [Instance]
//	GET  /v1/causes       the same → [Cause], the newest first
//	GET  /v1/records      ?owner=&bucket=&bucket=… → [Record]
//	GET  /v1/settings     [Setting]
//	POST /v1/drain        from this host only; answers when the member has left
//	POST /v1/move         ?clients=&to=, from this host only → Moved
//
// From services to settings they tell what clients publish: where auth is on, to
// this host, and to who has the right to read it.
func Handler(s Sources) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /livez", probe(s.Live))
	mux.HandleFunc("GET /readyz", probe(s.Ready))
	mux.Handle("GET /metrics", s.Metrics)
	mux.HandleFunc("GET /v1/status", s.status)
	mux.HandleFunc("GET /v1/digests", s.digests)
	mux.HandleFunc("GET /v1/services", s.guarded(everywhere, s.services))
	mux.HandleFunc("GET /v1/instances", s.guarded(oneNamespace, s.instances))
	mux.HandleFunc("GET /v1/causes", s.guarded(oneNamespace, s.causes))
	mux.HandleFunc("GET /v1/records", s.guarded(everywhere, s.records))
	mux.HandleFunc("GET /v1/settings", s.guarded(everywhere, s.settings))
	mux.HandleFunc("POST /v1/drain", s.drain)
	mux.HandleFunc("POST /v1/move", s.move)
	return mux
}

// NewServer returns a server for h with limits against slow callers. Drain may
// take as long as drainTimeout to be answered.
func NewServer(h http.Handler, drainTimeout time.Duration) *http.Server {
	return &http.Server{
		Handler:           h,
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       10 * time.Second,
		WriteTimeout:      drainTimeout + 10*time.Second,
		IdleTimeout:       time.Minute,
		MaxHeaderBytes:    16 << 10,
	}
}

func probe(check func() error) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		if err := check(); err != nil {
			http.Error(w, err.Error(), http.StatusServiceUnavailable)
			return
		}
		_, _ = w.Write([]byte("ok\n")) // the prober has gone: nobody is left to tell
	}
}

func (s Sources) status(w http.ResponseWriter, r *http.Request) {
	out, err := s.Report(r.Context())
	if err != nil {
		http.Error(w, err.Error(), http.StatusServiceUnavailable)
		return
	}
	writeJSON(w, out)
}

// asked returns the service that a request names. Without a namespace or a group it is
// in the default one; one that is given as empty is meant so, as Java servers have it.
// Who names no service would get nothing and take it for an answer.
func asked(r *http.Request) (naming.ServiceKey, error) {
	q := r.URL.Query()
	or := func(name, otherwise string) string {
		if q.Has(name) {
			return q.Get(name)
		}
		return otherwise
	}
	s := naming.ServiceKey{
		Namespace: or("namespace", naming.DefaultNamespace), Group: or("group", naming.DefaultGroup), Name: q.Get("service"),
	}
	if s.Name == "" {
		return s, errors.New("which service? give service=NAME, and namespace= and group= if they are not the default; " +
			"/v1/services lists them")
	}
	return s, nil
}

func (s Sources) drain(w http.ResponseWriter, r *http.Request) {
	if _, here := origin(r); !here {
		http.Error(w, "drain: only from this host; in a pod run: distro-sidecar drain", http.StatusForbidden)
		return
	}
	if err := s.Drain(r.Context()); err != nil {
		http.Error(w, err.Error(), http.StatusGatewayTimeout)
		return
	}
	_, _ = w.Write([]byte("drained\n")) // the caller has gone: the member has left all the same
}

func writeJSON(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(v) // plain structs encode; a gone caller needs no answer
}
