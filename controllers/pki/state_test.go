package pki

import (
	"bytes"
	"crypto/rand"
	"crypto/x509"
	"slices"
	"testing"
	"time"
)

var (
	noon  = time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)
	names = []string{"*.demo-headless.prod.svc", "localhost"}
	outer = []string{"demo.prod.svc", "192.0.2.1", "2001:0db8::1"}
)

// cluster is a state with members that report what they have been given.
type cluster struct {
	t    *testing.T
	now  time.Time
	want Want
	State
	shown []Shown
}

func newCluster(t *testing.T) *cluster {
	t.Helper()
	c := &cluster{t: t, now: noon, want: Want{Name: "prod/demo", Members: names, Clients: outer}, shown: make([]Shown, 3)}
	c.pass()
	c.load(0, 1, 2)
	return c
}

// pass takes one step.
func (c *cluster) pass() {
	c.t.Helper()
	next, err := c.Next(rand.Reader, c.want, Seen{Members: c.shown, Clients: c.clients()}, c.now)
	if err != nil {
		c.t.Fatal(err)
	}
	c.State = next
	c.trusting()
}

// clients is what the same members say of the certificate for clients.
func (c *cluster) clients() []Shown {
	if c.Clients == nil {
		return nil
	}
	return []Shown{{NotAfter: LifeOf(c.Clients.Cert).Until}}
}

// load lets members have what there is.
func (c *cluster) load(members ...int) {
	for _, m := range members {
		c.shown[m] = Shown{Trusts: Fingerprint(c.Members.Bundle), NotAfter: LifeOf(c.Members.Cert).Until}
	}
}

// trusting fails unless the certificate of the members comes from their bundle.
func (c *cluster) trusting() {
	c.t.Helper()
	for _, leaf := range []*Leaf{c.Members, c.Clients} {
		pool := x509.NewCertPool()
		pool.AppendCertsFromPEM(leaf.Bundle)
		if _, err := leaf.parse().Leaf.Verify(x509.VerifyOptions{Roots: pool, CurrentTime: c.now}); err != nil {
			c.t.Fatalf("certificate and bundle: %v", err)
		}
	}
}

func (c *cluster) authorities() int { return len(certificates(c.Members.Bundle)) }

func (c *cluster) byNewest(l *Leaf) bool { return by(l.parse().Leaf, c.Authority.parse().Leaf) }

func TestTheFirstCertificates(t *testing.T) {
	c := newCluster(t)
	for name, leaf := range map[string]*Leaf{"members": c.Members, "clients": c.Clients} {
		pair := leaf.parse()
		if pair == nil || !c.byNewest(leaf) || !bytes.Equal(leaf.Bundle, c.Authority.Cert) {
			t.Errorf("%s: not a pair by the authority that the bundle has", name)
		}
		if got := pair.Leaf.NotAfter; !got.Equal(noon.Add(LeafLife)) {
			t.Errorf("%s: valid until %s", name, got)
		}
		if !slices.Equal(pair.Leaf.ExtKeyUsage, []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}) {
			t.Errorf("%s: usages %v", name, pair.Leaf.ExtKeyUsage)
		}
	}
	for _, host := range []string{"demo-0.demo-headless.prod.svc", "localhost"} {
		if err := c.Members.parse().Leaf.VerifyHostname(host); err != nil {
			t.Error(err)
		}
	}
	for _, host := range []string{"demo.prod.svc", "192.0.2.1", "2001:db8::1"} {
		if err := c.Clients.parse().Leaf.VerifyHostname(host); err != nil {
			t.Error(err)
		}
	}
	if c.Rotating() || c.ClientsWait() {
		t.Error("new certificates are said to rotate")
	}
}

func TestNothingChangesWhileNothingIsDue(t *testing.T) {
	c := newCluster(t)
	before := c.State
	c.now = c.now.Add(LeafLife/2 + 24*time.Hour*4)
	c.pass()
	if !same(before, c.State) {
		t.Error("certificates changed without need")
	}
}

func same(a, b State) bool {
	return bytes.Equal(a.Authority.Cert, b.Authority.Cert) && bytes.Equal(a.Members.Cert, b.Members.Cert) &&
		bytes.Equal(a.Members.Bundle, b.Members.Bundle) && bytes.Equal(a.Clients.Cert, b.Clients.Cert)
}

func TestWhatRenewsACertificate(t *testing.T) {
	tests := map[string]func(*cluster){
		"two thirds of its life are over": func(c *cluster) { c.now = noon.Add(LeafLife / 3 * 2) },
		"it has expired":                  func(c *cluster) { c.now = noon.Add(2 * LeafLife) },
		"somebody asks":                   func(c *cluster) { c.want.RotateLeaves = "now" },
		"another name":                    func(c *cluster) { c.want.Members = append(slices.Clone(names), "other") },
		"a key that is not its own":       func(c *cluster) { c.Members.Key = c.Clients.Key },
		"nothing is left of it":           func(c *cluster) { c.Members = nil },
		"it is damaged":                   func(c *cluster) { c.Members.Cert = []byte("?") },
	}
	for name, change := range tests {
		t.Run(name, func(t *testing.T) {
			c := newCluster(t)
			old := c.Members.Cert
			change(c)
			c.pass()
			if bytes.Equal(old, c.Members.Cert) || !c.byNewest(c.Members) || c.authorities() != 1 {
				t.Error("the certificate was not renewed by the same authority")
			}
			renewed := c.State
			c.load(0, 1, 2)
			c.pass()
			if !same(renewed, c.State) {
				t.Error("it was renewed twice")
			}
		})
	}
}

func TestANewAuthorityIsSpreadBeforeItIsUsed(t *testing.T) {
	tests := map[string]func(*cluster){
		"asked for": func(c *cluster) { c.want.RotateAuthority = "now" },
		"due":       func(c *cluster) { c.now = noon.Add(AuthorityLife / 3 * 2) },
		"lost":      func(c *cluster) { c.Authority = Authority{} },
		"damaged":   func(c *cluster) { c.Authority.Key = []byte("?") },
	}
	for name, change := range tests {
		t.Run(name, func(t *testing.T) {
			c := newCluster(t)
			change(c)
			c.pass()
			c.load(0, 1) // a certificate may be due at the same time
			c.pass()
			for range 3 {
				if c.byNewest(c.Members) || c.authorities() != 2 || !c.Rotating() {
					t.Fatal("a member that does not trust the new authority yet is shown a certificate by it")
				}
				c.pass()
			}
			c.load(2)
			c.pass()
			if !c.byNewest(c.Members) || c.authorities() != 2 {
				t.Fatal("the certificate is not by the new authority, or the old one is no longer trusted")
			}
			c.load(0, 1)
			c.pass()
			if c.authorities() != 2 {
				t.Fatal("the old authority is not trusted any more while a member shows a certificate by it")
			}
			c.load(2)
			c.pass()
			if c.authorities() != 1 {
				t.Fatal("the old authority is still trusted")
			}
			if c.byNewest(c.Clients) || !c.ClientsWait() {
				t.Fatal("clients were given no time")
			}
			c.now = c.now.Add(Overlap)
			c.pass()
			c.load(0, 1, 2)
			c.pass()
			c.pass()
			if !c.byNewest(c.Clients) || len(c.Authority.Previous.Cert) > 0 || c.Rotating() {
				t.Error("the rotation has no end")
			}
		})
	}
}

func TestACertificateThatIsDueDuringARotationIsByTheOldAuthority(t *testing.T) {
	c := newCluster(t)
	c.want.RotateAuthority = "now"
	c.pass()
	old := c.Members.Cert
	c.want.RotateLeaves = "now"
	c.pass()
	if bytes.Equal(old, c.Members.Cert) || !by(c.Members.parse().Leaf, c.Authority.Previous.parse().Leaf) {
		t.Error("members that trust the old authority only are not shown a new certificate by it")
	}
}

func TestARequestForAnAuthorityWaitsForTheOneBefore(t *testing.T) {
	c := newCluster(t)
	c.want.RotateAuthority = "first"
	c.pass()
	first := c.Authority.Cert
	c.want.RotateAuthority = "second"
	c.pass()
	if !bytes.Equal(first, c.Authority.Cert) {
		t.Error("a third authority was made while the first is in use")
	}
}

func TestACertificateDoesNotOutliveItsAuthority(t *testing.T) {
	authority, err := NewAuthority(rand.Reader, "a", noon.Add(LeafLife/2-AuthorityLife))
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := issue(rand.Reader, authority.parse(), names, time.Time{}, noon)
	if err != nil || LifeOf(leaf.Cert).Until.After(LifeOf(authority.Cert).Until) {
		t.Errorf("valid until %s, the authority until %s, %v", LifeOf(leaf.Cert).Until, LifeOf(authority.Cert).Until, err)
	}
}
