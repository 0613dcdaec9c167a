package replica

import (
	"context"
	"slices"
	"time"

	"github.com/distro-naming/naming-operator/sidecar/distro"
	"github.com/distro-naming/naming-operator/sidecar/member"
	"github.com/distro-naming/naming-operator/sidecar/naming"
)

// ServiceOwner returns the member that the ring of Nacos 1.x names for a service,
// and whether that member is one of 1.x, which takes the writes of its services
// itself. While there are none of those, nobody owns services.
func (l *Loop) ServiceOwner(s naming.ServiceKey) (owner member.Address, v1 bool) {
	v := l.ring.Load()
	if v == nil || len(v.PeersOfV1()) == 0 {
		return "", false
	}
	owner, _ = distro.ServiceOwner(v.ServiceRing(), s)
	return owner, v.V1(owner)
}

// V1 reports whether a member replicates as Nacos 1.x does.
func (l *Loop) V1(a member.Address) bool {
	v := l.ring.Load()
	return v != nil && v.V1(a)
}

// Own returns what the clients that this member owns publish in services.
func (l *Loop) Own(ctx context.Context, services []naming.ServiceKey) (map[naming.ServiceKey]naming.Own, error) {
	out := make(map[naming.ServiceKey]naming.Own, len(services))
	err := l.call(ctx, func(time.Time) error {
		for _, s := range services {
			var own naming.Own
			for r := range l.registry.In(s) {
				switch {
				case !l.engine.Owns(r.Client):
				case r.Client.Beats():
					own.Beats = append(own.Beats, r.Find(s).Instances...)
				default:
					own.Held = append(own.Held, r.Find(s).Instances...)
				}
			}
			out[s] = own
		}
		return nil
	})
	return out, err
}

// OwnClients returns the clients that this member owns, in order.
func (l *Loop) OwnClients(ctx context.Context) (out []naming.ClientID, err error) {
	err = l.call(ctx, func(time.Time) error {
		for r := range l.registry.All() {
			if l.engine.Owns(r.Client) {
				out = append(out, r.Client)
			}
		}
		slices.Sort(out)
		return nil
	})
	return out, err
}
