package nacosgrpc

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/distro-naming/naming-operator/sidecar/limits"
	"github.com/distro-naming/naming-operator/sidecar/naming"
	"github.com/distro-naming/naming-operator/sidecar/wire"
	"github.com/distro-naming/naming-operator/sidecar/wire/nacospb"
)

// handler answers one kind of request from a registered connection.
type handler func(ctx context.Context, s *session, in *nacospb.Payload) *nacospb.Payload

// Answers that are the same for everybody; they are never changed.
var (
	healthy      = wire.Payload(wire.HealthCheckResponse, wire.Success())
	starting     = wire.Error(wire.CodeServerError, wire.CodeStarting, "Server is starting,please try later.")
	away         = wire.Refuse(wire.HealthCheckRequest, naming.ServiceKey{}, "", wire.CodeServerError, "Server is leaving.")
	noHandler    = wire.Error(wire.CodeServerError, wire.CodeNoHandler, "RequestHandler Not Found")
	unregistered = wire.Error(wire.CodeServerError, wire.CodeUnregistered, "Connection is unregistered.")
)

// unidentified answers who does not say that it belongs to the cluster.
const unidentified = "This is not a member of the cluster: its server identity is missing or another. " +
	"Set nacos.core.auth.server.identity.key and .value as all members have them."

// forMembers are the kinds that clients may not send, and that need the identity
// of a member.
var forMembers = map[wire.Kind]bool{
	wire.DistroDataRequest:              true,
	wire.MemberReportRequest:            true,
	wire.SettingsRequest:                true,
	wire.ConfigChangeClusterSyncRequest: true,
	wire.ServerLoaderInfoRequest:        true,
	wire.ServerReloadRequest:            true,
}

// Request is one call. Every fault but a broken transport is an answer.
func (p *port) Request(ctx context.Context, in *nacospb.Payload) (out *nacospb.Payload, err error) {
	s := sessionOf(ctx)
	if s == nil {
		return nil, status.Error(codes.Internal, "call without a connection")
	}
	defer func() {
		if fault := recover(); fault != nil {
			out, err = p.recovered(s, in, fault), nil
		}
	}()
	if err := s.place.Over(); err != nil {
		return nil, tooMany(err)
	}
	if p.closed(in) {
		return nil, status.Error(codes.Unavailable, "this member is leaving, use another")
	}
	s.touch()
	if err := p.admit(s); err != nil {
		return refused(in, err), nil
	}
	return p.dispatch(ctx, s, in), nil
}

// closed reports whether in comes from a client that wants to come while this
// member leaves. Its call fails rather than being answered: SDKs try the next
// server at once then, but wait for seconds for one that is merely starting.
func (p *port) closed(in *nacospb.Payload) bool {
	return !p.members && p.server.leaving.Load() && wire.KindOf(in) == wire.ServerCheckRequest
}

// dispatch follows Nacos's order (gRPC page, 2.7): clients learn what to do
// from the first fault.
func (p *port) dispatch(ctx context.Context, s *session, in *nacospb.Payload) *nacospb.Payload {
	kind := wire.KindOf(in)
	if !p.members {
		switch {
		case forMembers[kind]:
			return wire.Error(wire.CodeServerError, wire.CodeBadGateway, " invoke "+string(kind)+" from sdk is forbidden")
		case p.server.loading():
			return starting
		}
	}
	if kind == wire.ServerCheckRequest {
		return wire.Payload(wire.ServerCheckResponse, wire.Ready(string(s.id)))
	}
	handle, ok := p.handlers[kind]
	if !ok {
		return noHandler
	}
	if !s.registered() {
		return unregistered
	}
	if refused := p.permit(ctx, s, in); refused != nil {
		return refused
	}
	return handle(ctx, s, in)
}

// recovered answers a request whose handler panicked: a defect of ours.
func (p *port) recovered(s *session, in *nacospb.Payload, fault any) *nacospb.Payload {
	kind := wire.KindOf(in)
	p.server.cfg.Log.Error(fmt.Errorf("panic: %v", fault), "a request met a defect",
		"kind", kind, "client", s.id, "stack", string(debug.Stack()))
	return wire.Refuse(kind, naming.ServiceKey{}, "", wire.CodeServerError, "internal error, see the log of the member")
}

// malformed answers a body that is not what its kind says.
func malformed(err error) *nacospb.Payload {
	return wire.Error(wire.CodeServerError, wire.CodeBadGateway, err.Error())
}

// undone answers a request that the registry could not carry out.
func (s *session) undone(kind wire.Kind, key naming.ServiceKey, err error) *nacospb.Payload {
	var over *limits.Over
	switch {
	case errors.Is(err, naming.ErrNoClient) && s.phase.Load() == connected:
		return unregistered // the client connects again and says all anew
	case errors.Is(err, naming.ErrNoClient):
		return wire.Error(wire.CodeNoClient, wire.CodeNoClient,
			"connection "+string(s.id)+" is none for naming, it cannot register an instance")
	case errors.Is(err, naming.ErrLoading), errors.Is(err, naming.ErrStopped):
		return wire.Error(wire.CodeServerError, wire.CodeStarting, err.Error())
	case errors.As(err, &over):
		s.port.server.over(over.Limit)
		return wire.Refuse(kind, key, "", wire.CodeOverThreshold, err.Error())
	default:
		return wire.Refuse(kind, key, "", wire.CodeServerError, err.Error())
	}
}
