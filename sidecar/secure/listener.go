package secure

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"sync/atomic"
	"time"

	"github.com/go-logr/logr"
)

// Terms say what a port takes. They may be asked from any goroutine, and may
// answer otherwise every time.
type Terms interface {
	// Plain returns why a connection from ip may not be plaintext, or nil.
	Plain(ip string) error
	// Config returns how to answer a client's hello.
	Config(hello *tls.ClientHelloInfo) (*tls.Config, error)
	// Leaf returns the certificate that proves who is at the other end, or why
	// there is none; neither where nobody is asked for one.
	Leaf(state *tls.ConnectionState) (*x509.Certificate, error)
	// Insists reports whether there must be one.
	Insists(state *tls.ConnectionState) bool
	// Use names what a connection is for; nil means plaintext.
	Use(state *tls.ConnectionState) string
}

// Observer is told of connections that failed, or would have if TLS were
// required. It must return at once.
type Observer interface {
	// Handshake tells why, in a word; side is accepted or dialed.
	Handshake(use, side, reason string)
}

// Config says how connections are judged.
type Config struct {
	Within   time.Duration // for the first byte and the handshake
	Explain  []byte        // said to those who come by plaintext and are refused
	Observer Observer
	Log      logr.Logger
}

// Within is how long an accepted connection may take to say what it is.
const Within = 5 * time.Second

// Listener accepts connections on terms.
type Listener struct {
	net.Listener

	cfg    Config
	terms  Terms
	config *tls.Config
	plain  atomic.Int64 // open connections that are plaintext
	said   quiet
}

// Listen puts terms on what l accepts.
func Listen(l net.Listener, terms Terms, cfg Config) *Listener {
	return &Listener{Listener: l, cfg: cfg, terms: terms, config: &tls.Config{
		MinVersion: tls.VersionTLS12, GetConfigForClient: terms.Config,
	}}
}

// Accept returns the next connection, of which nothing is known yet.
func (l *Listener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return &Conn{Conn: c, port: l}, nil
}

// Plain returns how many open connections are plaintext.
func (l *Listener) Plain() int { return int(l.plain.Load()) }

// refused counts a connection that came to nothing, and says so, if not lately.
// Who connects and leaves without a word, as probes do, is no failure.
func (l *Listener) refused(c *Conn) {
	if errors.Is(c.err, errEarly) && !errors.Is(c.err, errSlow) {
		return
	}
	l.tell("refused a connection", l.terms.Use(nil), c)
}

// doubted counts a connection that is taken only as plaintext would be.
func (l *Listener) doubted(c *Conn, state *tls.ConnectionState, err error) {
	c.port.cfg.Observer.Handshake(l.terms.Use(state), "accepted", Reason(err))
	if l.said.first(c.ip()+Reason(err), time.Now()) {
		l.cfg.Log.Info("took a connection that would be refused if TLS were required", "remote", c.RemoteAddr().String(),
			"port", l.Addr().String(), "use", l.terms.Use(state), "reason", err.Error())
	}
}

func (l *Listener) tell(what, use string, c *Conn) {
	reason := Reason(c.err)
	l.cfg.Observer.Handshake(use, "accepted", reason)
	if l.said.first(c.ip()+reason, time.Now()) {
		l.cfg.Log.Info(what, "remote", c.RemoteAddr().String(), "port", l.Addr().String(), "use", use,
			"reason", reason, "error", c.err.Error())
	}
}

// lingerFor bounds the wait for a refused client to stop talking: a connection
// that is closed before would take back what was said to it.
const (
	lingerFor  = 500 * time.Millisecond
	lingerMost = 64 << 10
)

// explain tells a client in its own words why it is refused.
func (l *Listener) explain(c net.Conn) {
	if len(l.cfg.Explain) == 0 {
		return
	}
	_ = c.SetDeadline(time.Now().Add(lingerFor)) // whoever is gone needs no word
	_, _ = c.Write(l.cfg.Explain)
	if half, can := c.(interface{ CloseWrite() error }); can {
		_ = half.CloseWrite()
	}
	_, _ = io.CopyN(io.Discard, c, lingerMost)
}
