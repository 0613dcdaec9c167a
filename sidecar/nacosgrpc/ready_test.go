package nacosgrpc

import (
	"crypto/tls"
	"errors"
	"io"
	"net"
	"os"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/grpc/mem"

	"github.com/distro-naming/naming-operator/sidecar/tlsfiles/tlstest"
)

// lender is a pool that knows how many of its buffers are out.
type lender struct {
	out  atomic.Int32
	back chan struct{} // told of each that comes back, unless that was not heard yet
}

func (l *lender) Get(size int) *[]byte {
	l.out.Add(1)
	b := make([]byte, size)
	return &b
}

func (l *lender) Put(*[]byte) {
	l.out.Add(-1)
	select {
	case l.back <- struct{}{}:
	default:
	}
}

// incoming is what ReadOnReady returned.
type incoming struct {
	text string
	err  error
}

// tcpPair returns both ends of a TCP connection, of which the first is a session.
func tcpPair(t *testing.T) (*session, net.Conn) {
	t.Helper()
	l := listen(t)
	defer l.Close()
	far := dial(t, l.Addr().String())
	near, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	return sessionOn(t, near), far
}

func sessionOn(t *testing.T, c net.Conn) *session {
	t.Helper()
	s := newSession(start(t, nil).Server.sdk, c, nil)
	t.Cleanup(func() { _ = s.Close() }) // some tests close it themselves
	return s
}

// reading reads once, on a goroutine of its own, and gives the buffer back.
func (s *session) reading(pool mem.BufferPool) <-chan incoming {
	got := make(chan incoming, 1)
	go func() {
		b, n, err := s.ReadOnReady(100, pool)
		in := incoming{err: err}
		if b != nil {
			in.text = string((*b)[:n])
			pool.Put(b)
		}
		got <- in
	}()
	return got
}

// While nothing comes in, a connection holds no buffer, however the wait ends.
func TestWaitingConnectionHoldsNoBuffer(t *testing.T) {
	tests := map[string]struct {
		end  func(near *session, far net.Conn) error
		text string
		err  error
	}{
		"something comes": {end: func(_ *session, far net.Conn) error {
			_, err := far.Write([]byte("PRI * HTTP/2.0"))
			return err
		}, text: "PRI * HTTP/2.0"},
		"the other end closes": {end: func(_ *session, far net.Conn) error { return far.Close() }, err: io.EOF},
		"this end closes":      {end: func(near *session, _ net.Conn) error { return near.Close() }, err: net.ErrClosed},
		"its time is over":     {end: func(near *session, _ net.Conn) error { return near.SetDeadline(time.Now()) }, err: os.ErrDeadlineExceeded},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			near, far := tcpPair(t)
			pool := &lender{back: make(chan struct{}, 1)}
			got := near.reading(pool)
			<-pool.back // nothing was there yet
			if n := pool.out.Load(); n != 0 {
				t.Errorf("it waits with %d buffers", n)
			}
			if err := tc.end(near, far); err != nil {
				t.Fatal(err)
			}
			if in := <-got; in.text != tc.text || !errors.Is(in.err, tc.err) {
				t.Errorf("read %q, %v; want %q, %v", in.text, in.err, tc.text, tc.err)
			}
			if n := pool.out.Load(); n != 0 {
				t.Errorf("%d buffers did not come back", n)
			}
		})
	}
}

// What is not plain TCP is read as it says, and gives its buffers back too.
func TestOtherConnectionsAreReadAsTheySay(t *testing.T) {
	cert := tlstest.New(t, "ca").Issue([]string{"a"})
	leaf, err := tls.X509KeyPair(cert.Cert, cert.Key)
	if err != nil {
		t.Fatal(err)
	}
	tests := map[string]func(near, far net.Conn) (net.Conn, net.Conn){
		"a pipe": func(near, far net.Conn) (net.Conn, net.Conn) { return near, far },
		"TLS": func(near, far net.Conn) (net.Conn, net.Conn) {
			return tls.Server(near, &tls.Config{Certificates: []tls.Certificate{leaf}, MinVersion: tls.VersionTLS12}),
				tls.Client(far, &tls.Config{InsecureSkipVerify: true}) //nolint:gosec // of a test
		},
	}
	for name, wrap := range tests {
		t.Run(name, func(t *testing.T) {
			near, far := wrap(net.Pipe())
			s, pool := sessionOn(t, near), &lender{}
			for _, text := range []string{"PRI * HTTP/2.0\r\n", "\r\nSM\r\n\r\n"} {
				got := s.reading(pool)
				if _, err := far.Write([]byte(text)); err != nil {
					t.Fatal(err)
				}
				if in := <-got; in.text != text || in.err != nil {
					t.Errorf("read %q, %v; want %q", in.text, in.err, text)
				}
			}
			got := s.reading(pool)
			go func() { _ = far.Close() }() // TLS says good-bye first
			if in := <-got; !errors.Is(in.err, io.EOF) {
				t.Errorf("at the end: %v", in.err)
			}
			if n := pool.out.Load(); n != 0 {
				t.Errorf("%d buffers did not come back", n)
			}
		})
	}
}
