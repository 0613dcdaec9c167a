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

func one() int { return 1 }

func TestWhatHappenedIsCounted(t *testing.T) {
	m := New()
	m.Called("a:8848", "send", time.Millisecond, nil)
	m.Called("a:8848", "send", time.Second, errors.New("refused"))
	m.Offered("a:8848", "accepts")
	m.Expired("c1", "lease")
	m.Pushed(time.Millisecond, nil)
	m.Watch(func(context.Context) (report.Report, error) {
		return report.Report{Loaded: true, Generation: 7, Clients: 5, Owned: 2, Peers: []report.Peer{{Member: "a:8848", State: "UP", Pending: 3}}}, nil
	}, one, one)
	got := scrape(t, m)
	for _, want := range []string{
		`naming_peer_call_duration_seconds_count{kind="send",peer="a:8848",result="ok"} 1`,
		`naming_peer_call_duration_seconds_count{kind="send",peer="a:8848",result="error"} 1`,
		`naming_offers_total{verdict="accepts"} 1`,
		`naming_expired_clients_total{reason="lease"} 1`,
		`naming_push_duration_seconds_count{result="ok"} 1`,
		`naming_members_generation 7`,
		`naming_clients{owner="peer"} 3`,
		`naming_pending_changes{peer="a:8848"} 3`,
		`naming_peer_up{peer="a:8848"} 1`,
		`naming_loaded 1`,
		`process_cpu_seconds_total`,
	} {
		if !strings.Contains(got, want) {
			t.Errorf("metrics lack %s", want)
		}
	}
}

func TestScrapeOfAStoppingMemberStillAnswers(t *testing.T) {
	m := New()
	m.Watch(func(context.Context) (report.Report, error) { return report.Report{}, errors.New("stopping") }, one, one)
	got := scrape(t, m)
	if !strings.Contains(got, "naming_connections 1") || strings.Contains(got, "naming_loaded") {
		t.Errorf("metrics of a stopping member:\n%s", got)
	}
}
