package nacosgrpc

import (
	"context"

	"github.com/distro-naming/naming-operator/sidecar/member"
	"github.com/distro-naming/naming-operator/sidecar/wire"
	"github.com/distro-naming/naming-operator/sidecar/wire/nacospb"
)

// loader says how busy this member is.
func (s *Server) loader(context.Context, *session, *nacospb.Payload) *nacospb.Payload {
	l := wire.Load{Clients: s.Clients(), Average: loadAverage(), Processors: s.busy.share()}
	for _, c := range s.open.all() {
		if c.registered() {
			l.Connections++
		}
	}
	return wire.Payload(wire.ServerLoaderInfoResponse, wire.LoadResult(l))
}

// reload makes surplus clients go to another member: whoever balances a cluster
// asks for it (gRPC page, 2.8). It answers at once, and is answered with
// "ignore" when there is nobody to send away, or nowhere.
func (s *Server) reload(_ context.Context, _ *session, in *nacospb.Payload) *nacospb.Payload {
	request, err := wire.DecodeReload(wire.Body(in))
	if err != nil {
		return malformed(err)
	}
	clients := s.Clients()
	if clients <= request.Count || !s.canSendTo(request.Server) {
		return wire.Payload(wire.ServerReloadResponse, wire.ReloadResult(wire.ReloadIgnored))
	}
	n := request.Surplus(clients)
	s.cfg.Log.Info("asked to send clients away", "clients", clients, "surplus", n, "to", request.Server)
	s.work.Go(func() {
		ctx := context.Background() //nolint:forbidigo // the call that asked for it is over; each question has its time
		s.ResetClients(ctx, n, request.Server)
	})
	return wire.Payload(wire.ServerReloadResponse, wire.ReloadResult(wire.ReloadOK))
}

// canSendTo refuses a target that is no member: clients would be led astray.
func (s *Server) canSendTo(target member.Address) bool {
	return target == "" || s.deps.Roster.Lists(target)
}
