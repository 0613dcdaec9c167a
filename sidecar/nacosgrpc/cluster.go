package nacosgrpc

import (
	"context"
	"errors"
	"maps"

	"github.com/distro-naming/naming-operator/sidecar/frame"
	"github.com/distro-naming/naming-operator/sidecar/member"
	"github.com/distro-naming/naming-operator/sidecar/naming"
	"github.com/distro-naming/naming-operator/sidecar/wire"
	"github.com/distro-naming/naming-operator/sidecar/wire/nacospb"
)

// accepted answers a Distro request that was carried out.
var accepted = wire.Payload(wire.DistroDataResponse, wire.Success())

// clusterHandlers are the requests that the members' port answers.
func (s *Server) clusterHandlers() map[wire.Kind]handler {
	all := s.handlers()
	maps.Copy(all, map[wire.Kind]handler{
		wire.DistroDataRequest:       s.distro,
		wire.MemberReportRequest:     s.report,
		wire.SettingsRequest:         s.settings,
		wire.ServerLoaderInfoRequest: s.loader,
		wire.ServerReloadRequest:     s.reload,
		// Configuration is not ours, but Java tells it again for ever until told so.
		wire.ConfigChangeClusterSyncRequest: func(context.Context, *session, *nacospb.Payload) *nacospb.Payload {
			return wire.Payload(wire.ConfigChangeClusterSyncResponse, wire.Success())
		},
	})
	return all
}

// report hears of a member and answers with this one.
func (s *Server) report(_ context.Context, c *session, in *nacospb.Payload) *nacospb.Payload {
	n, err := wire.DecodeReport(in)
	switch {
	case errors.Is(err, wire.ErrNoNode):
		return wire.Error(wire.CodeServerError, wire.CodeServerError, err.Error())
	case errors.Is(err, wire.ErrBadNode):
		return wire.Refuse(wire.MemberReportRequest, naming.ServiceKey{}, "", wire.CodeInvalid, err.Error())
	case err != nil:
		return malformed(err)
	}
	c.reporter.Store(&n.Address)
	s.deps.Roster.Heard(n, c.ip)
	self := s.deps.Roster.Node()
	out := wire.Payload(wire.MemberReportResponse, wire.ReportResult(self))
	if wire.Sender(in) != "" {
		wire.Introduce(out, self)
		if s.cfg.Stream {
			wire.OfferStream(out, frame.Version)
		}
	}
	return out
}

// from returns the member that sent a request, or "". One that reports over HTTP
// never says so on this connection, and is known by where it reports from.
func (s *session) from(in *nacospb.Payload) member.Address {
	if sender := wire.Sender(in); sender != "" {
		return sender
	}
	if reporter := s.reporter.Load(); reporter != nil {
		return *reporter
	}
	return s.port.server.deps.Roster.JavaAt(s.ip)
}

// distro carries out what a member asks of the registry. A failure is always a
// DistroDataResponse: Java sends a record again only after one of those.
func (s *Server) distro(ctx context.Context, c *session, in *nacospb.Payload) *nacospb.Payload {
	request, err := wire.DecodeDistro(wire.Body(in))
	if errors.Is(err, wire.ErrMalformed) {
		return malformed(err)
	}
	if err != nil {
		return failed(err)
	}
	from := c.from(in)
	switch request.Operation {
	case wire.OpChange, wire.OpAdd:
		err = s.change(ctx, from, request)
	case wire.OpDelete:
		err = s.deps.Inbox.Forget(ctx, from, request.Client, wire.Version(in))
	case wire.OpVerify:
		err = s.verify(ctx, from, request, wire.Version(in))
	case wire.OpSnapshot:
		return s.snapshot(ctx, from, wire.Sender(in) != "")
	case wire.OpQuery:
		return s.record(ctx, request.Client)
	}
	if err != nil {
		s.cfg.Log.V(1).Info("refused a peer's request", "peer", from, "operation", request.Operation,
			"client", request.Client, "reason", err.Error())
		return failed(err)
	}
	return accepted
}

func failed(err error) *nacospb.Payload {
	return wire.Refuse(wire.DistroDataRequest, naming.ServiceKey{}, "", wire.CodeServerError, "[DISTRO-FAILED] "+err.Error())
}

func (s *Server) change(ctx context.Context, from member.Address, request wire.Distro) error {
	r, err := wire.DecodeRecord(request.Content)
	if err != nil {
		return err
	}
	if r.Stamp.Version == 0 {
		r.Stamp.Owner = from // a Java server sends only what it owns
	}
	return s.deps.Inbox.Receive(ctx, from, r)
}

var errDiffers = errors.New("distro data verify failed")

func (s *Server) verify(ctx context.Context, from member.Address, request wire.Distro, version int64) error {
	mark, err := wire.DecodeMark(request.Content)
	if err != nil {
		return err
	}
	mark.Stamp.Version = version
	if !mark.Client.Beats() { // of one that beats, another member may have written what this one owns now
		mark.Stamp.Owner = from
	}
	different, err := s.deps.Inbox.Compare(ctx, from, []naming.Mark{mark})
	if err == nil && len(different) > 0 {
		err = errDiffers
	}
	return err
}
