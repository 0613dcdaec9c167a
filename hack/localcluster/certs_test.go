package main

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"net"
	"testing"
	"time"
)

// issued makes a certificate of the sample cluster and reads it back.
func issued(t *testing.T, name string, now time.Time) (*authority, *x509.Certificate) {
	t.Helper()
	ca, err := newAuthority(now)
	if err != nil {
		t.Fatal(err)
	}
	p, err := ca.issue(sample().subjects()[name], now)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tls.X509KeyPair(p.cert, p.key); err != nil {
		t.Fatalf("certificate and key do not belong together: %v", err)
	}
	block, _ := pem.Decode(p.cert)
	cert, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	return ca, cert
}

func TestCertificatesAreGoodForTheirPurpose(t *testing.T) {
	const client, server = x509.ExtKeyUsageClientAuth, x509.ExtKeyUsageServerAuth
	tests := map[string]struct {
		subject, host string
		usage         x509.ExtKeyUsage
		refused       bool
	}{
		"the API server by its address":         {subject: "apiserver", host: "10.245.0.2", usage: server},
		"the API server by its Service":         {subject: "apiserver", host: "kubernetes.default.svc", usage: server},
		"the API server by its Service address": {subject: "apiserver", host: "10.96.0.1", usage: server},
		"the API server by another name":        {subject: "apiserver", host: "example.com", usage: server, refused: true},
		"the kubelet by its address":            {subject: "kubelet-serving", host: "10.245.0.2", usage: server},
		"the administrator as client":           {subject: "admin", usage: client},
		"the administrator as server":           {subject: "admin", usage: server, refused: true},
	}
	now := time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC)
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			ca, cert := issued(t, tc.subject, now)
			roots := x509.NewCertPool()
			roots.AddCert(ca.cert)
			_, err := cert.Verify(x509.VerifyOptions{
				Roots: roots, DNSName: tc.host, CurrentTime: now, KeyUsages: []x509.ExtKeyUsage{tc.usage},
			})
			if (err != nil) != tc.refused {
				t.Errorf("verify: %v, refused should be %t", err, tc.refused)
			}
		})
	}
}

func TestSubjectsAreWhatKubernetesExpects(t *testing.T) {
	subjects := sample().subjects()
	if got := subjects["kubelet"]; got.name != "system:node:demo" || len(got.groups) != 1 || got.groups[0] != "system:nodes" {
		t.Errorf("the Node authorizer would refuse the kubelet: %+v", got)
	}
	for name, s := range subjects {
		for _, ip := range s.ips {
			if ip.Equal(net.IPv4zero) {
				t.Errorf("%s is for the zero address", name)
			}
		}
	}
}

func TestAuthorityOfAnotherClusterIsNotTrusted(t *testing.T) {
	now := time.Now()
	_, cert := issued(t, "admin", now)
	other, err := newAuthority(now)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(other.cert)
	if _, err := cert.Verify(x509.VerifyOptions{Roots: roots, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny}}); err == nil {
		t.Error("a certificate of one cluster is good for another")
	}
}
