package distro

import (
	"fmt"
	"slices"
	"time"

	"github.com/distro-naming/naming-operator/sidecar/naming"
)

// tombstone remembers a client that ended, or a replica whose lease did.
type tombstone struct {
	version int64 // the highest that is known to be over; 0 when unknown
	expired bool  // given up here, without its owner having said that it ended
	at      time.Time
	number  uint64 // in order of ending
}

// admits reports whether an offer may bring the client back. Only a newer
// version may; but a replica that was merely given up comes back when its owner
// offers it again (of a client that beats even an older version: the newer one
// was a disputed owner's, and nobody confirms it), and a Java server, whose
// records have no version, is believed when it offers such a one, or a client
// that beats, directly.
func (t tombstone) admits(m naming.Mark, direct bool) bool {
	switch version := m.Stamp.Version; {
	case version == 0:
		return direct && (t.expired || m.Client.Beats())
	case t.expired && direct:
		return version >= t.version || m.Client.Beats()
	default:
		return version > t.version
	}
}

// String completes the sentence "the client …".
func (t tombstone) String() string {
	verb := "ended"
	if t.expired {
		verb = "expired"
	}
	return fmt.Sprintf("%s at version %d", verb, t.version)
}

// tombstones are the ended clients, and the order in which they ended.
type tombstones struct {
	of     map[naming.ClientID]tombstone
	queue  []grave
	number uint64 // of the last
}

type grave struct {
	client naming.ClientID
	at     time.Time
	number uint64
}

// put remembers that c ended. What is known already changes nothing and does
// not make it be remembered longer.
func (t *tombstones) put(c naming.ClientID, stone tombstone) {
	if held, ok := t.of[c]; ok {
		if held.version >= stone.version && (!held.expired || stone.expired) {
			return
		}
		stone.version = max(stone.version, held.version)
		stone.expired = stone.expired && held.expired
	}
	t.number++
	stone.number = t.number
	t.of[c] = stone
	if len(t.queue) > 2*len(t.of)+1024 { // most are stale: their clients came back
		t.queue = slices.DeleteFunc(t.queue, t.stale)
	}
	t.queue = append(t.queue, grave{c, stone.at, stone.number})
}

func (t *tombstones) forget(c naming.ClientID) { delete(t.of, c) }

func (t *tombstones) stale(g grave) bool {
	stone, ok := t.of[g.client]
	return !ok || stone.number != g.number
}

// next returns when the oldest tombstone has been kept for that long.
func (t *tombstones) next(keep time.Duration) (time.Time, bool) {
	for len(t.queue) > 0 && t.stale(t.queue[0]) {
		t.queue = t.queue[1:]
	}
	if len(t.queue) == 0 {
		return time.Time{}, false
	}
	return t.queue[0].at.Add(keep), true
}

// exhume forgets the tombstones that are old enough, and the oldest of too many;
// with each, what peers that are still out of reach had to be told about it: the
// leases there will do it.
func (e *Engine) exhume() {
	for {
		at, ok := e.ended.next(e.cfg.Tombstone)
		if !ok || (at.After(e.now) && len(e.ended.of) <= e.cfg.MaxTombstones) {
			return
		}
		c := e.ended.queue[0].client
		e.ended.forget(c)
		e.outbox.forget(e.peers, c)
	}
}
