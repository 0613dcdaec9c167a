package pki

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"strings"
	"time"
)

// Flaw is what is wrong with certificates that others have made.
type Flaw string

// The flaws.
const (
	KeyMissing   Flaw = "KeyMissing"   // a part is not there
	Unreadable   Flaw = "Unreadable"   // it is no certificate or no key, or not from the authorities beside it
	Mismatch     Flaw = "Mismatch"     // the key is that of another certificate
	Expired      Flaw = "Expired"      // or not valid yet
	NamesMissing Flaw = "NamesMissing" // it is not good for a name
)

// Fault is why certificates cannot be used, in words for whoever made them.
type Fault struct {
	Flaw Flaw
	Text string
}

// Names of the parts of a Secret of type kubernetes.io/tls.
const (
	CertKey = "tls.crt"
	KeyKey  = "tls.key"
	CAKey   = "ca.crt"
)

// Life is from when to when a certificate is valid; zero if it cannot be read.
type Life struct{ From, Until time.Time }

// LifeOf returns that of the first certificate.
func LifeOf(cert []byte) Life {
	if list := certificates(cert); len(list) > 0 {
		return Life{list[0].NotBefore, list[0].NotAfter}
	}
	return Life{}
}

// Ending reports whether so little is left that somebody should have renewed it:
// less than a sixth, and less than a fortnight.
func (l Life) Ending(now time.Time) bool {
	return !l.Until.IsZero() && l.Until.Sub(now) < min(l.Until.Sub(l.From)/6, 14*24*time.Hour)
}

// CheckPair judges tls.crt and tls.key. It returns the life of the certificate,
// and a Fault if the pair cannot be used.
func CheckPair(data map[string][]byte, now time.Time) (Life, *Fault) {
	for _, key := range []string{CertKey, KeyKey} {
		if len(data[key]) == 0 {
			return Life{}, &Fault{KeyMissing, fmt.Sprintf("has no key %s: add it", key)}
		}
	}
	chain := certificates(data[CertKey])
	if len(chain) == 0 {
		return Life{}, &Fault{Unreadable, CertKey + " has no certificate in PEM form: replace it"}
	}
	leaf, life := chain[0], LifeOf(data[CertKey])
	if _, err := tls.X509KeyPair(data[CertKey], data[KeyKey]); err != nil {
		if strings.Contains(err.Error(), "does not match") {
			return life, &Fault{Mismatch, fmt.Sprintf("%s is not the key of %s: write both of one pair", KeyKey, CertKey)}
		}
		return life, &Fault{Unreadable, fmt.Sprintf("%s: %v: replace it", KeyKey, err)}
	}
	return life, within(leaf, now)
}

// CheckMembers judges a pair by which members shall know each other: it must come
// from the authorities in ca.crt, serve both ends of a connection, and be good
// for all the names.
func CheckMembers(data map[string][]byte, names []string, now time.Time) (Life, *Fault) {
	life, fault := CheckPair(data, now)
	if fault != nil {
		return life, fault
	}
	if fault := CheckAuthorities(data); fault != nil {
		return life, fault
	}
	chain := certificates(data[CertKey])
	roots, between := x509.NewCertPool(), x509.NewCertPool()
	for _, c := range certificates(data[CAKey]) {
		roots.AddCert(c)
	}
	for _, c := range chain[1:] {
		between.AddCert(c)
	}
	for _, usage := range []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth} {
		options := x509.VerifyOptions{Roots: roots, Intermediates: between, CurrentTime: now, KeyUsages: []x509.ExtKeyUsage{usage}}
		if _, err := chain[0].Verify(options); err != nil {
			return life, &Fault{Unreadable, fmt.Sprintf(
				"%s: %v: it must come from %s and be for servers and clients (usages: server auth, client auth)", CertKey, err, CAKey)}
		}
	}
	for _, name := range names {
		if chain[0].VerifyHostname(name) != nil {
			return life, &Fault{NamesMissing, fmt.Sprintf(
				"%s is not good for %s: issue it for *.%s", CertKey, name, name[strings.Index(name, ".")+1:])}
		}
	}
	return life, nil
}

// CheckAuthorities judges ca.crt.
func CheckAuthorities(data map[string][]byte) *Fault {
	if len(data[CAKey]) == 0 {
		return &Fault{KeyMissing, fmt.Sprintf("has no key %s: add the authorities that others are to be trusted by", CAKey)}
	}
	if len(certificates(data[CAKey])) == 0 {
		return &Fault{Unreadable, CAKey + " has no certificate in PEM form: replace it"}
	}
	return nil
}

func within(c *x509.Certificate, now time.Time) *Fault {
	switch {
	case now.After(c.NotAfter):
		return &Fault{Expired, fmt.Sprintf("%s expired at %s: renew it", CertKey, c.NotAfter.UTC().Format(time.RFC3339))}
	case now.Before(c.NotBefore):
		return &Fault{Expired, fmt.Sprintf("%s is valid from %s only: wait, or correct the clocks",
			CertKey, c.NotBefore.UTC().Format(time.RFC3339))}
	}
	return nil
}
