package metrics

import (
	"context"
	"errors"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/distro-naming/naming-operator/sidecar/report"
)

func scrape(t *testing.T, m *Metrics) string {
	t.Helper()
	w := httptest.NewRecorder()
	m.Handler().ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), "GET", "/metrics", nil))
	return w.Body.String()
}

// eventful returns metrics of a member to which everything has happened once.
func eventful() *Metrics {
	m := New()
	m.Called("a:8848", "send", time.Millisecond, nil)
	m.Called("a:8848", "send", time.Second, errors.New("refused"))
	m.Acknowledged("a:8848", 3*time.Second)
	m.Offered("a:8848", "accepts")
	m.Expired("c1", "lease")
	m.Braked(12)
	m.Pushed("grpc", time.Millisecond, nil)
	m.Framed("a:8848", 300)
	m.Resumed("a:8848")
	m.Handshake("members", "accepted", "expired")
	m.Refused("address")
	m.Over("batch")
	m.Login("ok")
	m.Denied("right")
	expires := time.Unix(1893456000, 0)
	m.Watch(Sources{
		Report: func(context.Context) (report.Report, error) {
			return report.Report{
				Loaded: true, Generation: 7, Clients: 5, Owned: 2, Braked: 13,
				Digest: strings.Repeat("f", 32), SettingsDigest: "000000000010" + strings.Repeat("f", 20),
				Auth:  &report.Auth{Mode: "Required", Fault: "old"},
				TLS:   &report.TLS{Clients: &report.TLSUse{Mode: "Required", NotAfter: &expires, Fault: "old", Plaintext: 15}},
				Peers: []report.Peer{{Member: "a:8848", State: "UP", Transport: "stream", Pending: 3}},
			}, nil
		},
		Counts: func(context.Context) (Counts, error) {
			return Counts{LoadTook: 1500 * time.Millisecond, Compared: 14, Differing: 3, Different: 4, Resent: 5, Retried: 6, Abandoned: 7}, nil
		},
		Subscriptions: func() map[string]int { return map[string]int{"settled": 8, "waiting": 9} },
		Connections:   func() int { return 1 },
		Moves:         func() uint64 { return 10 },
		Merged:        func() uint64 { return 11 },
	})
	return m
}

func TestWhatHappenedIsCounted(t *testing.T) {
	got := scrape(t, eventful())
	for _, want := range []string{
		`naming_peer_call_duration_seconds_count{kind="send",peer="a:8848",result="ok"} 1`,
		`naming_peer_call_duration_seconds_count{kind="send",peer="a:8848",result="error"} 1`,
		`naming_replication_lag_seconds_sum{peer="a:8848"} 3`,
		`naming_offers_total{verdict="accepts"} 1`,
		`naming_expired_clients_total{reason="lease"} 1`,
		`naming_push_duration_seconds_count{over="grpc",result="ok"} 1`,
		`naming_members_generation 7`,
		`naming_clients{owner="peer"} 3`,
		`naming_pending_changes{peer="a:8848"} 3`,
		`naming_peer_up{peer="a:8848"} 1`,
		`naming_peer_transport{peer="a:8848",transport="stream"} 1`,
		`naming_stream_frames_total{peer="a:8848"} 1`,
		`naming_stream_bytes_total{peer="a:8848"} 300`,
		`naming_stream_resumes_total{peer="a:8848"} 1`,
		`naming_loaded 1`,
		`naming_tls_handshake_failures_total{reason="expired",side="accepted",use="members"} 1`,
		`naming_refused_peers_total{reason="address"} 1`,
		`naming_over_limit_total{limit="batch"} 1`,
		`naming_tls_certificate_not_after_seconds{use="clients"} 1.893456e+09`,
		`naming_tls_fault{use="clients"} 1`,
		`naming_tls_required{use="clients"} 1`,
		`naming_tls_plaintext_connections{use="clients"} 15`,
		`naming_load_duration_seconds 1.5`,
		`naming_digest_comparisons_total 14`,
		`naming_digest_differences_total 3`,
		`naming_verify_mismatches_total 4`,
		`naming_verify_resends_total 5`,
		`naming_retried_sends_total 6`,
		`naming_abandoned_changes_total 7`,
		`naming_subscriptions{state="waiting"} 9`,
		`naming_moved_connections_total 10`,
		`naming_merged_pushes_total 11`,
		`naming_braked_instances_total 12`,
		`naming_braked_services 13`,
		`naming_digest{of="registry"} 2.81474976710655e+14`,
		`naming_digest{of="settings"} 16`,
		`process_cpu_seconds_total`,
	} {
		if !strings.Contains(got, want) {
			t.Errorf("metrics lack %s", want)
		}
	}
}

func TestScrapeOfAStoppingMemberStillAnswers(t *testing.T) {
	m := New()
	m.Watch(Sources{
		Report:        func(context.Context) (report.Report, error) { return report.Report{}, errors.New("stopping") },
		Counts:        func(context.Context) (Counts, error) { return Counts{}, errors.New("stopping") },
		Subscriptions: func() map[string]int { return nil },
		Connections:   func() int { return 1 },
		Moves:         func() uint64 { return 10 },
		Merged:        func() uint64 { return 11 },
	})
	got := scrape(t, m)
	if !strings.Contains(got, "naming_connections 1") || strings.Contains(got, "naming_loaded") {
		t.Errorf("metrics of a stopping member:\n%s", got)
	}
}

func TestAMemberThatLoadsHasNoLoadDuration(t *testing.T) {
	out := Counts{}
	m := New()
	m.Watch(Sources{
		Report:        func(context.Context) (report.Report, error) { return report.Report{}, nil },
		Counts:        func(context.Context) (Counts, error) { return out, nil },
		Subscriptions: func() map[string]int { return nil },
		Connections:   func() int { return 0 },
		Moves:         func() uint64 { return 0 },
		Merged:        func() uint64 { return 0 },
	})
	if got := scrape(t, m); strings.Contains(got, "naming_load_duration_seconds") {
		t.Errorf("metrics of a loading member:\n%s", got)
	}
}
