package secure

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-logr/logr"

	"github.com/distro-naming/naming-operator/sidecar/member"
	"github.com/distro-naming/naming-operator/sidecar/tlsfiles/tlstest"
)

const host = "demo-0.demo-headless"

var errPlain = errors.New("no plaintext")

// terms are what a test says, while nobody asks.
type terms struct {
	plain  error
	config *tls.Config
	doubt  error
	insist bool
}

func (s *terms) Plain(string) error                                   { return s.plain }
func (s *terms) Config(*tls.ClientHelloInfo) (*tls.Config, error)     { return s.config, nil }
func (s *terms) Leaf(*tls.ConnectionState) (*x509.Certificate, error) { return nil, s.doubt }
func (s *terms) Insists(*tls.ConnectionState) bool                    { return s.insist }
func (s *terms) Use(*tls.ConnectionState) string                      { return "members" }

// counts are the handshakes that failed, by side and reason.
type counts struct {
	mu sync.Mutex
	by map[string]int
}

func (c *counts) Handshake(_, side, reason string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.by == nil {
		c.by = map[string]int{}
	}
	c.by[side+" "+reason]++
}

func (c *counts) of(what string) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.by[what]
}

// pipes is a listener whose connections are made in this process.
type pipes chan net.Conn

func (p pipes) Accept() (net.Conn, error) {
	if c, open := <-p; open {
		return c, nil
	}
	return nil, net.ErrClosed
}
func (p pipes) Close() error { close(p); return nil }
func (pipes) Addr() net.Addr { return &net.TCPAddr{} }

// Connect is a Dialer's.
func (p pipes) Connect(context.Context, member.Address, int) (net.Conn, error) {
	here, there := net.Pipe()
	p <- there
	return here, nil
}

// port is a listener that answers every line with itself.
type port struct {
	*Listener
	pipes  pipes
	terms  *terms
	counts *counts
	pool   *x509.CertPool
	ended  sync.WaitGroup
}

func serve(t *testing.T, by *tlstest.Authority) *port {
	t.Helper()
	made := make(pipes)
	p := serveOn(t, made, by)
	p.pipes = made
	return p
}

func serveOn(t *testing.T, l net.Listener, by *tlstest.Authority) *port {
	t.Helper()
	leaf := by.Issue([]string{host})
	pair, err := tls.X509KeyPair(leaf.Cert, leaf.Key)
	if err != nil {
		t.Fatal(err)
	}
	p := &port{counts: &counts{}, pool: x509.NewCertPool()}
	p.terms = &terms{config: &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12}}
	p.pool.AppendCertsFromPEM(by.Bundle)
	p.Listener = Listen(l, p.terms, Config{Within: Within, Explain: []byte("use TLS"), Observer: p.counts, Log: logr.Discard()})
	p.ended.Go(func() {
		for {
			c, err := p.Accept()
			if err != nil {
				return
			}
			p.ended.Go(func() { _, _ = io.Copy(c, c); _ = c.Close() })
		}
	})
	return p
}

// echo says something and returns what comes back.
func echo(c net.Conn) (string, error) {
	const text = "hello"
	go func() { _, _ = io.WriteString(c, text) }() // a pipe holds nothing
	back := make([]byte, len(text))
	n, err := io.ReadFull(c, back)
	return string(back[:n]), err
}

func (p *port) dial(t *testing.T, offer Offer) (net.Conn, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
	defer cancel()
	d := Dialer{Connect: p.pipes.Connect, Terms: func(member.Address, int) (Offer, error) { return offer, nil }, Observer: p.counts}
	return d.Dial(ctx, "demo-0.demo-headless:8848", 9849)
}

func TestTLSAndPlaintextComeToOnePort(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := serve(t, tlstest.New(t, "ours"))
		defer p.ended.Wait()
		defer p.Close()
		for _, offer := range []Offer{{}, {Config: &tls.Config{RootCAs: p.pool, ServerName: host}}} {
			c, err := p.dial(t, offer)
			if err != nil {
				t.Fatal(err)
			}
			if got, err := echo(c); err != nil || got != "hello" {
				t.Errorf("offering TLS %t: %q, %v", offer.Config != nil, got, err)
			}
			want := 1
			if offer.Config != nil {
				want = 0
			}
			if n := p.Plain(); n != want {
				t.Errorf("offering TLS %t: %d are plaintext, want %d", offer.Config != nil, n, want)
			}
			_ = c.Close()
			synctest.Wait()
			if n := p.Plain(); n != 0 {
				t.Errorf("%d are plaintext after the end", n)
			}
		}
	})
}

func TestRefusedPlaintextIsToldWhy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := serve(t, tlstest.New(t, "ours"))
		defer p.ended.Wait()
		defer p.Close()
		p.terms.plain = errPlain
		c, err := p.dial(t, Offer{})
		if err != nil {
			t.Fatal(err)
		}
		go func() { _, _ = io.WriteString(c, "GET / HTTP/1.1\r\n\r\n") }()
		if text, err := io.ReadAll(c); string(text) != "use TLS" {
			t.Errorf("told %q, %v", text, err)
		}
		synctest.Wait()
		if p.counts.of("accepted other") != 1 {
			t.Errorf("counted %v", p.counts.by)
		}
	})
}

// Who says nothing, or does not go on, is not waited for.
func TestASilentConnectionEndsInTime(t *testing.T) {
	for name, first := range map[string]string{"no byte": "", "one byte of TLS": "\x16", "half a hello": "\x16\x03\x01\x02\x00\x01"} {
		synctest.Test(t, func(t *testing.T) {
			p := serve(t, tlstest.New(t, "ours"))
			defer p.ended.Wait()
			defer p.Close()
			c, err := p.dial(t, Offer{})
			if err != nil {
				t.Fatal(err)
			}
			began := time.Now()
			go func() { _, _ = io.WriteString(c, first) }()
			_, err = io.Copy(io.Discard, c)
			if took := time.Since(began); took != Within {
				t.Errorf("%s: ended after %s, %v", name, took, err)
			}
			synctest.Wait()
			if p.counts.of("accepted timeout") != 1 {
				t.Errorf("%s: counted %v", name, p.counts.by)
			}
		})
	}
}

func TestWhoConnectsAndLeavesIsNoFailure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := serve(t, tlstest.New(t, "ours"))
		defer p.ended.Wait()
		defer p.Close()
		c, err := p.dial(t, Offer{})
		if err != nil {
			t.Fatal(err)
		}
		_ = c.Close()
		synctest.Wait()
		if len(p.counts.by) > 0 {
			t.Errorf("counted %v", p.counts.by)
		}
	})
}

func TestDialsTryTLSFirst(t *testing.T) {
	for name, tc := range map[string]struct {
		plain  bool // will do
		name   string
		silent bool // the other end speaks no TLS
		want   string
		counts string
	}{
		"both":                            {false, host, false, "TLS", ""},
		"another host":                    {false, "demo-1.demo-headless", false, "failure", "dialed name"},
		"another host, plaintext will do": {true, "demo-1.demo-headless", false, "plaintext", "dialed name"},
		"no TLS there":                    {false, host, true, "failure", "dialed plaintext"},
		"no TLS there, plaintext will do": {true, host, true, "plaintext", "dialed plaintext"},
	} {
		t.Run(name, func(t *testing.T) { // over TCP: both ends may speak at once
			l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			p := serveOn(t, l, tlstest.New(t, "ours"))
			defer p.ended.Wait()
			defer p.Close()
			d := Dialer{Connect: tcp(l.Addr()), Observer: p.counts, Terms: func(member.Address, int) (Offer, error) {
				return Offer{Config: &tls.Config{RootCAs: p.pool, ServerName: tc.name}, Plain: tc.plain}, nil
			}}
			if tc.silent {
				d.Connect = spoken
			}
			ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
			defer cancel()
			c, err := d.Dial(ctx, "demo-0.demo-headless:8848", 9849)
			got := "plaintext"
			if _, secured := c.(*tls.Conn); secured {
				got = "TLS"
			} else if err != nil {
				got = "failure"
			}
			if got != tc.want || tc.counts != "" && p.counts.of(tc.counts) != 1 {
				t.Errorf("%s: %s (%v), counted %v; want %s", name, got, err, p.counts.by, tc.want)
			}
			if c != nil {
				_ = c.Close()
			}
		})
	}
}

// tcp connects to an address whoever is asked for.
func tcp(to net.Addr) func(context.Context, member.Address, int) (net.Conn, error) {
	return func(ctx context.Context, _ member.Address, _ int) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "tcp", to.String())
	}
}

// spoken connects to a server that speaks first and reads what comes, as one of
// gRPC does.
func spoken(context.Context, member.Address, int) (net.Conn, error) {
	here, there := net.Pipe()
	go func() {
		go func() { _, _ = io.Copy(io.Discard, there) }()
		_, _ = io.WriteString(there, "\x00\x00\x00\x04\x00\x00\x00\x00\x00")
	}()
	return here, nil
}

// What was taken is judged anew by the terms of the moment.
func TestFitFollowsTheTerms(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := serve(t, tlstest.New(t, "ours"))
		defer p.ended.Wait()
		defer p.Close()
		here, there := net.Pipe()
		c := &Conn{Conn: there, port: p.Listener}
		if c.Fit() != nil {
			t.Error("what is not known yet is not fit")
		}
		p.ended.Go(func() { _, _ = io.Copy(c, c) })
		if _, err := echo(here); err != nil {
			t.Fatal(err)
		}
		if err := c.Fit(); err != nil {
			t.Errorf("plaintext is not fit where it is taken: %v", err)
		}
		p.terms.plain = errPlain
		if err := c.Fit(); !errors.Is(err, errPlain) {
			t.Errorf("plaintext is fit where it is not: %v", err)
		}
		_ = here.Close()
		_ = c.Close()
	})
}
