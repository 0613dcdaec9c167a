package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"maps"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"time"
)

// authority is the certificate authority of one cluster: made by up, gone with
// down, trusted by nobody else.
type authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

// subject says whom a certificate is for. Kubernetes reads a client's user name
// from the common name and its groups from the organisations.
type subject struct {
	name   string
	groups []string
	dns    []string // both empty for clients that serve nothing
	ips    []net.IP
}

// pair is a certificate and its private key, in PEM.
type pair struct{ cert, key []byte }

const lifetime = 365 * 24 * time.Hour

func newAuthority(now time.Time) (*authority, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("make authority: %w", err)
	}
	template := &x509.Certificate{
		SerialNumber:          big.NewInt(1),
		Subject:               pkix.Name{CommonName: "naming local cluster"},
		NotBefore:             now.Add(-time.Hour), // clocks are set back, too
		NotAfter:              now.Add(lifetime),
		KeyUsage:              x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature,
		BasicConstraintsValid: true,
		IsCA:                  true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return nil, fmt.Errorf("make authority: %w", err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, fmt.Errorf("make authority: %w", err)
	}
	return &authority{cert: cert, key: key}, nil
}

func (a *authority) pem() []byte { return encode("CERTIFICATE", a.cert.Raw) }

// issue makes a certificate for s that is good for clients and, with names or
// addresses in s, for servers.
func (a *authority) issue(s subject, now time.Time) (pair, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return pair{}, fmt.Errorf("issue %s: %w", s.name, err)
	}
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	if err != nil {
		return pair{}, fmt.Errorf("issue %s: %w", s.name, err)
	}
	template := &x509.Certificate{
		SerialNumber: serial,
		Subject:      pkix.Name{CommonName: s.name, Organization: s.groups},
		NotBefore:    now.Add(-time.Hour),
		NotAfter:     now.Add(lifetime),
		KeyUsage:     x509.KeyUsageDigitalSignature,
		ExtKeyUsage:  []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
		DNSNames:     s.dns,
		IPAddresses:  s.ips,
	}
	if len(s.dns)+len(s.ips) > 0 {
		template.ExtKeyUsage = append(template.ExtKeyUsage, x509.ExtKeyUsageServerAuth)
	}
	der, err := x509.CreateCertificate(rand.Reader, template, a.cert, key.Public(), a.key)
	if err != nil {
		return pair{}, fmt.Errorf("issue %s: %w", s.name, err)
	}
	private, err := encodeKey(key)
	if err != nil {
		return pair{}, fmt.Errorf("issue %s: %w", s.name, err)
	}
	return pair{cert: encode("CERTIFICATE", der), key: private}, nil
}

// signer makes the key pair that signs ServiceAccount tokens: private, public.
func signer() (private, public []byte, err error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, nil, fmt.Errorf("make token signer: %w", err)
	}
	if private, err = encodeKey(key); err != nil {
		return nil, nil, fmt.Errorf("make token signer: %w", err)
	}
	der, err := x509.MarshalPKIXPublicKey(key.Public())
	if err != nil {
		return nil, nil, fmt.Errorf("make token signer: %w", err)
	}
	return private, encode("PUBLIC KEY", der), nil
}

func encodeKey(key *ecdsa.PrivateKey) ([]byte, error) {
	der, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		return nil, err
	}
	return encode("EC PRIVATE KEY", der), nil
}

func encode(kind string, der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
}

// nodeSubjects lists the certificates of a node by file name.
func (c *cluster) nodeSubjects(n node) map[string]subject {
	return map[string]subject{
		n.kubelet:              {name: "system:node:" + n.name, groups: []string{"system:nodes"}},
		n.kubelet + "-serving": {name: n.name, dns: []string{n.name}, ips: []net.IP{n.address.AsSlice()}},
	}
}

// subjects lists every certificate of the cluster and its first node by file name.
func (c *cluster) subjects() map[string]subject {
	node, api := c.node.address.AsSlice(), apiService.AsSlice()
	all := map[string]subject{
		"apiserver": {
			name: "kube-apiserver",
			dns: []string{
				"localhost", "kubernetes", "kubernetes.default", "kubernetes.default.svc", "kubernetes.default.svc." + clusterDomain,
			},
			ips: []net.IP{node, api, net.IPv4(127, 0, 0, 1)},
		},
		"apiserver-kubelet":  {name: "kube-apiserver-kubelet-client", groups: []string{"system:masters"}},
		"admin":              {name: "admin", groups: []string{"system:masters"}},
		"controller-manager": {name: "system:kube-controller-manager"},
		"scheduler":          {name: "system:kube-scheduler"},
		"proxy":              {name: "system:kube-proxy"},
		"coredns":            {name: "coredns"},
	}
	maps.Copy(all, c.nodeSubjects(c.node))
	return all
}

// writePKI makes all keys and certificates, and a kubeconfig for each client.
func (c *cluster) writePKI(now time.Time) error {
	ca, err := newAuthority(now)
	if err != nil {
		return err
	}
	caKey, err := encodeKey(ca.key)
	if err != nil {
		return fmt.Errorf("write authority: %w", err)
	}
	private, public, err := signer()
	if err != nil {
		return err
	}
	files := map[string][]byte{
		c.pki("ca.crt"): ca.pem(), c.pki("ca.key"): caKey,
		c.pki("tokens.key"): private, c.pki("tokens.pub"): public,
	}
	issued, err := c.issueAll(ca, c.subjects(), now)
	if err != nil {
		return err
	}
	maps.Copy(files, issued)
	return writeFiles(files)
}

// issueAll makes the certificates of subjects and the kubeconfigs of clients
// among them, by path.
func (c *cluster) issueAll(ca *authority, subjects map[string]subject, now time.Time) (map[string][]byte, error) {
	files := map[string][]byte{}
	for name, s := range subjects {
		p, err := ca.issue(s, now)
		if err != nil {
			return nil, err
		}
		files[c.pki(name+".crt")], files[c.pki(name+".key")] = p.cert, p.key
		if len(s.dns)+len(s.ips) == 0 {
			files[c.kubeconfig(name)] = kubeconfig(c.name, c.apiURL(), s.name, ca.pem(), p)
		}
	}
	return files, nil
}

// authority reads the one that up has made.
func (c *cluster) authority() (*authority, error) {
	both, err := tls.LoadX509KeyPair(c.pki("ca.crt"), c.pki("ca.key"))
	if err != nil {
		return nil, fmt.Errorf("read authority: %w", err)
	}
	key, ok := both.PrivateKey.(*ecdsa.PrivateKey)
	if !ok {
		return nil, fmt.Errorf("read authority: %s holds no ECDSA key", c.pki("ca.key"))
	}
	return &authority{cert: both.Leaf, key: key}, nil
}

// writeFiles writes what only this user may read.
func writeFiles(files map[string][]byte) error {
	for path, content := range files {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return fmt.Errorf("write configuration: %w", err)
		}
		if err := os.WriteFile(path, content, 0o600); err != nil {
			return fmt.Errorf("write configuration: %w", err)
		}
	}
	return nil
}
