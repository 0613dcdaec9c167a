package replica

import (
	"context"
	"time"

	"github.com/distro-naming/naming-operator/sidecar/distro"
	"github.com/distro-naming/naming-operator/sidecar/member"
	"github.com/distro-naming/naming-operator/sidecar/naming"
)

// Connect notes that the connection c exists. Only then can it register.
func (l *Loop) Connect(ctx context.Context, c naming.ClientID) error {
	return l.call(ctx, func(time.Time) error {
		l.connected[c] = struct{}{}
		return nil
	})
}

// Register replaces what c publishes in s. A connection must be known
// (naming.ErrNoClient); an HTTP client is created on the way. The call returns
// when readers of this member see the change; peers are told afterwards. What goes
// over a limit is *limits.Over.
func (l *Loop) Register(ctx context.Context, c naming.ClientID, s naming.ServiceKey, list []naming.Instance, batch bool) error {
	return l.call(ctx, func(now time.Time) error {
		if _, connected := l.connected[c]; !connected && !c.Beats() {
			return naming.ErrNoClient
		}
		r := l.registry.Record(c)
		if r == nil {
			r = &naming.Record{Client: c}
		}
		if err := l.fits(r, s, len(list)); err != nil {
			return err
		}
		r = r.With(naming.Publication{Service: s, Instances: list, Batch: batch}, l.issue(now))
		l.write(now, r, naming.Cause{Client: c})
		if c.Beats() && l.engine.Owns(c) {
			l.beats.heard(now, c, s)
		}
		return nil
	})
}

// Deregister withdraws what c publishes in s. Nothing published is success.
func (l *Loop) Deregister(ctx context.Context, c naming.ClientID, s naming.ServiceKey) error {
	return l.call(ctx, func(now time.Time) error {
		l.withdraw(now, c, s, naming.Cause{Kind: naming.CauseDeregistered, Client: c})
		return nil
	})
}

// Disconnect ends the connection c: what it published is gone here at once and
// peers are told, except for what the brake holds.
func (l *Loop) Disconnect(ctx context.Context, c naming.ClientID) error {
	return l.call(ctx, func(now time.Time) error {
		delete(l.connected, c)
		l.lost(now, c)
		l.lose(now, c, naming.Cause{Kind: naming.CauseConnection, Client: c}, true)
		return nil
	})
}

// SetMembers tells the engine who is in the cluster and how they are.
func (l *Loop) SetMembers(ctx context.Context, v member.View) error {
	return l.call(ctx, func(now time.Time) error {
		before := l.view
		l.view = v
		l.ring.Store(&v)
		l.engine.Members(now, v)
		l.membersDepart(before, v)
		return nil
	})
}

// Incarnation tells the engine when a peer, as it runs now, was started: Unix
// milliseconds.
func (l *Loop) Incarnation(ctx context.Context, peer member.Address, epoch int64) error {
	return l.call(ctx, func(now time.Time) error {
		l.engine.Incarnation(now, peer, epoch)
		if epoch > l.departures.epochs[peer] {
			l.departures.epochs[peer] = epoch
			l.departAll(peer)
		}
		return nil
	})
}

// Restarted tells the engine that a peer was seen to start, of which nothing says
// when.
func (l *Loop) Restarted(ctx context.Context, peer member.Address) error {
	return l.call(ctx, func(now time.Time) error {
		l.engine.Restarted(now, peer)
		return nil
	})
}

// Owner returns the member that owns the HTTP client c, and whether that is
// this member. An unknown owner (an empty ring) is nobody.
func (l *Loop) Owner(c naming.ClientID) (owner member.Address, here bool) {
	v := l.ring.Load()
	if v == nil {
		return "", false
	}
	owner, ok := distro.RingOwner(v.Ring(), c)
	return owner, ok && owner == l.cfg.Self
}

// issue returns the stamp of a write that this member makes now.
func (l *Loop) issue(now time.Time) naming.Stamp {
	return naming.Issue(l.cfg.Self, l.clock.tick(now))
}

// write stores the record of an own client and tells readers, subscribers and
// the engine.
func (l *Loop) write(now time.Time, r *naming.Record, why naming.Cause) {
	l.engine.Local(now, r.Mark()) // first: what is owned here has not departed
	l.put(now, r, why)
}

// withdraw takes the publication of c in s out of its record. An HTTP client
// that publishes nothing any more is gone; a connection stays.
func (l *Loop) withdraw(now time.Time, c naming.ClientID, s naming.ServiceKey, why naming.Cause) {
	l.silence(c, s)
	r := l.registry.Record(c)
	if r == nil || r.Find(s) == nil {
		return
	}
	rest := r.Without(s, l.issue(now))
	if c.Beats() && rest.Len() == 0 {
		l.remove(now, c, why)
		return
	}
	l.write(now, rest, why)
}

// remove ends an own client: its record goes and peers are told.
func (l *Loop) remove(now time.Time, c naming.ClientID, why naming.Cause) {
	delete(l.beats.last, c)
	if l.registry.Record(c) == nil {
		return
	}
	l.forget(now, c, why)
	l.engine.Gone(now, c, l.clock.tick(now))
}
