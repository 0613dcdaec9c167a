package secure

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// hello is the first byte of TLS: the type of a handshake record. Neither HTTP
// nor the preface of HTTP/2 begins with it.
const hello = 0x16

// Conn is an accepted connection. What it is comes out when it is read or written
// for the first time; both wait for that.
type Conn struct {
	net.Conn

	port  *Listener
	once  sync.Once
	open  net.Conn // what is read and written
	state *tls.ConnectionState
	leaf  *x509.Certificate
	err   error

	settled atomic.Bool // what stands above is known
	closing atomic.Bool // Close was called
	counted sync.Once   // it is no longer counted
}

var errEarly = errors.New("nothing was said yet")

// Read reads what is said inside.
func (c *Conn) Read(b []byte) (int, error) {
	if c.settle(); c.err != nil {
		return 0, c.err
	}
	return c.open.Read(b)
}

// Write says something inside.
func (c *Conn) Write(b []byte) (int, error) {
	if c.settle(); c.err != nil {
		return 0, c.err
	}
	return c.open.Write(b)
}

// Close closes it.
func (c *Conn) Close() error {
	c.closing.Store(true)
	if !c.settled.Load() || c.err != nil {
		return c.Conn.Close()
	}
	c.uncount()
	return c.open.Close()
}

// uncount counts a plaintext connection no more, once it is closed.
func (c *Conn) uncount() {
	if c.state == nil && c.err == nil && c.closing.Load() {
		c.counted.Do(func() { c.port.plain.Add(-1) })
	}
}

// Leaf returns the certificate that proves who is at the other end, or nil.
func (c *Conn) Leaf() *x509.Certificate {
	if !c.settled.Load() {
		return nil
	}
	return c.leaf
}

// Use names what the connection is for.
func (c *Conn) Use() string {
	if !c.settled.Load() {
		return c.port.terms.Use(nil)
	}
	return c.port.terms.Use(c.state)
}

// Fit returns why the connection would not be taken now, or nil.
func (c *Conn) Fit() error {
	switch {
	case !c.settled.Load() || c.open == nil: // it is being judged, or gone
		return nil
	case c.state == nil:
		return c.port.terms.Plain(c.ip())
	}
	if !c.port.terms.Insists(c.state) {
		return nil
	}
	_, err := c.port.terms.Leaf(c.state)
	return err
}

func (c *Conn) ip() string {
	ip, _, err := net.SplitHostPort(c.RemoteAddr().String())
	if err != nil { // not TCP: a connection of tests
		return c.RemoteAddr().String()
	}
	return ip
}

// settle finds out what the connection is.
func (c *Conn) settle() {
	c.once.Do(func() {
		late := time.AfterFunc(c.port.cfg.Within, func() { _ = c.Conn.Close() }) // which ends what waits
		began := time.Now()
		c.err = c.judge()
		if !late.Stop() && c.err != nil {
			c.err = fmt.Errorf("%w after %s: %w", errSlow, time.Since(began).Round(time.Second), c.err)
		}
		if c.err != nil {
			c.port.refused(c)
		}
		if c.err == nil && c.state == nil {
			c.port.plain.Add(1)
		}
		c.settled.Store(true)
		c.uncount() // it may have been closed meanwhile
	})
}

// judge reads the first byte, and makes the handshake if it is one of TLS.
func (c *Conn) judge() error {
	var first [1]byte
	if _, err := io.ReadFull(c.Conn, first[:]); err != nil {
		return fmt.Errorf("%w: %w", errEarly, err)
	}
	again := &prefixed{Conn: c.Conn, first: first[:]}
	if first[0] != hello {
		if err := c.port.terms.Plain(c.ip()); err != nil {
			c.port.explain(c.Conn)
			return err
		}
		c.open = again
		return nil
	}
	ctx := context.Background() //nolint:forbidigo // the connection is closed when its time is over
	inside := tls.Server(again, c.port.config)
	if err := inside.HandshakeContext(ctx); err != nil {
		return err
	}
	state := inside.ConnectionState()
	leaf, err := c.port.terms.Leaf(&state)
	if err != nil {
		if c.port.terms.Insists(&state) {
			_ = inside.Close() // what it is told does not matter
			return err
		}
		c.port.doubted(c, &state, err)
	}
	c.open, c.state, c.leaf = inside, &state, leaf
	return nil
}

// prefixed is a connection whose first bytes were read already.
type prefixed struct {
	net.Conn
	first []byte
}

// Read returns those first.
func (p *prefixed) Read(b []byte) (int, error) {
	if len(p.first) > 0 {
		n := copy(b, p.first)
		p.first = p.first[n:]
		return n, nil
	}
	return p.Conn.Read(b)
}
