package sidecar

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/go-logr/logr"

	"github.com/distro-naming/naming-operator/sidecar/member"
	"github.com/distro-naming/naming-operator/sidecar/report"
	"github.com/distro-naming/naming-operator/sidecar/settings"
)

// patience bounds every wait: it decides how long a failure takes, never
// whether a test passes.
const patience = 30 * time.Second

// house is some members in this process, each on a loopback IP of its own with
// the usual ports.
type house struct {
	t     testing.TB
	list  string
	plain map[string]bool // members that offer no stream
	stop  map[string]func() error
	tune  func(ip string, c *Config) // what else a member is started with
}

// loopback returns the n-th loopback IP of this process, so that two runs of the
// tests at once do not meet.
func loopback(n int) string {
	pid := os.Getpid()
	return fmt.Sprintf("127.%d.%d.%d", 64+pid>>8&63, pid&255, n)
}

func newHouse(t *testing.T, ips ...string) *house {
	t.Helper()
	h := open(t, nil, ips...)
	h.ready(ips...)
	return h
}

// open starts members and does not wait for them.
func open(tb testing.TB, tune func(ip string, c *Config), ips ...string) *house {
	tb.Helper()
	h := &house{
		tune: tune, t: tb, list: filepath.Join(tb.TempDir(), "cluster.conf"), plain: map[string]bool{}, stop: map[string]func() error{},
	}
	h.setList(1, ips...)
	for _, ip := range ips {
		h.start(ip)
	}
	tb.Cleanup(func() {
		for ip := range h.stop {
			h.leave(ip)
		}
	})
	return h
}

func (h *house) ready(ips ...string) {
	h.t.Helper()
	for _, ip := range ips {
		h.eventually(ip+" is ready", func() bool { status, _ := h.get(ip, "/readyz"); return status == http.StatusOK })
	}
}

func (h *house) setList(generation int64, ips ...string) {
	h.t.Helper()
	var list []member.Address
	for _, ip := range ips {
		list = append(list, member.Address(ip+":8848"))
	}
	text := member.Format(member.NewList(generation, list, nil))
	if err := os.WriteFile(h.list+".new", []byte(text), 0o600); err != nil {
		h.t.Fatal(err)
	}
	if err := os.Rename(h.list+".new", h.list); err != nil {
		h.t.Fatal(err)
	}
}

func (h *house) start(ip string) {
	cfg := Config{
		Address: member.Address(ip + ":8848"), MemberList: h.list, ListenHost: ip,
		AdminAddress: ip + ":8080", BrakeShare: 0.5, PeerStream: !h.plain[ip], DrainTimeout: 10 * time.Second, LogLevel: "info",
		Settings: settings.DefaultConfig(),
	}
	if h.tune != nil {
		h.tune(ip, &cfg)
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(h.t.Context()))
	done := make(chan error, 1)
	go func() { done <- Run(ctx, cfg, logr.Discard()) }()
	h.stop[ip] = func() error { cancel(); return <-done }
}

// leave ends a member the polite way.
func (h *house) leave(ip string) {
	h.t.Helper()
	if err := h.stop[ip](); err != nil {
		h.t.Errorf("%s ended with: %v", ip, err)
	}
	delete(h.stop, ip)
}

func (h *house) call(method, url string) (int, string) {
	h.t.Helper()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(h.t.Context()), patience)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, url, nil)
	if err != nil {
		h.t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, err.Error()
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return 0, err.Error()
	}
	return resp.StatusCode, string(body)
}

func (h *house) get(ip, path string) (int, string) { return h.call("GET", "http://"+ip+":8080"+path) }

// instances runs a v1 instance operation on a member.
func (h *house) instances(ip, method, rest string) string {
	_, body := h.call(method, "http://"+ip+":8848/nacos/v1/ns/instance"+rest)
	return body
}

func (h *house) eventually(what string, holds func() bool) {
	h.t.Helper()
	deadline := time.After(patience)
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for !holds() {
		select {
		case <-deadline:
			h.t.Fatalf("not seen within %s: %s", patience, what)
		case <-tick.C:
		}
	}
}

func (h *house) lists(ip, service, instance string) bool {
	return strings.Contains(h.instances(ip, "GET", "/list?serviceName="+service), `"ip":"`+instance+`"`)
}

func (h *house) report(ip string) report.Report {
	h.t.Helper()
	var r report.Report
	status, body := h.get(ip, "/v1/status")
	if status != http.StatusOK {
		h.t.Fatalf("status of %s: %d %s", ip, status, body)
	}
	if err := json.Unmarshal([]byte(body), &r); err != nil {
		h.t.Fatal(err)
	}
	return r
}

func TestMembersReplicateLeaveAndReturn(t *testing.T) {
	a, b, c := loopback(1), loopback(2), loopback(3)
	h := newHouse(t, a, b, c)
	for i := range 6 {
		body := h.instances(a, "POST", fmt.Sprintf("?serviceName=web&ip=10.0.0.%d&port=80", i))
		if body != "ok" {
			t.Fatalf("register: %s", body)
		}
	}
	for _, m := range []string{a, b, c} {
		h.eventually(m+" lists all", func() bool { return h.report(m).Instances == 6 })
	}
	h.eventually("digests agree", func() bool {
		return report.Agree([]report.Report{h.report(a), h.report(b), h.report(c)})
	})
	if status, body := h.call("POST", "http://"+c+":8080/v1/drain"); status != http.StatusOK {
		t.Errorf("drain: %d %s", status, body)
	}
	if status, body := h.get(c, "/readyz"); status != http.StatusServiceUnavailable || !strings.Contains(body, "draining") {
		t.Errorf("readiness of a draining member: %d %s, want 503 draining", status, body)
	}
	h.leave(c)
	for i := range 6 { // those that c owned are looked after by the others
		body := h.instances(a, "PUT", fmt.Sprintf(`/beat?serviceName=web&ip=10.0.0.%d&port=80`, i))
		if !strings.Contains(body, `"code":10200`) {
			t.Errorf("beat of 10.0.0.%d after its owner left: %s", i, body)
		}
	}
	h.start(c)
	h.eventually("c is back with everything", func() bool {
		status, _ := h.get(c, "/readyz")
		return status == http.StatusOK && h.report(c).Instances == 6
	})
}

func TestMemberListIsFollowedWhileRunning(t *testing.T) {
	a, b := loopback(4), loopback(5)
	h := newHouse(t, a)
	if got := h.instances(a, "POST", "?serviceName=web&ip=10.0.0.1&port=80"); got != "ok" {
		t.Fatalf("register: %s", got)
	}
	h.setList(2, a, b)
	h.start(b)
	h.eventually("the new member has everything", func() bool { return h.lists(b, "web", "10.0.0.1") })
	h.eventually("the old one follows the list", func() bool {
		r := h.report(a)
		return r.Generation == 2 && len(r.Peers) == 1 && r.Peers[0].State == "UP"
	})
	h.leave(b)
	h.setList(3, a)
	h.eventually("the old one is alone again", func() bool { return len(h.report(a).Peers) == 0 })
	if !h.lists(a, "web", "10.0.0.1") {
		t.Error("the instance was lost when a member left")
	}
}

func TestTakenPortIsNamed(t *testing.T) {
	a := loopback(6)
	h := newHouse(t, a)
	cfg := Config{Address: member.Address(a + ":8848"), MemberList: h.list, ListenHost: a, AdminAddress: a + ":8080"}
	err := Run(t.Context(), cfg, logr.Discard())
	if err == nil || !strings.Contains(err.Error(), a+":8848") || !strings.Contains(err.Error(), a+":8080") {
		t.Errorf("Run = %v, want both taken ports named", err)
	}
}
