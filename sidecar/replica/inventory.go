package replica

import (
	"context"
	"time"

	"github.com/distro-naming/naming-operator/sidecar/member"
	"github.com/distro-naming/naming-operator/sidecar/naming"
)

// Listed returns the answer for s, each instance with whose it is.
func (l *Loop) Listed(ctx context.Context, s naming.ServiceKey) (out []naming.Listed, err error) {
	err = l.call(ctx, func(time.Time) error {
		out = l.registry.Listed(s)
		for i := range out {
			out[i].Owner, _ = l.engine.Owner(out[i].Client)
		}
		return nil
	})
	return out, err
}

// Holdings returns what is held of each owner.
func (l *Loop) Holdings(ctx context.Context) (out []naming.Holding, err error) {
	err = l.call(ctx, func(time.Time) error {
		out = l.engine.Holdings()
		return nil
	})
	return out, err
}

// Held returns the records that are held of owner in some buckets, in no order.
func (l *Loop) Held(ctx context.Context, owner member.Address, buckets []uint8) (out []naming.Held, err error) {
	err = l.call(ctx, func(time.Time) error {
		for _, m := range l.engine.Marks(owner, buckets) {
			if r := l.registry.Record(m.Client); r != nil {
				out = append(out, naming.Held{Stamp: m.Stamp, Record: r})
			}
		}
		return nil
	})
	return out, err
}
