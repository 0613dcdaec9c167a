package nacosgrpc

import (
	"time"

	"github.com/distro-naming/naming-operator/sidecar/limits"
	"github.com/distro-naming/naming-operator/sidecar/wire"
)

const (
	// looksPerIdle is how often within the idle time every connection is looked at.
	looksPerIdle = 10
	// together is how many connections one look is at: those of many that came
	// together are not all asked together.
	together = 128
)

// detection asks a client whether it is there. Whatever the client says then, it
// is; so nobody waits for an answer to this, and all may have the same number.
var detection any = message{wire.ClientDetectionRequest, [][]byte{wire.Detection("0")}}

// watch asks silent clients whether they are there, and closes what does not
// answer, until the server stops (gRPC page, 2.8).
func (s *Server) watch() {
	tick := time.NewTimer(s.looks())
	defer tick.Stop()
	var all, left []*session
	for {
		select {
		case <-s.stopping:
			return
		case <-tick.C:
		}
		now := time.Now()
		s.now.Store(now.UnixNano())
		if len(left) == 0 {
			clear(all) // who is gone is not held
			all = s.open.appendTo(all[:0])
			left = all
		}
		part := min(len(left), together)
		for _, c := range left[:part] {
			s.look(c, now)
		}
		left = left[part:]
		parts := max((len(all)+together-1)/together, 1)
		tick.Reset(max(s.looks()/time.Duration(parts), time.Millisecond))
	}
}

// looks is the time between two looks at a connection.
func (s *Server) looks() time.Duration {
	shortest := s.cfg.IdleAfter
	if within := s.cfg.Limits.MessageWithin; within > 0 {
		shortest = min(shortest, within)
	}
	return shortest / looksPerIdle
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
		s.detect(c, now)
	case idle >= s.cfg.IdleAfter+s.cfg.AnswerWithin:
		_ = c.Close() // it has said nothing that could be lost
	}
}

// detect asks a silent client whether it is there, once, and gives it time to say
// anything. One to which nothing can be sent has no more. What it said since counts,
// also where nobody has looked at it meanwhile: this member may have been paused.
func (s *Server) detect(c *session, now time.Time) {
	if spoke := time.Unix(0, c.active.Load()); !c.asked.After(spoke) {
		c.asked, c.told = now, false
	}
	if now.Sub(c.asked) >= s.cfg.AnswerWithin {
		s.cfg.Log.V(1).Info("closed a silent connection", "client", c.id)
		_ = c.Close() // it is dead
		return
	}
	c.told = c.told || c.offer(detection)
}
