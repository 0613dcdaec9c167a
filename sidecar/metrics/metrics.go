// Package metrics turns what a member does into Prometheus metrics. It
// implements the observers of the shells; label values come from closed sets
// (members of the list, kinds of call, verdicts), never from clients.
package metrics

import (
	"context"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/distro-naming/naming-operator/sidecar/member"
	"github.com/distro-naming/naming-operator/sidecar/naming"
	"github.com/distro-naming/naming-operator/sidecar/report"
)

const prefix = "naming_"

// scrapeTimeout bounds how long a scrape waits for the replica.
const scrapeTimeout = 2 * time.Second

// Metrics holds the collectors of one member.
type Metrics struct {
	registry *prometheus.Registry
	calls    *prometheus.HistogramVec
	offers   *prometheus.CounterVec
	expired  *prometheus.CounterVec
	pushes   *prometheus.HistogramVec
}

// New returns metrics of its own registry, together with those of the Go
// runtime and the process.
func New() *Metrics {
	m := &Metrics{
		registry: prometheus.NewRegistry(),
		calls: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name:    prefix + "peer_call_duration_seconds",
			Help:    "Calls to peers by kind (send, drop, verify, load) and result (ok, error).",
			Buckets: prometheus.ExponentialBuckets(0.0005, 4, 8),
		}, []string{"peer", "kind", "result"}),
		offers: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: prefix + "offers_total",
			Help: "Records and removals that peers offered, by verdict.",
		}, []string{"verdict"}),
		expired: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: prefix + "expired_clients_total",
			Help: "Replicated clients whose lease ended, by reason.",
		}, []string{"reason"}),
		pushes: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name:    prefix + "push_duration_seconds",
			Help:    "Deliveries to subscribers until their acknowledgement, by result (ok, error).",
			Buckets: prometheus.ExponentialBuckets(0.0005, 4, 8),
		}, []string{"result"}),
	}
	m.registry.MustRegister(m.calls, m.offers, m.expired, m.pushes,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

// Handler serves the metrics.
func (m *Metrics) Handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{Registry: m.registry})
}

// Called counts a call to a peer.
func (m *Metrics) Called(to member.Address, kind string, took time.Duration, err error) {
	m.calls.WithLabelValues(string(to), kind, result(err)).Observe(took.Seconds())
}

// Offered counts what became of a peer's offer.
func (m *Metrics) Offered(_ member.Address, verdict string) { m.offers.WithLabelValues(verdict).Inc() }

// Expired counts a replica whose lease ended.
func (m *Metrics) Expired(_ naming.ClientID, reason string) { m.expired.WithLabelValues(reason).Inc() }

// Pushed counts a delivery to a subscriber.
func (m *Metrics) Pushed(took time.Duration, err error) {
	m.pushes.WithLabelValues(result(err)).Observe(took.Seconds())
}

func result(err error) string {
	if err != nil {
		return "error"
	}
	return "ok"
}

// Watch adds the counts of the member's report, read at each scrape.
func (m *Metrics) Watch(source func(context.Context) (report.Report, error), subscriptions, connections func() int) {
	m.registry.MustRegister(&reportCollector{source: source, subscriptions: subscriptions, connections: connections})
}

type reportCollector struct {
	source        func(context.Context) (report.Report, error)
	subscriptions func() int
	connections   func() int
}

func gaugeOf(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc(prefix+name, help, labels, nil)
}

var (
	descLoaded        = gaugeOf("loaded", "1 when the start-up load is complete.")
	descGeneration    = gaugeOf("members_generation", "Generation of the member list in use.")
	descClients       = gaugeOf("clients", "Clients that publish something, by owner (self, peer).", "owner")
	descServices      = gaugeOf("services", "Services with at least one instance.")
	descInstances     = gaugeOf("instances", "Instances listed.")
	descPending       = gaugeOf("pending_changes", "Changes a peer has not acknowledged.", "peer")
	descPeerUp        = gaugeOf("peer_up", "1 while the peer answers.", "peer")
	descSubscriptions = gaugeOf("subscriptions", "Subscriptions of clients connected here.")
	descConnections   = gaugeOf("connections", "Client connections here.")
)

// Describe sends nothing: the metrics depend on the member list.
func (c *reportCollector) Describe(chan<- *prometheus.Desc) {}

// Collect reads one report and sends its counts.
func (c *reportCollector) Collect(out chan<- prometheus.Metric) {
	gauge := func(d *prometheus.Desc, v float64, labels ...string) {
		out <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
	}
	gauge(descSubscriptions, float64(c.subscriptions()))
	gauge(descConnections, float64(c.connections()))
	ctx, cancel := context.WithTimeout(context.Background(), scrapeTimeout)
	defer cancel()
	r, err := c.source(ctx)
	if err != nil {
		return // stopping: the counts are not to be had
	}
	gauge(descLoaded, truth(r.Loaded))
	gauge(descGeneration, float64(r.Generation))
	gauge(descClients, float64(r.Owned), "self")
	gauge(descClients, float64(r.Clients-r.Owned), "peer")
	gauge(descServices, float64(r.Services))
	gauge(descInstances, float64(r.Instances))
	for _, p := range r.Peers {
		gauge(descPending, float64(p.Pending), p.Member)
		gauge(descPeerUp, truth(p.State == string(member.Up)), p.Member)
	}
}

func truth(b bool) float64 {
	if b {
		return 1
	}
	return 0
}
