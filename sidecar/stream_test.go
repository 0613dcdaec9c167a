package sidecar

import (
	"fmt"
	"net/http"
	"slices"
	"testing"

	"github.com/distro-naming/naming-operator/sidecar/report"
)

// transports returns how a member tells each peer changes, in order.
func (h *house) transports(ip string) (out []string) {
	for _, p := range h.report(ip).Peers {
		out = append(out, p.Transport)
	}
	return out
}

// meet waits until each of these members has reached all the others and streams to
// them. Who is ready has not: one that was called before it listened is down for a
// while.
func (h *house) meet(ips ...string) {
	h.t.Helper()
	for _, ip := range ips {
		h.eventually(ip+" streams to the others", func() bool {
			peers := h.report(ip).Peers
			return len(peers) == len(ips)-1 && !slices.ContainsFunc(peers, func(p report.Peer) bool {
				return p.State != "UP" || p.Transport != "stream"
			})
		})
	}
}

func (h *house) agree(what string, instances int, ips ...string) {
	h.t.Helper()
	h.eventually(what, func() bool {
		var all []report.Report
		for _, ip := range ips {
			if all = append(all, h.report(ip)); all[len(all)-1].Instances != instances {
				return false
			}
		}
		return report.Agree(all)
	})
}

func TestMembersStreamWhereBothOfferIt(t *testing.T) {
	a, b, c := loopback(7), loopback(8), loopback(9)
	h := newHouse(t, a, b, c)
	h.meet(a, b, c)
	for i := range 20 {
		on := []string{a, b, c}[i%3]
		if got := h.instances(on, "POST", fmt.Sprintf("?serviceName=web&ip=10.0.0.%d&port=80", i)); got != "ok" {
			t.Fatalf("register: %s", got)
		}
	}
	h.agree("all hold the same", 20, a, b, c)

	h.leave(c) // and returns as one that offers no stream
	h.plain[c] = true
	h.start(c)
	h.eventually("c is back", func() bool { status, _ := h.get(c, "/readyz"); return status == http.StatusOK })
	h.eventually("a speaks to c by Nacos's messages", func() bool { return fmt.Sprint(h.transports(a)) == "[stream v2]" })
	h.eventually("c speaks to all by them", func() bool { return fmt.Sprint(h.transports(c)) == "[v2 v2]" })
	for i := range 10 {
		on := []string{a, b, c}[i%3]
		if got := h.instances(on, "DELETE", fmt.Sprintf("?serviceName=web&ip=10.0.0.%d&port=80", i)); got != "ok" {
			t.Fatalf("deregister: %s", got)
		}
	}
	h.agree("all hold the same again", 10, a, b, c)
}
