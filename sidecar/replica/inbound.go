package replica

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/distro-naming/naming-operator/sidecar/distro"
	"github.com/distro-naming/naming-operator/sidecar/member"
	"github.com/distro-naming/naming-operator/sidecar/naming"
)

// Receive takes the record of one of a peer's clients. A record that is older
// than what is held is success and changes nothing; one of a client that is
// owned here is refused with naming.ErrOwnedHere.
func (l *Loop) Receive(ctx context.Context, from member.Address, r *naming.Record) error {
	return l.call(ctx, func(now time.Time) error { return l.offered(now, from, r, true) })
}

// offered asks the engine about a record and stores it if the engine accepts.
func (l *Loop) offered(now time.Time, from member.Address, r *naming.Record, direct bool) error {
	if r.Client.Datum() && r.Len() != 1 {
		return fmt.Errorf("record of %s from %s: %w", r.Client, from, errNoList)
	}
	l.clock.observe(now, r.Stamp.Version)
	verdict := l.engine.Offered(now, from, r.Mark(), direct)
	l.observer.Offered(from, verdict.Code.String())
	switch verdict.Code {
	case distro.Accept:
		if r.Client.Datum() {
			r = l.takeDatum(now, r)
		}
		l.put(now, r, naming.Cause{Kind: naming.CauseReplicated, Client: r.Client, Peer: from})
	case distro.OwnedHere:
		return fmt.Errorf("record of %s from %s: %w", r.Client, from, naming.ErrOwnedHere)
	case distro.Same:
		l.refresh(now, from, r, direct)
	case distro.Stale:
	}
	return nil
}

var errNoList = errors.New("it is not the list of one service")

// refresh takes what a Java server sends again under the revision that is held.
// It is not always the same: a change of health and, before 2.3, a batch leave
// the revision as it was (gRPC page, 5.10).
func (l *Loop) refresh(now time.Time, from member.Address, r *naming.Record, direct bool) {
	if direct && r.Stamp.Version == 0 && !l.engine.Owns(r.Client) && !r.Client.Datum() {
		l.put(now, r, naming.Cause{Kind: naming.CauseReplicated, Client: r.Client, Peer: from})
	}
}

// Forget ends a peer's client. version is 0 when the peer gave none.
func (l *Loop) Forget(ctx context.Context, from member.Address, c naming.ClientID, version int64) error {
	return l.call(ctx, func(now time.Time) error { return l.dropped(now, from, c, version) })
}

func (l *Loop) dropped(now time.Time, from member.Address, c naming.ClientID, version int64) error {
	l.clock.observe(now, version)
	verdict := l.engine.Dropped(now, from, c, version)
	l.observer.Offered(from, verdict.Code.String())
	switch verdict.Code {
	case distro.Accept:
		delete(l.beats.last, c)
		l.lost(now, c) // it may be part of an event that this member sees another part of
		l.forget(now, c, naming.Cause{Kind: naming.CauseRemoved, Client: c, Peer: from})
	case distro.OwnedHere:
		return fmt.Errorf("removal of %s by %s: %w", c, from, naming.ErrOwnedHere)
	case distro.Same, distro.Stale:
	}
	return nil
}

// Apply takes many changes of a peer's clients at once, in order; clock is its
// hybrid time. What Receive and Forget would refuse is refused in the same way,
// and so is, with naming.ErrLacksBase, what builds on a record that is not held:
// the first result is nil if all were taken, otherwise an error or nil for each.
func (l *Loop) Apply(ctx context.Context, from member.Address, clock int64, changes []naming.Change) ([]error, error) {
	var errs []error
	err := l.call(ctx, func(now time.Time) error {
		l.clock.observe(now, clock)
		for i, c := range changes {
			if err := l.apply(now, from, c); err != nil {
				if errs == nil {
					errs = make([]error, len(changes))
				}
				errs[i] = err
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return errs, nil
}

func (l *Loop) apply(now time.Time, from member.Address, c naming.Change) error {
	if c.Record == nil {
		return l.dropped(now, from, c.Client, c.Version)
	}
	r, err := c.Whole(l.registry.Record(c.Client))
	if err != nil {
		return err
	}
	return l.offered(now, from, r, true)
}

// Compare renews the clients that a peer says it owns and returns those that
// are unknown or different here.
func (l *Loop) Compare(ctx context.Context, from member.Address, marks []naming.Mark) ([]naming.ClientID, error) {
	var different []naming.ClientID
	err := l.call(ctx, func(now time.Time) error {
		different = l.engine.Compare(now, from, marks)
		return nil
	})
	return different, err
}

// Snapshot returns every record that this member knows, in no order, and whether
// its own load is complete. The list is the caller's own.
func (l *Loop) Snapshot(ctx context.Context) (records []*naming.Record, loaded bool, err error) {
	return l.snapshot(ctx, func(r *naming.Record) *naming.Record { return r })
}

// Remaining is Snapshot for a member of our own kind, which has not seen who took
// over what from clients that have departed: that is left out.
func (l *Loop) Remaining(ctx context.Context) (records []*naming.Record, loaded bool, err error) {
	return l.snapshot(ctx, l.remaining)
}

func (l *Loop) snapshot(
	ctx context.Context, given func(*naming.Record) *naming.Record,
) (records []*naming.Record, loaded bool, err error) {
	err = l.call(ctx, func(time.Time) error {
		records, loaded = make([]*naming.Record, 0, l.registry.Len()), l.engine.Loaded()
		for r := range l.registry.All() {
			if l.givenUp(r) {
				continue
			}
			if r.Stamp.Version == 0 || r.Stamp.Owner == "" {
				r = l.attributed(r)
			}
			records = append(records, given(r))
		}
		return nil
	})
	return records, loaded, err
}

// Lacks tells the engine that a peer lacks clients that this member knows.
func (l *Loop) Lacks(ctx context.Context, peer member.Address, clients []naming.ClientID) error {
	return l.call(ctx, func(now time.Time) error {
		l.engine.Lacks(now, peer, clients)
		return nil
	})
}

// attributed returns r with the stamp that the engine holds for it, which may
// know an owner and a version that were learnt since r came.
func (l *Loop) attributed(r *naming.Record) *naming.Record {
	held, ok := l.engine.Stamp(r.Client)
	if !ok || held == r.Stamp {
		return r
	}
	out := *r
	out.Stamp = held
	return &out
}

// ObserveClock makes versions issued here exceed the hybrid time of a peer.
func (l *Loop) ObserveClock(ctx context.Context, seen int64) error {
	return l.call(ctx, func(now time.Time) error {
		l.clock.observe(now, seen)
		return nil
	})
}

// Streams notes that a stream to a peer is up, or no longer.
func (l *Loop) Streams(ctx context.Context, peer member.Address, up bool) error {
	return l.call(ctx, func(now time.Time) error {
		delete(l.streaming, peer)
		if up {
			l.streaming[peer] = true
		}
		l.engine.Streams(now, peer, up)
		return nil
	})
}
