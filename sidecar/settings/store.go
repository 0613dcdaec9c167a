package settings

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/distro-naming/naming-operator/sidecar/naming"
)

// Config holds the numbers of a Store.
type Config struct {
	Entries    int // that hold, at most, before a write of another key is refused
	EntryBytes int // of one, as it is written
	Bytes      int // of all that hold

	Instance  time.Duration // for which an entry outlives the instance that it is of
	Service   time.Duration // the same of a service, from its last instance on
	Tombstone time.Duration // for which it is known that there is none any more
}

// DefaultConfig returns the numbers that a member runs with.
func DefaultConfig() Config {
	return Config{
		Entries:    10_000,
		EntryBytes: 64 << 10,
		Bytes:      8 << 20,
		Instance:   time.Minute, // as Nacos
		Service:    24 * time.Hour,
		Tombstone:  24 * time.Hour,
	}
}

// Store is the settings that one member holds.
type Store struct {
	cfg   Config
	held  map[Key]*held
	under map[naming.ServiceKey]map[naming.Endpoint]*held // those of instances that hold
	live  int
	bytes int
	root  Digest // of all that is held
	said  Digest // of what holds
}

// held is an entry and what is made of it.
type held struct {
	Entry
	sum     Digest
	size    int
	bucket  uint8
	missing time.Time // since when what it is of is not listed here; zero while it is
}

// New returns an empty Store.
func New(cfg Config) *Store {
	return &Store{cfg: cfg, held: map[Key]*held{}, under: map[naming.ServiceKey]map[naming.Endpoint]*held{}}
}

// Counts are how many entries there are.
type Counts struct {
	Services   int // of services
	Instances  int // of instances
	Tombstones int
}

// Counts returns how many entries there are.
func (s *Store) Counts() (c Counts) {
	for _, of := range s.under {
		c.Instances += len(of)
	}
	c.Services, c.Tombstones = s.live-c.Instances, len(s.held)-s.live
	return c
}

// Len returns the number of entries, tombstones among them.
func (s *Store) Len() int { return len(s.held) }

// Get returns what is said under k, if anything is.
func (s *Store) Get(k Key) (Entry, bool) {
	h := s.held[k]
	if h == nil || h.Ended != 0 {
		return Entry{}, false
	}
	return h.Entry, true
}

// Override returns what is said of an instance, if anything is.
func (s *Store) Override(of naming.ServiceKey, e naming.Endpoint) (naming.Override, bool) {
	h := s.under[of][e]
	if h == nil {
		return naming.Override{}, false
	}
	return *h.Override, true
}

// Overridden reports whether anything is said of any instance of a service.
func (s *Store) Overridden(of naming.ServiceKey) bool { return len(s.under[of]) > 0 }

// Saying returns what holds, in no order.
func (s *Store) Saying() []Entry {
	out := make([]Entry, 0, s.live)
	for _, h := range s.held {
		if h.Ended == 0 {
			out = append(out, h.Entry)
		}
	}
	return out
}

// Described returns the services of which something is said.
func (s *Store) Described() map[naming.ServiceKey]*naming.Settings {
	out := map[naming.ServiceKey]*naming.Settings{}
	for k, h := range s.held {
		if h.Service != nil {
			out[k.Service] = h.Service
		}
	}
	return out
}

// Write stores an entry that is written here, now, and returns it as it is
// stored: later than what was held before, whatever the clock says. Over the
// limits it changes nothing: naming.ErrTooLarge, naming.ErrFull.
func (s *Store) Write(e Entry) (Entry, error) {
	was := s.held[e.Key]
	if was != nil && e.Stamp.Time <= was.Stamp.Time {
		e.Stamp.Time = was.Stamp.Time + 1
	}
	if e.Ended != 0 {
		e.Ended = max(e.Ended, e.Stamp.Time)
	}
	e = e.asRead()
	fresh := hold(e)
	if e.Ended == 0 {
		if err := s.room(was, fresh); err != nil {
			return Entry{}, err
		}
	}
	s.put(was, fresh)
	return e, nil
}

// room complains about an entry that there is no room for.
func (s *Store) room(was, fresh *held) error {
	live, bytes := s.live+1, s.bytes+fresh.size
	if was != nil && was.Ended == 0 {
		live, bytes = live-1, bytes-was.size
	}
	switch {
	case fresh.size > s.cfg.EntryBytes:
		return fmt.Errorf("%w: %d bytes are more than the %d that one may have; shorten its metadata",
			naming.ErrTooLarge, fresh.size, s.cfg.EntryBytes)
	case live > s.cfg.Entries:
		return fmt.Errorf("%w: there are %d of services and instances; remove some", naming.ErrFull, s.live)
	case bytes > s.cfg.Bytes:
		return fmt.Errorf("%w: they are %d bytes; remove some", naming.ErrFull, s.bytes)
	}
	return nil
}

func hold(e Entry) *held {
	h := &held{Entry: e, bucket: e.Key.bucket()}
	h.sum, h.size = fingerprint(e)
	return h
}

// supersedes reports whether h holds where both were written: the later write, of
// one write the one that was kept more often, then the one that has ended. What
// remains are faults of who wrote; the order is total, so that members agree on
// those too.
func (h *held) supersedes(o *held) bool {
	return cmp.Or(
		cmp.Compare(h.Stamp.Time, o.Stamp.Time), cmp.Compare(h.Stamp.By, o.Stamp.By),
		cmp.Compare(h.Stamp.Kept, o.Stamp.Kept), cmp.Compare(h.Ended, o.Ended), h.sum.compare(o.sum),
	) > 0
}

// put stores fresh in place of was, which may be nil.
func (s *Store) put(was, fresh *held) {
	if was != nil {
		s.drop(was)
	}
	k := fresh.Key
	s.held[k] = fresh
	s.root = s.root.with(fresh.sum)
	if fresh.Ended != 0 {
		return
	}
	s.said = s.said.with(fresh.sum)
	s.live++
	s.bytes += fresh.size
	if k.OfInstance() {
		if s.under[k.Service] == nil {
			s.under[k.Service] = map[naming.Endpoint]*held{}
		}
		s.under[k.Service][k.Endpoint] = fresh
	}
}

func (s *Store) drop(h *held) {
	k := h.Key
	delete(s.held, k)
	s.root = s.root.with(h.sum)
	if h.Ended != 0 {
		return
	}
	s.said = s.said.with(h.sum)
	s.live--
	s.bytes -= h.size
	if k.OfInstance() {
		delete(s.under[k.Service], k.Endpoint)
		if len(s.under[k.Service]) == 0 {
			delete(s.under, k.Service)
		}
	}
}

// beyond is how many times the limits what other members hold is taken. Each
// keeps to them when it is written to, so only faults reach it.
const beyond = 10

// overrun reports whether there is no room for what another member holds.
func (s *Store) overrun(fresh *held) bool {
	return len(s.held) >= beyond*s.cfg.Entries || s.bytes+fresh.size > beyond*s.cfg.Bytes
}

// Merge takes what another member holds and returns the keys under which
// something else is said now, in order. clock is the hybrid time: tombstones that
// are too old are not taken. Of what another member let end, since what it was
// said of was not listed there, what listed reports to be listed here is kept.
func (s *Store) Merge(clock int64, list []Entry, listed func(Key) bool) []Key {
	changed := map[Key]struct{}{}
	for _, e := range list {
		if e.faulty() || s.outdated(clock, e) {
			continue
		}
		was, fresh := s.held[e.Key], hold(e)
		if was != nil && !fresh.supersedes(was) || was == nil && s.overrun(fresh) {
			continue
		}
		if was != nil && was.Ended == 0 && e.Ended != 0 && was.sameWrite(e) && listed(e.Key) {
			kept := was.Entry
			kept.Stamp.Kept = e.Stamp.Kept + 1
			s.put(was, hold(kept))
			continue
		}
		s.put(was, fresh)
		if e.Ended == 0 || was != nil && was.Ended == 0 {
			changed[e.Key] = struct{}{}
		}
	}
	return slices.SortedFunc(maps.Keys(changed), Key.Compare)
}
