// Package admin serves the people and programs that look after a member:
// probes, status, metrics, and the command to leave. It is plain HTTP on a port
// of its own, never on the clients' ports, and changes nothing except by Drain,
// which only a caller on this very host may ask for.
package admin

import (
	"context"
	"encoding/json"
	"net"
	"net/http"
	"net/netip"
	"time"

	"github.com/distro-naming/naming-operator/sidecar/naming"
	"github.com/distro-naming/naming-operator/sidecar/report"
)

// Sources is what the server answers from. All of them may be called from any
// goroutine.
type Sources struct {
	Live     func() error // nil while the process can do its work
	Ready    func() error // nil while clients should be sent here
	Report   func(context.Context) (report.Report, error)
	Services func() []naming.ServiceKey
	View     func(naming.ServiceKey) *naming.View
	Causes   func(context.Context, naming.ServiceKey) ([]naming.Cause, error) // the newest first
	Drain    func(context.Context) error                                      // leaves; returns when done or at its deadline
	Metrics  http.Handler
}

// Handler returns the admin API:
//
//	GET  /livez /readyz   200 "ok", or 503 with the reason
//	GET  /metrics         Prometheus
//	GET  /v1/status       report.Report
//	GET  /v1/services     [Service]
//	GET  /v1/instances    ?namespace=&group=&service= → Instances
//	GET  /v1/causes       the same → [Cause], the newest first
//	POST /v1/drain        from loopback only; answers when the member has left
func Handler(s Sources) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /livez", probe(s.Live))
	mux.HandleFunc("GET /readyz", probe(s.Ready))
	mux.Handle("GET /metrics", s.Metrics)
	mux.HandleFunc("GET /v1/status", s.status)
	mux.HandleFunc("GET /v1/services", s.services)
	mux.HandleFunc("GET /v1/instances", s.instances)
	mux.HandleFunc("GET /v1/causes", s.causes)
	mux.HandleFunc("POST /v1/drain", s.drain)
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

// Service is one line of /v1/services.
type Service struct {
	Namespace string `json:"namespace"`
	Group     string `json:"group"`
	Name      string `json:"name"`
	Instances int    `json:"instances"`
	Healthy   int    `json:"healthy"`
}

func (s Sources) services(w http.ResponseWriter, _ *http.Request) {
	out := []Service{}
	for _, key := range s.Services() {
		line := Service{Namespace: key.Namespace, Group: key.Group, Name: key.Name}
		for _, host := range s.View(key).Hosts {
			line.Instances++
			if host.Healthy && host.Enabled {
				line.Healthy++
			}
		}
		out = append(out, line)
	}
	writeJSON(w, out)
}

// Instance is one line of /v1/instances.
type Instance struct {
	IP       string            `json:"ip"`
	Port     int               `json:"port"`
	Cluster  string            `json:"cluster"`
	Weight   float64           `json:"weight"`
	Healthy  bool              `json:"healthy"`
	Enabled  bool              `json:"enabled"`
	Metadata map[string]string `json:"metadata"`
}

func (s Sources) instances(w http.ResponseWriter, r *http.Request) {
	out := []Instance{}
	for _, h := range s.View(asked(r)).Hosts {
		out = append(out, Instance{
			IP: h.IP, Port: h.Port, Cluster: h.Cluster, Weight: h.Weight,
			Healthy: h.Healthy, Enabled: h.Enabled, Metadata: h.Metadata,
		})
	}
	writeJSON(w, out)
}

// asked returns the service that a request names.
func asked(r *http.Request) naming.ServiceKey {
	q := r.URL.Query()
	return naming.ServiceKey{Namespace: q.Get("namespace"), Group: q.Get("group"), Name: q.Get("service")}
}

func (s Sources) drain(w http.ResponseWriter, r *http.Request) {
	if !fromLoopback(r) {
		http.Error(w, "drain: only from this host; in a pod run: distro-sidecar drain", http.StatusForbidden)
		return
	}
	if err := s.Drain(r.Context()); err != nil {
		http.Error(w, err.Error(), http.StatusGatewayTimeout)
		return
	}
	_, _ = w.Write([]byte("drained\n")) // the caller has gone: the member has left all the same
}

func fromLoopback(r *http.Request) bool {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return false
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.IsLoopback()
}

func writeJSON(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(v) // plain structs encode; a gone caller needs no answer
}
