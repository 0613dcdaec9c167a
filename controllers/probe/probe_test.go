package probe

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/distro-naming/naming-operator/sidecar/member"
	"github.com/distro-naming/naming-operator/sidecar/report"
)

const demo0 member.Address = "demo-0.demo-headless.prod.svc:8848"

// serve answers every question of the returned Prober with handler.
func serve(t *testing.T, handler http.HandlerFunc) *Prober {
	t.Helper()
	s := httptest.NewServer(handler)
	t.Cleanup(s.Close)
	_, port, err := net.SplitHostPort(s.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	n, err := strconv.Atoi(port)
	if err != nil {
		t.Fatal(err)
	}
	return New(n)
}

func TestProbeTakesOnlyWhatTheMemberItselfSays(t *testing.T) {
	tests := map[string]struct {
		answer   http.HandlerFunc
		answered bool
	}{
		"a report":                       {says(`{"member":"` + string(demo0) + `","digest":"a","loaded":true}`), true},
		"the report of another member":   {says(`{"member":"demo-1.demo-headless.prod.svc:8848"}`), false},
		"something that is not a report": {says(`<html>`), false},
		"a report that never ends":       {says(`{"member":"` + strings.Repeat("x", maxBody) + `"}`), false},
		"a refusal": {
			func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "no", http.StatusForbidden) }, false,
		},
		"a redirection to somebody else": {func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "http://example.invalid/", http.StatusFound)
		}, false},
		"a connection closed in the middle": {func(w http.ResponseWriter, _ *http.Request) { panic(http.ErrAbortHandler) }, false},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			got := serve(t, tc.answer).Probe(t.Context(), map[member.Address]string{demo0: "127.0.0.1"})
			if _, answered := got[demo0]; answered != tc.answered {
				t.Errorf("Probe = %v, answered: want %v", got, tc.answered)
			}
		})
	}
}

func TestProbeAsksEveryMember(t *testing.T) {
	pods := map[member.Address]string{}
	for i := range 3 * parallel {
		pods[member.Address(fmt.Sprintf("demo-%d.demo-headless.prod.svc:8848", i))] = fmt.Sprintf("127.0.1.%d", i+1)
	}
	p := serve(t, func(http.ResponseWriter, *http.Request) {})
	p.client.Transport = echo{pods}
	if got := p.Probe(t.Context(), pods); len(got) != len(pods) {
		t.Errorf("Probe got %d answers, want %d", len(got), len(pods))
	}
}

func TestProbeAsksAgainWhileDigestsDiffer(t *testing.T) {
	tests := map[string]struct {
		agreeAt int32 // the round from which on both members say the same
		asked   int32
	}{
		"members that agree are asked once":          {agreeAt: 1, asked: 2},
		"a change on its way is waited for":          {agreeAt: 2, asked: 4},
		"a difference that lasts is told in the end": {agreeAt: 9, asked: 2 * rounds},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			var asked atomic.Int32
			p := New(8080)
			p.client.Transport = answer(func(host string) report.Report {
				round := (asked.Add(1) + 1) / 2
				digest := "same"
				if round < tc.agreeAt {
					digest = host
				}
				return report.Report{Member: host, Digest: digest}
			})
			p.Probe(t.Context(), map[member.Address]string{"10.0.0.1:8080": "10.0.0.1", "10.0.0.2:8080": "10.0.0.2"})
			if got := asked.Load(); got != tc.asked {
				t.Errorf("questions = %d, want %d", got, tc.asked)
			}
		})
	}
}

func TestProbeEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	p := New(8080)
	p.client.Transport = answer(func(host string) report.Report {
		cancel()
		return report.Report{Member: host, Digest: host}
	})
	p.Probe(ctx, map[member.Address]string{"10.0.0.1:8080": "10.0.0.1", "10.0.0.2:8080": "10.0.0.2"})
}

func says(body string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/v1/status" {
			http.NotFound(w, r)
			return
		}
		_, _ = w.Write([]byte(body))
	}
}

// answer is a network where every host gives the report that the function returns.
type answer func(host string) report.Report

func (a answer) RoundTrip(r *http.Request) (*http.Response, error) {
	w := httptest.NewRecorder()
	err := json.NewEncoder(w).Encode(a(r.URL.Host))
	return w.Result(), err
}

// echo is a network where every pod reports the address that pods gives it.
type echo struct{ pods map[member.Address]string }

func (e echo) RoundTrip(r *http.Request) (*http.Response, error) {
	for address, ip := range e.pods {
		if ip == r.URL.Hostname() {
			return answer(func(string) report.Report { return report.Report{Member: string(address)} }).RoundTrip(r)
		}
	}
	return nil, fmt.Errorf("no pod has %s", r.URL.Host)
}
