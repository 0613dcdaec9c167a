package nacosgrpc

import (
	"context"
	"slices"

	"github.com/distro-naming/naming-operator/sidecar/member"
	"github.com/distro-naming/naming-operator/sidecar/naming"
	"github.com/distro-naming/naming-operator/sidecar/wire"
	"github.com/distro-naming/naming-operator/sidecar/wire/nacospb"
)

// snapshot gives everything known. While this member is itself loading, a Java
// member must be refused, as it would take what it gets for all there is; one
// of ours is told that it is not.
//
// A Java server asks only when it has just started, so the connections that it
// held before are no more. It is not given them, as it would list them for as
// long as a lease lasts, and is known to run anew, which it does not say itself.
func (s *Server) snapshot(ctx context.Context, from member.Address, ours bool) *nacospb.Payload {
	select {
	case s.loads <- struct{}{}:
		defer func() { <-s.loads }()
	case <-ctx.Done():
		return failed(context.Cause(ctx))
	}
	give := s.deps.Inbox.Snapshot
	if ours {
		give = s.deps.Inbox.Remaining
	}
	records, loaded, err := give(ctx)
	if err == nil && !loaded && !ours {
		err = naming.ErrLoading
	}
	if err == nil && !ours {
		records = slices.DeleteFunc(records, func(r *naming.Record) bool {
			return from != "" && r.Stamp.Owner == from && !r.Client.Beats() || r.Client.Datum()
		})
	}
	if err == nil && !ours && from != "" {
		err = s.deps.Inbox.Restarted(ctx, from)
	}
	if err != nil {
		return failed(err)
	}
	return s.everything(ctx, from, ours, records, !loaded)
}

// everything is the answer that holds the records, or as many as its reader can
// take: what this member owns then follows as changes, so that comes last. What
// others own they send when they verify, within seconds; sent from here it could
// overtake, or undo, what its owner sends.
func (s *Server) everything(
	ctx context.Context, from member.Address, ours bool, records []*naming.Record, partial bool,
) *nacospb.Payload {
	limit := s.cfg.MaxSnapshot
	if ours {
		limit = largestAnswer
	}
	self := s.deps.Roster.Node().Address
	slices.SortStableFunc(records, func(a, b *naming.Record) int {
		return rank(a.Stamp.Owner == self) - rank(b.Stamp.Owner == self)
	})
	body, left := wire.SnapshotResult(records, limit, partial)
	if len(left) > 0 {
		s.cfg.Log.Info("not all clients had room in a peer's load, the rest follows",
			"peer", from, "clients", len(records), "left", len(left))
		clients := make([]naming.ClientID, len(left))
		for i, r := range left {
			clients[i] = r.Client
		}
		if err := s.deps.Inbox.Lacks(ctx, from, clients); err != nil {
			return failed(err)
		}
	}
	return wire.Payload(wire.DistroDataResponse, body)
}

func (s *Server) record(ctx context.Context, c naming.ClientID) *nacospb.Payload {
	records, _, err := s.deps.Inbox.Snapshot(ctx)
	if err != nil {
		return failed(err)
	}
	var found *naming.Record
	if i := slices.IndexFunc(records, func(r *naming.Record) bool { return r.Client == c }); i >= 0 {
		found = records[i]
	}
	return wire.Payload(wire.DistroDataResponse, wire.QueryRecordResult(found))
}

func rank(last bool) int {
	if last {
		return 1
	}
	return 0
}
