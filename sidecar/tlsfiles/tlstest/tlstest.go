// Package tlstest makes authorities and certificates in memory, for tests.
package tlstest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// Authority signs certificates.
type Authority struct {
	Bundle []byte // its own certificate, as of ca.crt

	t    testing.TB
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

// New returns an authority of its own.
func New(tb testing.TB, name string) *Authority {
	tb.Helper()
	a := &Authority{t: tb, key: newKey(tb)}
	a.cert = &x509.Certificate{
		SerialNumber: serial(tb), Subject: pkix.Name{CommonName: name}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), KeyUsage: x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, a.cert, a.cert, a.key.Public(), a.key)
	if err != nil {
		tb.Fatal(err)
	}
	a.Bundle = encode("CERTIFICATE", der)
	return a
}

// Leaf is a certificate with its key, as of tls.crt and tls.key.
type Leaf struct{ Cert, Key []byte }

// Option changes a certificate before it is signed.
type Option func(*x509.Certificate)

// Expired makes it one that was valid until an hour ago.
func Expired(c *x509.Certificate) {
	c.NotBefore, c.NotAfter = c.NotBefore.Add(-2*time.Hour), time.Now().Add(-time.Hour)
}

// Future makes it one that will be valid.
func Future(c *x509.Certificate) { c.NotBefore = time.Now().Add(30 * time.Minute) }

// ServerOnly makes it one that clients may not show.
func ServerOnly(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth} }

// Issue signs a certificate for hosts, names or IPs.
func (a *Authority) Issue(hosts []string, options ...Option) Leaf {
	a.t.Helper()
	c := &x509.Certificate{
		SerialNumber: serial(a.t), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		KeyUsage:    x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	for _, h := range hosts {
		if ip := net.ParseIP(h); ip != nil {
			c.IPAddresses = append(c.IPAddresses, ip)
		} else {
			c.DNSNames = append(c.DNSNames, h)
		}
	}
	for _, o := range options {
		o(c)
	}
	key := newKey(a.t)
	der, err := x509.CreateCertificate(rand.Reader, c, a.cert, key.Public(), a.key)
	if err != nil {
		a.t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		a.t.Fatal(err)
	}
	return Leaf{Cert: encode("CERTIFICATE", der), Key: encode("PRIVATE KEY", secret)}
}

// Write puts a leaf and a bundle, unless it is nil, into a directory, all at once
// as Kubernetes does.
func Write(tb testing.TB, dir string, l Leaf, bundle []byte) {
	tb.Helper()
	must := func(err error) {
		if err != nil {
			tb.Helper()
			tb.Fatal(err)
		}
	}
	must(os.MkdirAll(dir, 0o750))
	side, err := os.MkdirTemp(dir, "..side") //nolint:usetesting // it stands where it is swapped
	must(err)
	files := map[string][]byte{"tls.crt": l.Cert, "tls.key": l.Key}
	if bundle != nil {
		files["ca.crt"] = bundle
	}
	for name, text := range files {
		must(os.WriteFile(filepath.Join(side, name), text, 0o600))
		link := filepath.Join(dir, name)
		if _, err := os.Lstat(link); err != nil {
			must(os.Symlink(filepath.Join("..data", name), link))
		}
	}
	must(os.Symlink(filepath.Base(side), filepath.Join(dir, "..new")))
	must(os.Rename(filepath.Join(dir, "..new"), filepath.Join(dir, "..data")))
}

func newKey(tb testing.TB) *ecdsa.PrivateKey {
	tb.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		tb.Fatal(err)
	}
	return key
}

func serial(tb testing.TB) *big.Int {
	tb.Helper()
	n, err := rand.Int(rand.Reader, big.NewInt(1<<62))
	if err != nil {
		tb.Fatal(err)
	}
	return n
}

func encode(kind string, der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
}
