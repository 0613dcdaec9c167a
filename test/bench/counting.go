package main

import (
	"context"
	"net"
	"sync/atomic"

	"github.com/distro-naming/naming-operator/sidecar/member"
	"github.com/distro-naming/naming-operator/sidecar/membership"
)

// counter counts the bytes of connections, both ways.
type counter struct{ atomic.Int64 }

// countingConn is a connection whose bytes are counted.
type countingConn struct {
	net.Conn
	bytes *counter
}

func (c countingConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	c.bytes.Add(int64(n))
	return n, err
}

func (c countingConn) Write(p []byte) (int, error) {
	n, err := c.Conn.Write(p)
	c.bytes.Add(int64(n))
	return n, err
}

// countingListener counts what it accepts.
type countingListener struct {
	net.Listener
	bytes *counter
}

func (l countingListener) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return countingConn{conn, l.bytes}, nil
}

// countingRoutes counts what it dials.
type countingRoutes struct {
	*membership.Watch
	bytes *counter
}

func (r countingRoutes) Dial(ctx context.Context, to member.Address, port int) (net.Conn, error) {
	conn, err := r.Watch.Dial(ctx, to, port)
	if err != nil {
		return nil, err
	}
	return countingConn{conn, r.bytes}, nil
}
