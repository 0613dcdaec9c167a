package replica

import (
	"context"
	"time"

	"github.com/distro-naming/naming-operator/sidecar/member"
	"github.com/distro-naming/naming-operator/sidecar/settings"
)

// Stats are the counts of one member at one moment.
type Stats struct {
	Digest    string // 32 hex digits over all records
	Settings  string // the same over what is said of services and instances
	Loaded    bool
	Clients   int // clients that publish something
	Owned     int // of those, owned by this member
	Services  int
	Instances int // after removal of duplicates
	Braked    int // services of which lost instances are held as unhealthy
	Pending   int // changes not yet acknowledged by some peer
	PendingTo map[member.Address]int
}

// Stats counts. It enters the loop; a stopped loop answers zeros and an error.
func (l *Loop) Stats(ctx context.Context) (Stats, error) {
	var st Stats
	err := l.call(ctx, func(time.Time) error {
		st = l.stats()
		return nil
	})
	return st, err
}

// Counts are what happened since the member started.
type Counts struct {
	LoadTook  time.Duration // of the start-up load; 0 until it is complete
	Compared  uint64        // digests of all that is owned here that peers answered
	Differing uint64        // of those, the ones that they had otherwise
	Different uint64        // clients that peers had otherwise, as they said when they were verified
	Resent    uint64        // sends caused by that
	Retried   uint64        // sends and drops made again after a failure
	Abandoned uint64        // changes that some peer is told no more

	Settings settings.Counts // how much is said of services and instances
}

// Counts is cheap beside Stats.
func (l *Loop) Counts(ctx context.Context) (c Counts, err error) {
	err = l.call(ctx, func(time.Time) error {
		st := l.engine.Stats()
		c = Counts{
			LoadTook: l.loadTook, Compared: st.Summaries, Differing: st.Differing, Different: st.Different, Resent: st.Repaired,
			Retried: st.Retried, Abandoned: st.Abandoned, Settings: l.settings.Counts(),
		}
		return nil
	})
	return c, err
}

// Ping returns when the loop has had its turn.
func (l *Loop) Ping(ctx context.Context) error {
	return l.call(ctx, func(time.Time) error { return nil })
}

func (l *Loop) stats() Stats {
	st := Stats{
		Digest:    l.engine.Digest().String(),
		Settings:  l.settings.Said().String(),
		Loaded:    l.engine.Loaded(),
		Pending:   l.engine.Pending(),
		PendingTo: map[member.Address]int{},
	}
	for _, peer := range l.view.Peers() {
		st.PendingTo[peer] = l.engine.PendingFor(peer)
	}
	held := l.engine.Stats()
	st.Clients, st.Owned = held.Clients, held.Owned
	for r := range l.registry.Idle() {
		st.Clients--
		if l.engine.Owns(r.Client) {
			st.Owned--
		}
	}
	st.Services, st.Instances = l.views.count(), l.registry.Instances()
	st.Braked = l.brakedServices()
	return st
}

// Flush waits until every peer that can be reached has been told everything,
// or until ctx ends. It is the last thing before a member leaves.
func (l *Loop) Flush(ctx context.Context) error {
	tick := time.NewTicker(flushPoll)
	defer tick.Stop()
	for {
		pending := 0
		err := l.call(ctx, func(time.Time) error {
			for _, peer := range l.view.Reachable() {
				pending += l.engine.PendingFor(peer)
			}
			return nil
		})
		if err != nil || pending == 0 {
			return err
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-tick.C:
		}
	}
}

// flushPoll is how often Flush looks whether the outbox has emptied.
const flushPoll = 50 * time.Millisecond
