package settings

import (
	"maps"
	"slices"
	"time"
)

// Sweep lets entries end of which listed has reported for their lifetime that what
// they are of is not listed here, and returns their keys in order. It forgets
// tombstones that are old enough; of more than there may be entries the oldest
// ones before. clock is the hybrid time.
func (s *Store) Sweep(now time.Time, clock int64, listed func(Key) bool) []Key {
	var ended []Key
	for _, h := range s.held {
		if h.Ended != 0 {
			continue
		}
		switch {
		case listed(h.Key):
			h.missing = time.Time{}
		case h.missing.IsZero():
			h.missing = now
		case now.Sub(h.missing) >= s.lifetime(h.Key):
			ended = append(ended, h.Key)
		}
	}
	slices.SortFunc(ended, Key.Compare)
	for _, k := range ended {
		was := s.held[k]
		s.put(was, hold(was.ends(max(clock, was.Stamp.Time))))
	}
	s.forget(clock)
	return ended
}

func (s *Store) lifetime(k Key) time.Duration {
	if k.OfInstance() {
		return s.cfg.Instance
	}
	return s.cfg.Service
}

// outdated reports whether e is a tombstone that need not be known any more.
func (s *Store) outdated(clock int64, e Entry) bool {
	return e.Ended != 0 && clock-e.Ended >= s.cfg.Tombstone.Milliseconds()
}

// forget drops tombstones.
func (s *Store) forget(clock int64) {
	for _, h := range s.held {
		if s.outdated(clock, h.Entry) {
			s.drop(h)
		}
	}
	over := len(s.held) - s.live - s.cfg.Entries
	if over <= 0 {
		return
	}
	ended := slices.DeleteFunc(slices.Collect(maps.Values(s.held)), func(h *held) bool { return h.Ended == 0 })
	slices.SortFunc(ended, func(a, b *held) int {
		if a.Ended != b.Ended {
			return int(min(max(a.Ended-b.Ended, -1), 1))
		}
		return a.Key.Compare(b.Key)
	})
	for _, h := range ended[:over] {
		s.drop(h)
	}
}
