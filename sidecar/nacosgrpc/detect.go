package nacosgrpc

import (
	"context"
	"time"

	"github.com/distro-naming/naming-operator/sidecar/limits"
	"github.com/distro-naming/naming-operator/sidecar/wire"
)

// looksPerIdle is how often within the idle time the connections are looked at.
const looksPerIdle = 10

// watch asks silent clients whether they are there, and closes what does not
// answer, until the server stops (gRPC page, 2.8).
func (s *Server) watch() {
	tick := time.NewTicker(s.looks())
	defer tick.Stop()
	for {
		select {
		case <-s.stopping:
			return
		case <-tick.C:
		}
		now := time.Now()
		s.now.Store(now.UnixNano())
		for _, c := range s.open.all() {
			s.look(c, now)
		}
	}
}

// looks is the time between two looks.
func (s *Server) looks() time.Duration {
	shortest := s.cfg.IdleAfter
	if within := s.cfg.Limits.MessageWithin; within > 0 {
		shortest = min(shortest, within)
	}
	return max(shortest/looksPerIdle, time.Millisecond)
}

// look deals with one connection. One that never was set up, or is no longer,
// cannot be asked and is given the same time; one that is too many, only that to
// answer.
func (s *Server) look(c *session, now time.Time) {
	idle := c.idle()
	switch {
	case c.late(now):
		c.cut(limits.MessageWithin)
	case c.place.Over() != nil && idle >= s.cfg.AnswerWithin:
		_ = c.Close() // it had time to hear why
	case idle < s.cfg.IdleAfter:
	case c.registered():
		if c.asking.CompareAndSwap(false, true) {
			s.work.Go(func() { s.detect(c) })
		}
	case idle >= s.cfg.IdleAfter+s.cfg.AnswerWithin:
		_ = c.Close() // it has said nothing that could be lost
	}
}

func (s *Server) detect(c *session) {
	defer c.asking.Store(false)
	ctx := context.Background() //nolint:forbidigo // the server asks on its own account
	err := c.ask(ctx, wire.ClientDetectionRequest, wire.Detection)
	if err == nil || c.idle() < s.cfg.IdleAfter {
		return
	}
	s.cfg.Log.V(1).Info("closed a silent connection", "client", c.id, "error", err.Error())
	_ = c.Close() // it is dead
}
