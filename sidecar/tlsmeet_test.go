package sidecar

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/distro-naming/naming-operator/sidecar/tlsfiles/tlstest"
)

// What a member may have in its directory, in the words of the tests' names.
const (
	good      = "good"
	other     = "of another authority"
	none      = "none"
	elsewhere = "for another host"
	expired   = "expired"
)

// meeting is two members and how they are to get on.
type meeting struct {
	a, aMode, b, bMode string
	fails              string // what b counts; "" means nothing
	plain              int    // connections of members at b
}

// met reports whether they are to meet, in spite of what fails.
func (m meeting) met() bool { return m.fails == "" || m.aMode == "Permissive" }

// Members that are on the way have no certificates, or none that count, and speak
// to the others all the same.
func TestWhoSpeaksToWhom(t *testing.T) {
	for i, m := range []meeting{
		{good, "Required", good, "Required", "", 0},
		{good, "Required", good, "Permissive", "", 0},
		{good, "Permissive", good, "Permissive", "", 0},
		{good, "Permissive", none, "", "", 0},
		{none, "", good, "Permissive", "", 1},
		{other, "Permissive", good, "Permissive", "authority", 1},
		{elsewhere, "Permissive", good, "Permissive", "name", 0},
		{expired, "Permissive", good, "Permissive", "refused", 1},
		{none, "", good, "Required", "plaintext", 0},
		{other, "Required", good, "Required", "authority", 0},
		{elsewhere, "Required", good, "Required", "name", 0},
		{expired, "Required", good, "Required", "refused", 0},
	} {
		t.Run(fmt.Sprintf("%s %s, %s %s", m.a, m.aMode, m.b, m.bMode), func(t *testing.T) {
			meet(t, m, loopback(40+2*i), loopback(41+2*i))
		})
	}
}

func meet(t *testing.T, m meeting, a, b string) {
	t.Helper()
	dir := t.TempDir()
	ours := tlstest.New(t, "ours")
	give(t, dir, ours, a, m.a, m.aMode)
	give(t, dir, ours, b, m.b, m.bMode)
	modes := map[string]string{a: m.aMode, b: m.bMode}
	h := open(t, func(ip string, c *Config) {
		if modes[ip] != "" {
			c.TLSMembers, c.TLSPolicy = filepath.Join(dir, ip), filepath.Join(dir, ip+".policy")
		}
	}, a, b)
	answers := func(ip string) bool { status, _ := h.get(ip, "/livez"); return status == http.StatusOK }
	h.eventually("both run", func() bool { return answers(a) && answers(b) })
	up := func(ip string) bool { p := h.report(ip).Peers; return len(p) == 1 && p[0].State == "UP" }
	if m.met() {
		h.eventually("they meet", func() bool { return up(a) && up(b) })
	}
	if m.fails != "" {
		h.eventually("b counts the reason", func() bool {
			_, text := h.get(b, "/metrics")
			return strings.Contains(text, `_failures_total{reason="`+m.fails+`"`)
		})
	}
	if !m.met() {
		h.eventually("b says what is wrong with a", func() bool { p := h.report(b).Peers; return len(p) == 1 && p[0].Error != "" })
		if up(a) || up(b) {
			t.Error("they met")
		}
	}
	if tls := h.report(b).TLS; tls != nil && tls.Members.Plaintext != m.plain {
		t.Errorf("b has %d plaintext connections of members, want %d", tls.Members.Plaintext, m.plain)
	}
}

// give puts into a member's directory what it is said to have, and its policy
// beside.
func give(t *testing.T, dir string, ours *tlstest.Authority, ip, what, mode string) {
	t.Helper()
	leaf, by := ours.Issue([]string{ip}), ours
	switch what {
	case other:
		by = tlstest.New(t, "theirs")
		leaf = by.Issue([]string{ip})
	case elsewhere:
		leaf = ours.Issue([]string{"elsewhere.example"})
	case expired:
		leaf = ours.Issue([]string{ip}, tlstest.Expired)
	}
	tlstest.Write(t, filepath.Join(dir, ip), leaf, by.Bundle)
	if err := os.WriteFile(filepath.Join(dir, ip+".policy"), []byte("members="+mode), 0o600); err != nil {
		t.Fatal(err)
	}
}
