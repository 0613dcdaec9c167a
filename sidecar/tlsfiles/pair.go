package tlsfiles

import (
	"bytes"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"time"
)

// Use is what a directory of certificates is for.
type Use string

// The two uses. Each has its own authorities: who may be a client is not by that
// a member.
const (
	Members Use = "members" // between members, in both directions
	Clients Use = "clients" // what clients see, and may have to show
)

// Names of the files in a directory, those of a Secret of type kubernetes.io/tls.
const (
	CertFile = "tls.crt"
	KeyFile  = "tls.key"
	CAFile   = "ca.crt"
)

// Material is what the files of one directory hold; CA is nil where there is none.
type Material struct {
	Dir           string
	Cert, Key, CA []byte
}

func (m Material) equal(o Material) bool {
	return bytes.Equal(m.Cert, o.Cert) && bytes.Equal(m.Key, o.Key) && bytes.Equal(m.CA, o.CA)
}

// Pair is a certificate with its key, and the authorities by which others are
// judged. It is immutable.
type Pair struct {
	Subject  string
	NotAfter time.Time
	Issuer   string // SHA-256 of the bundle's first certificate, hex; "" without a bundle

	certificate tls.Certificate
	roots       *x509.CertPool // nil: nobody is asked for a certificate
}

var (
	errExpired = errors.New("expired")
	errNoCA    = errors.New("holds no certificate of an authority")
)

// Parse makes a Pair of what was read, if it is whole and valid at now. Members
// show their certificate to each other, so it must be good for both ends and
// come from their own authorities.
func Parse(m Material, use Use, now time.Time) (*Pair, error) {
	certificate, err := tls.X509KeyPair(m.Cert, m.Key)
	if err != nil {
		return nil, fmt.Errorf("%s/%s and %s: %w: write both files of one pair", m.Dir, CertFile, KeyFile, err)
	}
	leaf := certificate.Leaf
	p := &Pair{Subject: subject(leaf), NotAfter: leaf.NotAfter, certificate: certificate}
	if now.After(leaf.NotAfter) {
		return nil, p.expired(m.Dir)
	}
	if m.CA != nil || use == Members {
		if p.roots, p.Issuer, err = bundle(m.CA); err != nil {
			return nil, fmt.Errorf("%s/%s: %w: put those in that the others' certificates come from", m.Dir, CAFile, err)
		}
	}
	if use != Members {
		return p, nil
	}
	chain := []*x509.Certificate{leaf}
	for _, der := range certificate.Certificate[1:] {
		c, err := x509.ParseCertificate(der)
		if err != nil {
			return nil, fmt.Errorf("%s/%s: %s: read its chain: %w", m.Dir, CertFile, p.Subject, err)
		}
		chain = append(chain, c)
	}
	for _, usage := range []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth} {
		if err := p.verify(chain, usage, now); err != nil {
			return nil, fmt.Errorf("%s/%s: %s: %w: it must come from %s and be for servers and clients",
				m.Dir, CertFile, p.Subject, err, CAFile)
		}
	}
	return p, nil
}

// expired says that the certificate in a directory has.
func (p *Pair) expired(dir string) error {
	at := p.NotAfter.UTC().Format(time.RFC3339)
	return fmt.Errorf("%s/%s: %s: %w at %s: renew it", dir, CertFile, p.Subject, errExpired, at)
}

// verify returns why a chain that the other end showed is not to be trusted.
func (p *Pair) verify(chain []*x509.Certificate, usage x509.ExtKeyUsage, now time.Time) error {
	between := x509.NewCertPool()
	for _, c := range chain[1:] {
		between.AddCert(c)
	}
	_, err := chain[0].Verify(x509.VerifyOptions{
		Roots: p.roots, Intermediates: between, CurrentTime: now, KeyUsages: []x509.ExtKeyUsage{usage},
	})
	return err
}

// bundle reads authorities and the hash of the first.
func bundle(text []byte) (*x509.CertPool, string, error) {
	pool, first := x509.NewCertPool(), ""
	for len(text) > 0 {
		var block *pem.Block
		if block, text = pem.Decode(text); block == nil {
			break
		}
		if block.Type != "CERTIFICATE" {
			continue
		}
		c, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, "", err
		}
		pool.AddCert(c)
		if first == "" {
			sum := sha256.Sum256(block.Bytes)
			first = hex.EncodeToString(sum[:])
		}
	}
	if first == "" {
		return nil, "", errNoCA
	}
	return pool, first, nil
}

// subject names a certificate for people: those of members have names and no
// subject.
func subject(leaf *x509.Certificate) string {
	if s := leaf.Subject.String(); s != "" {
		return fmt.Sprintf("subject %q", s)
	}
	return fmt.Sprintf("certificate for %q", append(leaf.DNSNames, addresses(leaf)...))
}

func addresses(leaf *x509.Certificate) (out []string) {
	for _, ip := range leaf.IPAddresses {
		out = append(out, ip.String())
	}
	return out
}
