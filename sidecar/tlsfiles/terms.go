package tlsfiles

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"slices"
	"time"
)

// Protocols by which the two ends tell each other what they are about (ALPN).
const (
	HTTP2      = "h2"            // gRPC
	HTTP1      = "http/1.1"      // a client on the main port
	MemberHTTP = "naming-member" // a member there: it is shown the members' certificate
)

// refusal is an error with the word that it is counted by.
type refusal struct{ reason, text string }

func (r *refusal) Error() string  { return r.text }
func (r *refusal) Reason() string { return r.reason }

var (
	errPlaintext = &refusal{"plaintext", "plaintext is refused: speak TLS, or set the mode to Permissive"}
	errNoPair    = &refusal{"missing", "there is no certificate here, see the fault in /v1/status"}
	errUnshown   = &refusal{"unshown", "no certificate was shown"}
	errOff       = &refusal{"off", "there is no TLS here for who asks"}
)

// Port is what one port takes: of clients, of members, or on the main port of both.
type Port struct {
	watch  *Watch
	of     Use    // whose plaintext may come
	proto  string // what they speak inside
	listed func(ip string) bool
}

// ClusterPort is the members' port.
func (w *Watch) ClusterPort() Port { return Port{watch: w, of: Members, proto: HTTP2} }

// SDKPort is the clients' gRPC port.
func (w *Watch) SDKPort() Port { return Port{watch: w, of: Clients, proto: HTTP2} }

// MainPort is the port of HTTP. Members come there too: by TLS of their own, and
// while that is not required of them also by plaintext, from addresses that are
// listed.
func (w *Watch) MainPort(listed func(ip string) bool) Port {
	return Port{watch: w, of: Clients, proto: HTTP1, listed: listed}
}

// Plain returns why a connection from ip may not be plaintext now, or nil.
func (p Port) Plain(ip string) error {
	if !p.watch.On(p.of) {
		return nil
	}
	if _, mode := p.watch.now(p.of); mode == Permissive {
		return nil
	}
	if p.listed != nil && !p.watch.required(Members) && p.listed(ip) {
		return nil
	}
	return fmt.Errorf("%s: %w", p.of, errPlaintext)
}

// required reports whether a use is on and insisted on.
func (w *Watch) required(use Use) bool {
	if !w.On(use) {
		return false
	}
	_, mode := w.now(use)
	return mode == Required
}

// RequiresMembers reports whether members must speak TLS to each other.
func (w *Watch) RequiresMembers() bool { return w.required(Members) }

// Config returns how to answer a client's hello.
func (p Port) Config(hello *tls.ClientHelloInfo) (*tls.Config, error) {
	use, proto := p.of, p.proto
	if p.listed != nil && slices.Contains(hello.SupportedProtos, MemberHTTP) {
		use, proto = Members, MemberHTTP
	}
	if !p.watch.On(use) {
		return nil, fmt.Errorf("%s: %w", use, errOff)
	}
	pair, mode := p.watch.now(use)
	if pair == nil {
		return nil, fmt.Errorf("%s: %w", use, errNoPair)
	}
	cfg := &tls.Config{
		MinVersion: tls.VersionTLS12, Certificates: []tls.Certificate{pair.certificate},
		NextProtos: []string{proto}, SessionTicketsDisabled: true, // who resumes would be judged by old files
	}
	if pair.roots != nil {
		cfg.ClientCAs, cfg.ClientAuth = pair.roots, tls.RequestClientCert
		if mode == Required {
			cfg.ClientAuth = tls.RequireAndVerifyClientCert
		}
	}
	return cfg, nil
}

// Use returns what a connection in this state is for; nil means plaintext.
func (p Port) Use(state *tls.ConnectionState) string {
	if state != nil && state.NegotiatedProtocol == MemberHTTP {
		return string(Members)
	}
	return string(p.of)
}

// Leaf returns the certificate of the other end, if it proves now who that is.
// Without one the error says why, unless nobody is asked for one.
func (p Port) Leaf(state *tls.ConnectionState) (*x509.Certificate, error) {
	use := Use(p.Use(state))
	if !p.watch.On(use) {
		return nil, fmt.Errorf("%s: %w", use, errOff)
	}
	pair, _ := p.watch.now(use)
	switch {
	case pair == nil:
		return nil, fmt.Errorf("%s: %w", use, errNoPair)
	case pair.roots == nil:
		return nil, nil //nolint:nilnil // nobody is asked for one
	case len(state.PeerCertificates) == 0:
		return nil, errUnshown
	}
	if err := pair.verify(state.PeerCertificates, x509.ExtKeyUsageClientAuth, time.Now()); err != nil {
		return nil, err
	}
	return state.PeerCertificates[0], nil
}

// Insists reports whether a connection in this state needs a certificate that
// proves who is at the other end.
func (p Port) Insists(state *tls.ConnectionState) bool { return p.watch.required(Use(p.Use(state))) }

// Dial returns how a member is spoken to that is found under host: by TLS with cfg
// if that is not nil, and by plaintext, if plain, where TLS fails. If neither is
// possible the error says why.
func (w *Watch) Dial(host, proto string) (cfg *tls.Config, plain bool, err error) {
	if !w.On(Members) {
		return nil, true, nil
	}
	pair, mode := w.now(Members)
	if pair == nil {
		if mode == Required {
			return nil, false, fmt.Errorf("%s: %w: %s", Members, errNoPair, w.uses[Members].dir)
		}
		return nil, true, nil
	}
	show := func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return &pair.certificate, nil }
	return &tls.Config{
		MinVersion: tls.VersionTLS12, ServerName: host, RootCAs: pair.roots, GetClientCertificate: show,
		NextProtos: []string{proto}, SessionTicketsDisabled: true,
	}, mode == Permissive, nil
}

// Keeps returns why a connection that was dialed may not stay, or nil.
func (w *Watch) Keeps(c net.Conn) error {
	if !w.On(Members) {
		return nil
	}
	pair, mode := w.now(Members)
	secured, is := c.(*tls.Conn)
	switch {
	case !is && mode == Required:
		return fmt.Errorf("%s: %w", Members, errPlaintext)
	case is && pair != nil:
		return pair.verify(secured.ConnectionState().PeerCertificates, x509.ExtKeyUsageServerAuth, time.Now())
	default:
		return nil
	}
}
