package replica

import (
	"github.com/distro-naming/naming-operator/sidecar/limits"
	"github.com/distro-naming/naming-operator/sidecar/naming"
)

// fits returns why a client whose record is r may not publish n instances in s.
// Who is known already may go on with what it has.
func (l *Loop) fits(r *naming.Record, s naming.ServiceKey, n int) error {
	held, known := r.Has(s)
	over := func(limit string, most, would int64, what string) error {
		if most == 0 || would <= most {
			return nil
		}
		return &limits.Over{Limit: limit, Most: most, What: what}
	}
	all := l.cfg.Limits
	if n > held {
		would := int64(r.Instances() - held + n)
		if err := over(limits.Instances, all.Instances, would, "the client publishes too many instances"); err != nil {
			return err
		}
	}
	switch {
	case known:
		return nil
	case r.Len() > 0:
		return over(limits.Services, all.Services, int64(r.Len()+1), "the client publishes in too many services")
	default:
		return over(limits.Clients, all.Clients, int64(l.registry.Len()+1), "too many clients publish something")
	}
}
