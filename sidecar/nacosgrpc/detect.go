package nacosgrpc

import (
	"context"
	"math"
	"sync"
	"time"

	"github.com/distro-naming/naming-operator/sidecar/member"
	"github.com/distro-naming/naming-operator/sidecar/wire"
)

// looksPerIdle is how often within the idle time the connections are looked at.
const looksPerIdle = 10

// watch asks silent clients whether they are there, and closes what does not
// answer, until the server stops (gRPC page, 2.8).
func (s *Server) watch() {
	tick := time.NewTicker(max(s.cfg.IdleAfter/looksPerIdle, time.Millisecond))
	defer tick.Stop()
	for {
		select {
		case <-s.stopping:
			return
		case <-tick.C:
		}
		for _, c := range s.open.all() {
			s.look(c)
		}
	}
}

// look deals with one connection. One that never was set up, or is no longer,
// cannot be asked and is given the same time.
func (s *Server) look(c *session) {
	idle := c.idle()
	switch {
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

// ResetClients asks up to n clients that were not asked before to go to the
// member target, or with "" to any other, the oldest first, and returns how many
// said that they will. It returns when all have answered, or their time or ctx
// has ended.
func (s *Server) ResetClients(ctx context.Context, n int, target member.Address) int {
	var (
		moved sync.WaitGroup
		mu    sync.Mutex
		count int
	)
	for _, c := range s.open.oldest() {
		if n <= 0 || ctx.Err() != nil {
			break
		}
		if c.port.members || !c.registered() || !c.moved.CompareAndSwap(false, true) {
			continue
		}
		n--
		moved.Go(func() {
			if s.moveTo(ctx, c, target) != nil {
				return // an old client may not know the request: it goes when we do
			}
			mu.Lock()
			defer mu.Unlock()
			count++
		})
	}
	moved.Wait()
	return count
}

// ResetAll asks all clients to go to another member, as ResetClients does.
func (s *Server) ResetAll(ctx context.Context) int { return s.ResetClients(ctx, math.MaxInt, "") }

// moveTo asks a client to go to the member target, or with "" to whichever its
// own list has next, and returns nil when it said that it will. The client
// connects there first and then ends this connection; one that does not list
// target chooses another (gRPC page, 2.6).
func (s *Server) moveTo(ctx context.Context, c *session, target member.Address) error {
	return c.ask(ctx, wire.ConnectResetRequest, func(id string) []byte { return wire.Reset(id, string(c.id), target) })
}
