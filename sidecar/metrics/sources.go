package metrics

import (
	"context"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/distro-naming/naming-operator/sidecar/member"
	"github.com/distro-naming/naming-operator/sidecar/report"
	"github.com/distro-naming/naming-operator/sidecar/settings"
)

// scrapeTimeout bounds how long a scrape waits for the replica.
const scrapeTimeout = 2 * time.Second

// Sources are asked at each scrape. An error means that the member is stopping:
// what it would have told is then left out.
type Sources struct {
	Report        func(context.Context) (report.Report, error)
	Counts        func(context.Context) (Counts, error)
	Subscriptions func() map[string]int // by state: settled, delivering, waiting
	Connections   func() int
	Moves         func() uint64 // clients that agreed to go to another member
	Merged        func() uint64 // pushes that a later one made unnecessary
}

// Counts are what replication counts by itself.
type Counts struct {
	LoadTook  time.Duration // 0 until the start-up load is complete
	Compared  uint64        // digests of all that is owned here that peers answered
	Differing uint64        // of those, the ones that they had otherwise
	Different uint64        // clients that peers had otherwise when they were verified
	Resent    uint64        // sends caused by that
	Retried   uint64        // sends made again after a failure
	Abandoned uint64        // changes that some peer is told no more

	Settings settings.Counts // how much is said of services and instances
}

// Watch adds the metrics that are read at each scrape.
func (m *Metrics) Watch(s Sources) { m.registry.MustRegister(&collector{s}) }

type collector struct{ Sources }

func describe(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc(prefix+name, help, labels, nil)
}

var (
	descLoaded        = describe("loaded", "1 when the start-up load is complete.")
	descLoadTook      = describe("load_duration_seconds", "How long the start-up load took; absent until it is complete.")
	descGeneration    = describe("members_generation", "Generation of the member list in use.")
	descClients       = describe("clients", "Clients that publish something, by owner (self, peer).", "owner")
	descServices      = describe("services", "Services with at least one instance.")
	descInstances     = describe("instances", "Instances listed.")
	descPending       = describe("pending_changes", "Changes a peer has not acknowledged.", "peer")
	descPeerUp        = describe("peer_up", "1 while the peer answers.", "peer")
	descTransport     = describe("peer_transport", "1 for how the peer is told changes now (stream, v2).", "peer", "transport")
	descSubscriptions = describe("subscriptions", "Subscriptions, by state (settled, delivering, waiting).", "state")
	descConnections   = describe("connections", "Client connections here.")
	descMoves         = describe("moved_connections_total", "Clients that agreed to go to another member when they were asked.")
	descMerged        = describe("merged_pushes_total", "Changes that were pushed together with a later one.")
	descBraked        = describe("braked_services", "Services of which lost instances are held as unhealthy.")
	descCompared      = describe("digest_comparisons_total", "Digests of all that is owned here that peers compared with theirs.")
	descDiffering     = describe("digest_differences_total", "Digests that peers had otherwise.")
	descDifferent     = describe("verify_mismatches_total", "Clients that peers had otherwise, or not, when they were verified.")
	descResent        = describe("verify_resends_total", "Sends caused by verify mismatches.")
	descRetried       = describe("retried_sends_total", "Sends and drops made again after a failure.")
	descNotAfter      = describe("tls_certificate_not_after_seconds", "When the certificate in use expires, Unix seconds.", "use")
	descFault         = describe("tls_fault", "1 while the files are refused, or the certificate in use has expired.", "use")
	descRequired      = describe("tls_required", "1 while plaintext is refused.", "use")
	descPlaintext     = describe("tls_plaintext_connections", "Open connections that are plaintext, where TLS is on.", "use")
	descDigest        = describe("digest", "The first 48 bits of a digest (registry, settings), as a number.", "of")
	descSettings      = describe("settings", "What is set by the API (of a service, an instance), and tombstones of that.", "of")
	descAuthRequired  = describe("auth_required", "1 while nobody passes without a right, 0 while auth is Permissive.")
	descAuthFault     = describe("auth_fault", "1 while the newest users and keys are refused.")
	descAbandoned     = describe("abandoned_changes_total", "Changes that a peer is told no more.")
)

// Describe sends nothing: the metrics depend on the member list.
func (c *collector) Describe(chan<- *prometheus.Desc) {}

// Collect asks the sources and sends what they tell.
func (c *collector) Collect(out chan<- prometheus.Metric) {
	gauge := func(d *prometheus.Desc, v float64, labels ...string) {
		out <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
	}
	for state, n := range c.Subscriptions() {
		gauge(descSubscriptions, float64(n), state)
	}
	gauge(descConnections, float64(c.Connections()))
	count(out, descMoves, c.Moves())
	count(out, descMerged, c.Merged())
	ctx, cancel := context.WithTimeout(context.Background(), scrapeTimeout)
	defer cancel()
	if counts, err := c.Counts(ctx); err == nil {
		counts.send(out)
	}
	r, err := c.Report(ctx)
	if err != nil {
		return
	}
	gauge(descLoaded, truth(r.Loaded))
	gauge(descGeneration, float64(r.Generation))
	gauge(descClients, float64(r.Owned), "self")
	gauge(descClients, float64(r.Clients-r.Owned), "peer")
	gauge(descServices, float64(r.Services))
	gauge(descInstances, float64(r.Instances))
	gauge(descBraked, float64(r.Braked))
	for of, text := range map[string]string{"registry": r.Digest, "settings": r.SettingsDigest} {
		if n, err := strconv.ParseUint(text[:min(len(text), digits)], 16, 64); err == nil {
			gauge(descDigest, float64(n), of)
		}
	}
	protection(r, gauge)
	if r.Auth != nil {
		gauge(descAuthRequired, truth(r.Auth.Mode == "Required"))
		gauge(descAuthFault, truth(r.Auth.Fault != ""))
	}
	for _, p := range r.Peers {
		gauge(descPending, float64(p.Pending), p.Member)
		if p.Transport != "" {
			gauge(descTransport, 1, p.Member, p.Transport)
		}
		gauge(descPeerUp, truth(p.State == string(member.Up)), p.Member)
	}
}

// digits is how much of a digest is told as a number: what a float64 holds exactly.
const digits = 12

// protection sends how TLS stands; nothing while it is off.
func protection(r report.Report, gauge func(d *prometheus.Desc, v float64, labels ...string)) {
	if r.TLS == nil {
		return
	}
	for use, u := range map[string]*report.TLSUse{"members": r.TLS.Members, "clients": r.TLS.Clients} {
		if u == nil {
			continue
		}
		if u.NotAfter != nil {
			gauge(descNotAfter, float64(u.NotAfter.Unix()), use)
		}
		gauge(descFault, truth(u.Fault != ""), use)
		gauge(descRequired, truth(u.Mode == "Required"), use)
		gauge(descPlaintext, float64(u.Plaintext), use)
	}
}

func (c Counts) send(out chan<- prometheus.Metric) {
	if c.LoadTook > 0 {
		out <- prometheus.MustNewConstMetric(descLoadTook, prometheus.GaugeValue, c.LoadTook.Seconds())
	}
	count(out, descCompared, c.Compared)
	count(out, descDiffering, c.Differing)
	count(out, descDifferent, c.Different)
	count(out, descResent, c.Resent)
	count(out, descRetried, c.Retried)
	count(out, descAbandoned, c.Abandoned)
	for of, n := range map[string]int{
		"service": c.Settings.Services, "instance": c.Settings.Instances, "tombstone": c.Settings.Tombstones,
	} {
		out <- prometheus.MustNewConstMetric(descSettings, prometheus.GaugeValue, float64(n), of)
	}
}

func count(out chan<- prometheus.Metric, d *prometheus.Desc, n uint64) {
	out <- prometheus.MustNewConstMetric(d, prometheus.CounterValue, float64(n))
}

func truth(b bool) float64 {
	if b {
		return 1
	}
	return 0
}
