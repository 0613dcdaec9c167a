package sidecar

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/distro-naming/naming-operator/sidecar/member"
	"github.com/distro-naming/naming-operator/sidecar/tlsfiles/tlstest"
)

// Who is not in a member's list may not speak to it, whatever it says of itself,
// until it is; and no longer when it is not any more.
func TestStrangersAreRefusedUntilTheyAreListed(t *testing.T) {
	for name, tc := range map[string]struct {
		n      int
		tls    bool
		reason string
	}{
		"by their address":     {70, false, "address"},
		"by their certificate": {73, true, "certificate"},
	} {
		t.Run(name, func(t *testing.T) {
			a, b, c := loopback(tc.n), loopback(tc.n+1), loopback(tc.n+2)
			dir := t.TempDir()
			theirs := filepath.Join(dir, "cluster.conf") // in which c stands
			list := member.NewList(1, []member.Address{member.Address(a + ":8848"), member.Address(b + ":8848"), member.Address(c + ":8848")}, nil)
			if err := os.WriteFile(theirs, []byte(member.Format(list)), 0o600); err != nil {
				t.Fatal(err)
			}
			ours := tlstest.New(t, "ours")
			h := open(t, func(ip string, cfg *Config) {
				cfg.StrictPeers = !tc.tls
				if tc.tls {
					cfg.TLSMembers = filepath.Join(dir, ip)
					tlstest.Write(t, cfg.TLSMembers, ours.Issue([]string{ip}), ours.Bundle)
				}
				if ip == c {
					cfg.MemberList = theirs
				}
			}, a, b)
			h.ready(a, b)
			h.start(c)
			h.eventually("a counts c", func() bool {
				_, text := h.get(a, "/metrics")
				return strings.Contains(text, `naming_refused_peers_total{reason="`+tc.reason+`"}`)
			})
			h.eventually("c is told", func() bool {
				p := h.report(c).Peers
				return strings.Contains(p[0].Error, "This port is for members of the list") && strings.Contains(p[1].Error, "500/403")
			})
			h.setList(2, a, b, c)
			h.meet(a, b, c) // it is let in when it is listed

			h.setList(3, a, b)
			h.eventually("it is cut off when it is not any more", func() bool {
				p := h.report(c).Peers
				return p[0].State != "UP" && strings.Contains(p[0].Error, "This port is for members of the list")
			})
		})
	}
}

// What members tell each other on the main port is theirs too.
func TestMembersPathsOfTheMainPortAreGuarded(t *testing.T) {
	a, b, c := loopback(76), loopback(77), loopback(78)
	s := protected(t, "Required", "Permissive", a)
	h := open(t, func(_ string, cfg *Config) { cfg.StrictPeers = true }, b)
	free := open(t, nil, c)
	s.ready(a)
	h.ready(b)
	free.ready(c)
	for path, method := range map[string]string{
		"/nacos/v1/ns/distro/datum": "PUT", "/nacos/v1/ns/distro/datums": "GET", "/nacos/v1/ns/distro/checksum?source=x": "PUT",
		"/nacos/v1/ns/service/status": "POST", "/nacos/v1/core/cluster/report": "POST",
	} {
		for ip, want := range map[string]string{a: "speak TLS", b: "members of the list"} {
			if status, body := h.call(method, "http://"+ip+":8848"+path); status != http.StatusForbidden || !strings.Contains(body, want) {
				t.Errorf("%s %s: %d %s, want 403 %s", method, path, status, body, want)
			}
		}
		if status, _ := h.call(method, "http://"+c+":8848"+path); status == http.StatusForbidden {
			t.Errorf("%s %s is forbidden where nobody asked for that", method, path)
		}
	}
	if got := s.instances(a, "POST", "?serviceName=web&ip=10.0.0.1&port=80"); got != "ok" {
		t.Errorf("a client is answered %s", got)
	}
}

// A write of a client by HTTP reaches its owner also where the main ports take TLS
// only: members come there with certificates of theirs, and those that have none
// from their addresses.
func TestForwardedWritesReachTheirOwners(t *testing.T) {
	t.Run("by TLS", func(t *testing.T) { forwards(t, "Required", loopback(79), loopback(80), loopback(81)) })
	t.Run("by plaintext", func(t *testing.T) { forwards(t, "", loopback(82), loopback(83), loopback(84)) })
}

func forwards(t *testing.T, members, a, b, c string) {
	t.Helper()
	h := protected(t, members, "Required", a, b, c)
	h.ready(a, b, c)
	h.meet(a, b, c) // nothing is forwarded to one that is down
	web := &http.Client{Transport: &http.Transport{TLSClientConfig: h.trust()}}
	t.Cleanup(web.CloseIdleConnections)
	for i := range 6 {
		url := "https://" + a + ":8848/nacos/v1/ns/instance?serviceName=web&port=80&ip=10.0.0." + string(rune('1'+i))
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, nil)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := web.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		if resp.StatusCode != http.StatusOK {
			t.Errorf("registering was answered %s", resp.Status)
		}
	}
	h.agree("all have all", 6, a, b, c)
	for _, ip := range h.ips {
		if n := h.report(ip).Owned; n == 0 || n == 6 {
			t.Errorf("%s owns %d of six clients, want a share: they were not forwarded", ip, n)
		}
	}
}
