package sidecar

import (
	"context"

	"github.com/distro-naming/naming-operator/sidecar/member"
	"github.com/distro-naming/naming-operator/sidecar/membership"
	"github.com/distro-naming/naming-operator/sidecar/nacosgrpc"
	"github.com/distro-naming/naming-operator/sidecar/nacosv1"
	"github.com/distro-naming/naming-operator/sidecar/naming"
	"github.com/distro-naming/naming-operator/sidecar/replica"
)

// transports is the replica's way to each peer, as the peer replicates now: by
// clients over gRPC, or by services over HTTP as Nacos 1.x does.
type transports struct {
	watch *membership.Watch
	grpc  *nacosgrpc.Peers
	v1    *nacosv1.Exchange
}

var _ replica.Transport = (*transports)(nil)

func (t *transports) to(a member.Address) replica.Transport {
	if t.v1.Speaks(a) {
		return t.v1
	}
	return t.grpc
}

// Send implements replica.Transport.
func (t *transports) Send(ctx context.Context, to member.Address, r *naming.Record) error {
	return t.to(to).Send(ctx, to, r)
}

// Drop implements replica.Transport.
func (t *transports) Drop(ctx context.Context, to member.Address, c naming.ClientID, version int64) error {
	return t.to(to).Drop(ctx, to, c, version)
}

// Verify implements replica.Transport.
func (t *transports) Verify(ctx context.Context, to member.Address, marks []naming.Mark) ([]naming.ClientID, error) {
	return t.to(to).Verify(ctx, to, marks)
}

// Load implements replica.Transport. A server of 2.0 or 2.1 that still replicates
// as 1.x would answer over gRPC as well, with what nobody is shown.
func (t *transports) Load(ctx context.Context, from member.Address) ([]*naming.Record, bool, error) {
	if !t.watch.Ours(from) {
		if err := t.v1.AwaitJudged(ctx, from); err != nil {
			return nil, false, err
		}
	}
	return t.to(from).Load(ctx, from)
}
