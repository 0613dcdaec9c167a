package sidecar

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/distro-naming/naming-operator/sidecar/tlsfiles/tlstest"
)

// secured is a house whose members and clients have certificates.
type secured struct {
	*house
	dir     string
	members *tlstest.Authority
	clients *tlstest.Authority
	policy  string
	ips     []string
}

// protected opens a house in which every member has both kinds of certificates, and
// the policy says members=m and clients=c. Without a mode there are none.
func protected(tb testing.TB, m, c string, ips ...string) *secured {
	tb.Helper()
	dir := tb.TempDir()
	s := &secured{
		dir: dir, ips: ips, policy: filepath.Join(dir, "policy"),
		members: tlstest.New(tb, "members"), clients: tlstest.New(tb, "clients"),
	}
	s.setPolicy(tb, m, c)
	s.issue(tb, s.members, s.members.Bundle)
	for _, ip := range ips {
		tlstest.Write(tb, s.at("clients", ip), s.clients.Issue([]string{"demo.default.svc"}), nil)
	}
	s.house = open(tb, func(ip string, cfg *Config) {
		if m != "" {
			cfg.TLSMembers = s.at("members", ip)
		}
		if c != "" {
			cfg.TLSClients = s.at("clients", ip)
		}
		cfg.TLSPolicy = s.policy
	}, ips...)
	return s
}

func (s *secured) at(use, ip string) string { return filepath.Join(s.dir, use, ip) }

// issue gives every member a new certificate of an authority, and the bundle.
func (s *secured) issue(tb testing.TB, by *tlstest.Authority, bundle []byte) {
	tb.Helper()
	for _, ip := range s.ips {
		tlstest.Write(tb, s.at("members", ip), by.Issue([]string{ip}), bundle)
	}
}

func (s *secured) setPolicy(tb testing.TB, m, c string) {
	tb.Helper()
	text := ""
	for use, mode := range map[string]string{"members": m, "clients": c} {
		if mode != "" {
			text += use + "=" + mode + "\n"
		}
	}
	if err := os.WriteFile(s.policy+".new", []byte(text), 0o600); err != nil {
		tb.Fatal(err)
	}
	if err := os.Rename(s.policy+".new", s.policy); err != nil {
		tb.Fatal(err)
	}
}

// trust is how a client of these members speaks TLS.
func (s *secured) trust() *tls.Config {
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(s.clients.Bundle)
	return &tls.Config{RootCAs: roots, ServerName: "demo.default.svc", MinVersion: tls.VersionTLS12}
}

// metric reports whether the metrics of a member have a line.
func (h *house) metric(ip, line string) bool {
	_, text := h.get(ip, "/metrics")
	return strings.Contains(text, line+"\n")
}

func (s *secured) mode(ip string) (members, clients string) {
	r := s.report(ip).TLS
	return r.Members.Mode, r.Clients.Mode
}

// What is renewed while members run is in use without a restart, and nobody who is
// subscribed sees anything go.
func TestRenewalIsNotSeenBySubscribers(t *testing.T) {
	a, b, c := loopback(31), loopback(32), loopback(33)
	h := protected(t, "Required", "Required", a, b, c)
	h.ready(a, b, c)
	for i, ip := range h.ips {
		connectTo(t, ip, fmt.Sprintf("10.0.0.%d", i), h.trust())
	}
	reader := connectTo(t, b, "", h.trust())
	h.eventually("all are listed", func() bool { return reader.lists(3) })
	before := h.report(a).TLS.Members.Issuer

	next := tlstest.New(t, "members, renewed")
	both := append(append([]byte{}, next.Bundle...), h.members.Bundle...)
	for _, step := range []struct {
		what   string
		by     *tlstest.Authority
		bundle []byte
	}{
		{"a new certificate", h.members, h.members.Bundle},
		{"a bundle of both", h.members, both},
		{"one of the next authority", next, both},
		{"only the next authority", next, next.Bundle},
	} {
		was := h.report(a).TLS.Members.NotAfter
		h.issue(t, step.by, step.bundle)
		h.eventually(step.what+" is in use", func() bool {
			r := h.report(a).TLS.Members
			return r.Fault == "" && !r.NotAfter.Before(*was)
		})
		fresh := connectTo(t, a, "10.0.1.1", h.trust()) // what is written now travels as before
		h.eventually(step.what+": a registration arrives", func() bool { return reader.lists(4) })
		fresh.stop()
		h.eventually(step.what+": and its end", func() bool { return reader.lists(3) })
	}
	h.eventually("the next authority is shown", func() bool { return h.report(a).TLS.Members.Issuer != before })
	h.meet(h.ips...)
	_, _, lost := reader.count()
	for _, ip := range lost {
		if ip != "10.0.1.1" {
			t.Errorf("a subscriber saw %s go", ip)
		}
	}
	if lost := len(lost); lost != 4 {
		t.Errorf("%d removals were seen, want the four that were made", lost)
	}
}

// Required closes what is plaintext, and what its clients published stays.
func TestTheWayToRequiredLosesNothing(t *testing.T) {
	a, b, c := loopback(34), loopback(35), loopback(36)
	h := protected(t, "Permissive", "Permissive", a, b, c)
	h.ready(a, b, c)
	plain := connectTo(t, a, "10.0.0.1", nil)
	connectTo(t, b, "10.0.0.2", h.trust())
	reader := connectTo(t, c, "", nil)
	h.eventually("both are listed", func() bool { return reader.lists(2) })
	h.eventually("plaintext is counted", func() bool { return h.metric(a, `naming_tls_plaintext_connections{use="clients"} 1`) })
	for _, ip := range h.ips {
		if n := h.report(ip).TLS.Members.Plaintext; n != 0 {
			t.Errorf("%d members speak plaintext to %s, want none: all have certificates", n, ip)
		}
	}

	plain.speak(h.trust()) // from its next connection on
	reader.speak(h.trust())
	h.setPolicy(t, "Required", "Required")
	h.eventually("it is Required", func() bool {
		members, clients := h.mode(a)
		return members == "Required" && clients == "Required"
	})
	for _, moving := range []*sdk{plain, reader} {
		h.eventually("who spoke plaintext has moved", func() bool {
			sessions, moves, _ := moving.count()
			return sessions == 2 && moves == 1
		})
	}
	h.eventually("no plaintext is left", func() bool { return h.metric(a, `naming_tls_plaintext_connections{use="clients"} 0`) })
	if _, _, lost := reader.count(); len(lost) > 0 {
		t.Errorf("a subscriber saw %v go", lost)
	}
	late := connectTo(t, a, "10.0.0.9", nil)
	h.eventually("plaintext is refused and counted", func() bool {
		_, text := h.get(a, "/metrics")
		return strings.Contains(text, `naming_tls_handshake_failures_total{reason="plaintext",side="accepted",use="clients"}`)
	})
	if sessions, _, _ := late.count(); sessions != 0 {
		t.Error("a client was let in by plaintext")
	}
	if status, body := h.call("GET", "http://"+a+":8848/nacos/v1/ns/operator/metrics"); status != http.StatusBadRequest || !strings.Contains(body, "https") {
		t.Errorf("plain HTTP was answered %d %s, want 400 and a hint", status, body)
	}
}
