package nacosgrpc

import (
	"net"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/keepalive"

	"github.com/distro-naming/naming-operator/sidecar/wire"
	"github.com/distro-naming/naming-operator/sidecar/wire/nacospb"
)

// Limits of HTTP/2 on both ports. The window is that of Java servers; being
// fixed it also spares the pings of an estimated one.
const (
	window           = 1 << 20
	readBuffer       = 4 << 10 // each connection keeps one; larger messages are read past it
	maxHeaderList    = 16 << 10
	maxStreams       = 1 << 16 // Java members verify all their clients at once
	handshakeTimeout = 10 * time.Second
	leastPingEvery   = 10 * time.Second // SDKs ping every minute, also without calls
)

// port is one of the two gRPC ports.
type port struct {
	nacospb.UnimplementedRequestServer
	nacospb.UnimplementedBiRequestStreamServer

	server   *Server
	members  bool // it is the members' port
	handlers map[wire.Kind]handler
	listener net.Listener
	grpc     *grpc.Server
}

func newPort(s *Server, l net.Listener, handlers map[wire.Kind]handler) *port {
	p := &port{server: s, listener: l, handlers: handlers}
	p.grpc = grpc.NewServer(
		grpc.MaxRecvMsgSize(s.cfg.MaxMessage),
		grpc.MaxHeaderListSize(maxHeaderList),
		grpc.MaxConcurrentStreams(maxStreams),
		grpc.InitialWindowSize(window),
		grpc.InitialConnWindowSize(window),
		grpc.ConnectionTimeout(handshakeTimeout),
		grpc.WaitForHandlers(true),
		grpc.ReadBufferSize(readBuffer),
		grpc.ForceServerCodecV2(newCodec()),
		grpc.KeepaliveEnforcementPolicy(keepalive.EnforcementPolicy{
			MinTime:             leastPingEvery,
			PermitWithoutStream: true,
		}),
	)
	nacospb.RegisterRequestServer(p.grpc, p)
	nacospb.RegisterBiRequestStreamServer(p.grpc, p)
	return p
}

// listener turns each accepted connection into a session.
type listener struct {
	net.Listener
	port *port
}

// Accept returns the next connection that there is room for.
func (l listener) Accept() (net.Conn, error) {
	for {
		c, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		s := newSession(l.port, c)
		if l.port.server.open.add(s, l.port.server.cfg.MaxConnections) {
			return s, nil
		}
		l.port.server.cfg.Log.Info("refused a connection: too many are open", "remote", c.RemoteAddr().String())
		_ = c.Close() // nobody is told: it never was a session
	}
}
