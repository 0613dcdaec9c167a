package nacosgrpc

import (
	"errors"
	"io"
	"net"
	"syscall"

	"google.golang.org/grpc/mem"
)

// ready reads a TCP connection without holding a buffer while nothing comes in.
type ready struct {
	raw  syscall.RawConn
	try  func(fd uintptr) (done bool)
	size int
	pool mem.BufferPool

	b   *[]byte // what was read, n bytes of it, or why nothing was
	n   int
	err error
}

// newReady returns nil where c is not plain TCP: what TLS says is not what is read.
func newReady(c net.Conn) *ready {
	tcp, is := c.(*net.TCPConn)
	if !is || !readsNow {
		return nil
	}
	raw, err := tcp.SyscallConn()
	if err != nil {
		return nil // it is closed, which reading tells
	}
	r := &ready{raw: raw}
	r.try = r.tryOnce // made once
	return r
}

// tryOnce reads what is there and reports whether anything is, or nothing ever will be.
func (r *ready) tryOnce(fd uintptr) bool {
	r.b = r.pool.Get(r.size)
	for {
		r.n, r.err = readNow(fd, *r.b)
		if !errors.Is(r.err, syscall.EINTR) {
			break
		}
	}
	if r.err != nil || r.n <= 0 {
		r.pool.Put(r.b)
		r.b, r.n = nil, 0
	}
	return !errors.Is(r.err, syscall.EAGAIN)
}

// read waits until there is something to read, and only then takes a buffer from pool.
func (r *ready) read(size int, pool mem.BufferPool) (*[]byte, int, error) {
	r.size, r.pool = size, pool
	err := r.raw.Read(r.try)
	b, n := r.b, r.n
	if err == nil {
		err = r.err
	}
	r.pool, r.b, r.n, r.err = nil, nil, 0, nil
	if err == nil && b == nil {
		err = io.EOF
	}
	return b, n, err
}

// ReadOnReady is how grpc reads from a connection that is to hold no buffer while
// nothing comes in. Where that is not possible, it holds one of size bytes.
func (s *session) ReadOnReady(size int, pool mem.BufferPool) (b *[]byte, n int, err error) {
	if s.ready != nil {
		b, n, err = s.ready.read(size, pool)
	} else {
		b = pool.Get(size)
		n, err = s.Conn.Read(*b)
	}
	if n > 0 && !s.heard((*b)[:n]) {
		n, err = 0, errGone
	}
	if n == 0 && b != nil {
		pool.Put(b)
		b = nil
	}
	return b, n, err
}
