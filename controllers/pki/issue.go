package pki

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net"
	"slices"
	"time"
)

const (
	// AuthorityLife is how long an authority is valid.
	AuthorityLife = 5 * 365 * 24 * time.Hour
	// LeafLife is how long a certificate of members is valid.
	LeafLife = 90 * 24 * time.Hour

	// skew is by how much clocks of members may be behind ours.
	skew = 5 * time.Minute
)

// Pair is a certificate and its key, both PEM. The zero Pair is none.
type Pair struct{ Cert, Key []byte }

// NewAuthority makes an authority whose only mark is its name.
func NewAuthority(random io.Reader, name string, now time.Time) (Pair, error) {
	template := &x509.Certificate{
		Subject:               pkix.Name{CommonName: name},
		NotBefore:             now.Add(-skew),
		NotAfter:              now.Add(AuthorityLife),
		KeyUsage:              x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
		BasicConstraintsValid: true,
		IsCA:                  true,
		MaxPathLenZero:        true,
	}
	return create(random, template, nil)
}

// issue makes a certificate for servers and clients that is good for the names,
// which may be addresses. It never outlives its authority, and never expires at
// the same second as the one that it replaces: members are known by that to have
// it.
func issue(random io.Reader, by *tls.Certificate, names []string, replaces, now time.Time) (Pair, error) {
	template := &x509.Certificate{
		NotBefore:   now.Add(-skew),
		NotAfter:    now.Add(LeafLife),
		KeyUsage:    x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	if template.NotAfter.After(by.Leaf.NotAfter) {
		template.NotAfter = by.Leaf.NotAfter
	}
	if template.NotAfter.Unix() == replaces.Unix() {
		template.NotAfter = template.NotAfter.Add(-time.Second)
	}
	for _, name := range names {
		if ip := net.ParseIP(name); ip != nil {
			template.IPAddresses = append(template.IPAddresses, ip)
		} else {
			template.DNSNames = append(template.DNSNames, name)
		}
	}
	return create(random, template, by)
}

// create makes a key and a certificate for it, signed by an authority or, if
// that is nil, by the key itself.
func create(random io.Reader, template *x509.Certificate, by *tls.Certificate) (Pair, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), random)
	if err != nil {
		return Pair{}, fmt.Errorf("make key: %w", err)
	}
	serial := make([]byte, 16)
	if _, err := io.ReadFull(random, serial); err != nil {
		return Pair{}, fmt.Errorf("make serial number: %w", err)
	}
	serial[0] = serial[0]&0x7f | 0x40 // positive, and of one length
	template.SerialNumber = new(big.Int).SetBytes(serial)
	parent, signer := template, crypto.PrivateKey(key)
	if by != nil {
		parent, signer = by.Leaf, by.PrivateKey
	}
	der, err := x509.CreateCertificate(random, template, parent, key.Public(), signer)
	if err != nil {
		return Pair{}, fmt.Errorf("sign certificate: %w", err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return Pair{}, fmt.Errorf("encode key: %w", err)
	}
	return Pair{
		Cert: pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}),
		Key:  pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret}),
	}, nil
}

// parse returns the pair in a usable form, or nil if it is none.
func (p Pair) parse() *tls.Certificate {
	pair, err := tls.X509KeyPair(p.Cert, p.Key)
	if err != nil {
		return nil
	}
	return &pair
}

// due reports whether two thirds of the life of c are over.
func due(c *x509.Certificate, now time.Time) bool { return !now.Before(RenewAt(c)) }

// RenewAt is when two thirds of the life of c are over.
func RenewAt(c *x509.Certificate) time.Time {
	return c.NotBefore.Add(c.NotAfter.Sub(c.NotBefore) / 3 * 2)
}

// covers reports whether c is good for the very names, and no others.
func covers(c *x509.Certificate, names []string) bool {
	has := slices.Clone(c.DNSNames)
	for _, ip := range c.IPAddresses {
		has = append(has, ip.String())
	}
	want := slices.Clone(names)
	for i, name := range want {
		if ip := net.ParseIP(name); ip != nil {
			want[i] = ip.String()
		}
	}
	slices.Sort(has)
	slices.Sort(want)
	return slices.Equal(has, want)
}

// by reports whether c is signed by the authority.
func by(c, authority *x509.Certificate) bool {
	return authority != nil && c.CheckSignatureFrom(authority) == nil
}

// certificates reads a bundle. What is no certificate is passed over.
func certificates(bundle []byte) (out []*x509.Certificate) {
	for {
		var block *pem.Block
		if block, bundle = pem.Decode(bundle); block == nil {
			return out
		}
		if c, err := x509.ParseCertificate(block.Bytes); err == nil && block.Type == "CERTIFICATE" {
			out = append(out, c)
		}
	}
}

// join writes a bundle, each certificate once.
func join(list []*x509.Certificate) []byte {
	var out bytes.Buffer
	for i, c := range list {
		if !slices.ContainsFunc(list[:i], c.Equal) {
			out.Write(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw}))
		}
	}
	return out.Bytes()
}

// Fingerprint is the SHA-256 of the first certificate of a bundle, hex; empty
// without one. Members report that of the bundle that they trust.
func Fingerprint(bundle []byte) string {
	list := certificates(bundle)
	if len(list) == 0 {
		return ""
	}
	sum := sha256.Sum256(list[0].Raw)
	return hex.EncodeToString(sum[:])
}
