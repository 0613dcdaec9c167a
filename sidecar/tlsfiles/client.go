package tlsfiles

import (
	"crypto/tls"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
)

// ForClient returns how a program that is no member speaks TLS with members. It
// reads the directory once: ca.crt has the authorities to trust, and tls.crt and
// tls.key, which may both be absent, what to show. serverName is what members'
// certificates must be for; "" means the host that is dialed.
func ForClient(dir, serverName string) (*tls.Config, error) {
	ca, err := readFile(filepath.Join(dir, CAFile))
	if err != nil {
		return nil, fmt.Errorf("%w: put those in that the members' certificates come from", err)
	}
	c := &tls.Config{MinVersion: tls.VersionTLS12, ServerName: serverName}
	if c.RootCAs, _, err = bundle(ca); err != nil {
		return nil, fmt.Errorf("%s/%s: %w: put those in that the members' certificates come from", dir, CAFile, err)
	}
	cert, certErr := readFile(filepath.Join(dir, CertFile))
	key, keyErr := readFile(filepath.Join(dir, KeyFile))
	if errors.Is(certErr, fs.ErrNotExist) && errors.Is(keyErr, fs.ErrNotExist) {
		return c, nil
	}
	if err := errors.Join(certErr, keyErr); err != nil {
		return nil, fmt.Errorf("%w: write both files of one pair, or neither", err)
	}
	pair, err := tls.X509KeyPair(cert, key)
	if err != nil {
		return nil, fmt.Errorf("%s/%s and %s: %w: write both files of one pair", dir, CertFile, KeyFile, err)
	}
	c.Certificates = []tls.Certificate{pair}
	return c, nil
}
