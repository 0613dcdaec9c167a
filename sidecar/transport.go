package sidecar

import (
	"context"

	"github.com/distro-naming/naming-operator/sidecar/accord"
	"github.com/distro-naming/naming-operator/sidecar/member"
	"github.com/distro-naming/naming-operator/sidecar/membership"
	"github.com/distro-naming/naming-operator/sidecar/nacosgrpc"
	"github.com/distro-naming/naming-operator/sidecar/nacosv1"
	"github.com/distro-naming/naming-operator/sidecar/naming"
	"github.com/distro-naming/naming-operator/sidecar/replica"
	"github.com/distro-naming/naming-operator/sidecar/settings"
)

// transports is the replica's way to each peer, as the peer replicates now. To
// one that does so as Nacos 1.x nothing is said of clients: it is told what is
// listed as soon as that changes.
type transports struct {
	replica.Stream // of those that stream, none of which does so as Nacos 1.x

	watch  *membership.Watch
	grpc   *nacosgrpc.Peers
	v1     *nacosv1.Exchange
	accord *accord.Accord
}

var (
	_ replica.Transport = (*transports)(nil)
	_ accord.Peers      = (*transports)(nil)
)

// Send implements replica.Transport.
func (t *transports) Send(ctx context.Context, to member.Address, r *naming.Record) error {
	if t.v1.Speaks(to) {
		return nil
	}
	return t.grpc.Send(ctx, to, r)
}

// Drop implements replica.Transport.
func (t *transports) Drop(ctx context.Context, to member.Address, c naming.ClientID, version int64) error {
	if t.v1.Speaks(to) {
		return nil
	}
	return t.grpc.Drop(ctx, to, c, version)
}

// Verify implements replica.Transport.
func (t *transports) Verify(ctx context.Context, to member.Address, marks []naming.Mark) ([]naming.ClientID, error) {
	if t.v1.Speaks(to) {
		return nil, nil
	}
	return t.grpc.Verify(ctx, to, marks)
}

// Load implements replica.Transport. A server of 2.0 or 2.1 that still replicates
// as 1.x would answer over gRPC as well, with what nobody is shown. Of one of ours
// the settings come first, so that nothing is shown without them.
func (t *transports) Load(
	ctx context.Context, from member.Address, except []member.Address, take func(records []*naming.Record, more int) error,
) (complete bool, err error) {
	if !t.watch.Ours(from) {
		v1, err := t.v1.AwaitJudged(ctx, from)
		if err != nil {
			return false, err
		}
		if v1 {
			return true, t.v1.AwaitLoaded(ctx, from)
		}
	}
	if t.watch.Ours(from) {
		if err := t.accord.With(ctx, from); err != nil {
			return false, err
		}
	}
	return t.grpc.Load(ctx, from, except, take)
}

// Keepers implements accord.Peers.
func (t *transports) Keepers() (all []member.Address) {
	for _, p := range t.watch.Peers() {
		if p.State != member.Down && t.watch.Ours(p.Address) {
			all = append(all, p.Address)
		}
	}
	return all
}

// AskSettings implements accord.Peers.
func (t *transports) AskSettings(ctx context.Context, of member.Address, q settings.Question) (settings.Answer, error) {
	return t.grpc.AskSettings(ctx, of, q)
}
