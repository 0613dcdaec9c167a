// Package metrics turns what a member does into Prometheus metrics. It
// implements the observers of the shells; label values come from closed sets
// (members of the list, kinds of call, verdicts), never from clients.
package metrics

import (
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/distro-naming/naming-operator/sidecar/member"
	"github.com/distro-naming/naming-operator/sidecar/naming"
)

const prefix = "naming_"

// Metrics holds the collectors of one member.
type Metrics struct {
	registry *prometheus.Registry
	calls    *prometheus.HistogramVec
	lag      *prometheus.HistogramVec
	offers   *prometheus.CounterVec
	expired  *prometheus.CounterVec
	braked   prometheus.Counter
	frames   *prometheus.CounterVec
	bytes    *prometheus.CounterVec
	resumed  *prometheus.CounterVec
	pushes   *prometheus.HistogramVec
	shakes   *prometheus.CounterVec
	refused  *prometheus.CounterVec
	over     *prometheus.CounterVec
	logins   *prometheus.CounterVec
	denied   *prometheus.CounterVec
}

// New returns metrics of its own registry, together with those of the Go
// runtime and the process.
func New() *Metrics {
	m := &Metrics{registry: prometheus.NewRegistry()}
	m.registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	m.replication()
	m.subscribers()
	m.protection()
	return m
}

func (m *Metrics) replication() {
	m.calls = m.histogram("peer_call_duration_seconds",
		"Calls to peers by kind (send, drop, post, verify, summarize, detail, load, settings) and result (ok, error).",
		prometheus.ExponentialBuckets(0.0005, 4, 8), "peer", "kind", "result")
	m.lag = m.histogram("replication_lag_seconds",
		"From a change made here to its acknowledgement by the peer; of merged changes, the oldest.",
		prometheus.ExponentialBuckets(0.001, 4, 9), "peer")
	m.offers = m.counter("offers_total", "Records and removals that peers offered, by verdict.", "verdict")
	m.expired = m.counter("expired_clients_total", "Replicated clients whose lease ended, by reason.", "reason")
	m.braked = m.counter("braked_instances_total",
		"Instances that were lost with many others and stay listed as unhealthy for a while.").WithLabelValues()
	m.frames = m.counter("stream_frames_total", "Frames written to the peer by a stream.", "peer")
	m.bytes = m.counter("stream_bytes_total", "Bytes of the frames written to the peer by a stream.", "peer")
	m.resumed = m.counter("stream_resumes_total", "Broken streams to the peer that were gone on with.", "peer")
}

func (m *Metrics) subscribers() {
	m.pushes = m.histogram("push_duration_seconds",
		"Deliveries to subscribers until their acknowledgement, by way (grpc, udp) and result (ok, error).",
		prometheus.ExponentialBuckets(0.0005, 4, 8), "over", "result")
}

func (m *Metrics) protection() {
	m.shakes = m.counter("tls_handshake_failures_total",
		"Connections that failed before anything was said, or would have if TLS were required.", "use", "side", "reason")
	m.refused = m.counter("refused_peers_total",
		"Calls and streams refused since who made them is no listed member, by what did not prove it.", "reason")
	m.logins = m.counter("logins_total", "Logins, by result: ok, or why not (password, paced, busy).", "result")
	m.denied = m.counter("auth_denied_total",
		"Calls refused for want of a right, or that would have been if auth were required.", "reason")
	m.over = m.counter("over_limit_total",
		"Connections, messages and calls refused or ended since they went over a limit, by its name.", "limit")
}

func (m *Metrics) counter(name, help string, labels ...string) *prometheus.CounterVec {
	c := prometheus.NewCounterVec(prometheus.CounterOpts{Name: prefix + name, Help: help}, labels)
	m.registry.MustRegister(c)
	return c
}

func (m *Metrics) histogram(name, help string, buckets []float64, labels ...string) *prometheus.HistogramVec {
	h := prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: prefix + name, Help: help, Buckets: buckets}, labels)
	m.registry.MustRegister(h)
	return h
}

// Handler serves the metrics.
func (m *Metrics) Handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{Registry: m.registry})
}

// Called counts a call to a peer.
func (m *Metrics) Called(to member.Address, kind string, took time.Duration, err error) {
	m.calls.WithLabelValues(string(to), kind, result(err)).Observe(took.Seconds())
}

// Acknowledged notes how long after it was made a peer took a change.
func (m *Metrics) Acknowledged(by member.Address, lag time.Duration) {
	m.lag.WithLabelValues(string(by)).Observe(lag.Seconds())
}

// Offered counts what became of a peer's offer.
func (m *Metrics) Offered(_ member.Address, verdict string) { m.offers.WithLabelValues(verdict).Inc() }

// Expired counts a replica whose lease ended.
func (m *Metrics) Expired(_ naming.ClientID, reason string) { m.expired.WithLabelValues(reason).Inc() }

// Braked counts instances that were lost and are held as unhealthy.
func (m *Metrics) Braked(instances int) { m.braked.Add(float64(instances)) }

// Framed counts a frame that was written to a peer.
func (m *Metrics) Framed(to member.Address, bytes int) {
	m.frames.WithLabelValues(string(to)).Inc()
	m.bytes.WithLabelValues(string(to)).Add(float64(bytes))
}

// Resumed counts a broken stream to a peer that was gone on with.
func (m *Metrics) Resumed(to member.Address) { m.resumed.WithLabelValues(string(to)).Inc() }

// Pushed counts a delivery to a subscriber, over grpc or udp.
func (m *Metrics) Pushed(over string, took time.Duration, err error) {
	m.pushes.WithLabelValues(over, result(err)).Observe(took.Seconds())
}

// Handshake counts a connection that failed, or would have if TLS were required.
func (m *Metrics) Handshake(use, side, reason string) {
	m.shakes.WithLabelValues(use, side, reason).Inc()
}

// Refused counts who came to the members and is none; reason is address or
// certificate.
func (m *Metrics) Refused(reason string) { m.refused.WithLabelValues(reason).Inc() }

// Over counts who went over a limit, by its name.
func (m *Metrics) Over(limit string) { m.over.WithLabelValues(limit).Inc() }

// Login counts somebody who logged in, or could not.
func (m *Metrics) Login(result string) { m.logins.WithLabelValues(result).Inc() }

// Denied counts a call without the right to it.
func (m *Metrics) Denied(reason string) { m.denied.WithLabelValues(reason).Inc() }

func result(err error) string {
	if err != nil {
		return "error"
	}
	return "ok"
}
