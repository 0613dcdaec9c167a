package nacosgrpc

import (
	"net"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/keepalive"

	"github.com/distro-naming/naming-operator/sidecar/turnstile"
	"github.com/distro-naming/naming-operator/sidecar/wire"
	"github.com/distro-naming/naming-operator/sidecar/wire/nacospb"
)

// Limits of HTTP/2 on both ports. The window is that of Java servers; being
// fixed it also spares the pings of an estimated one.
const (
	window           = 1 << 20
	readBuffer       = 4 << 10 // each connection keeps one; larger messages are read past it
	maxHeaderList    = 16 << 10
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
	stile    *turnstile.Turnstile
	grpc     *grpc.Server
}

func newPort(s *Server, l net.Listener, members bool, handlers map[wire.Kind]handler) *port {
	p := &port{server: s, members: members, listener: l, handlers: handlers, stile: newStile(&s.cfg, members)}
	p.grpc = grpc.NewServer(
		grpc.MaxRecvMsgSize(int(s.cfg.Limits.Message)),
		grpc.MaxHeaderListSize(maxHeaderList),
		grpc.MaxConcurrentStreams(p.streams()),
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
	p.grpc.RegisterService(&requestService, p)
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
		if place := l.port.stile.Enter(turnstile.IP(c)); place != nil {
			s := newSession(l.port, c, place)
			l.port.server.open.add(s)
			return s, nil
		}
		_ = c.Close() // there is no place even to be told
	}
}
