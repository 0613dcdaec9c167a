package nacosgrpc

import (
	"context"
	"math"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/distro-naming/naming-operator/sidecar/member"
	"github.com/distro-naming/naming-operator/sidecar/wire"
)

// Clients that move are a herd: each opens a connection, publishes everything
// anew and subscribes again. So they are asked one after the other, leastInSlot
// or more of them in each moveSlot.
const (
	moveSlot      = 100 * time.Millisecond
	leastInSlot   = 20
	shareForMoves = 2 // that part of the time that is left; the rest is for who is slow
)

// ResetClients asks up to n clients that were not asked before to go to the
// member target, or with "" to any other, the oldest first, and returns how many
// said that they will. It returns when all have answered, or their time or ctx
// has ended.
func (s *Server) ResetClients(ctx context.Context, n int, target member.Address) int {
	asked := s.stayed()
	return s.sendAway(ctx, asked[:min(n, len(asked))], []member.Address{target}, 0)
}

// ResetAll asks all clients to go, evenly to the targets, or without any to
// whichever each lists. It spreads the questions over half of the time that ctx
// leaves, unless they are few, and else does as ResetClients.
func (s *Server) ResetAll(ctx context.Context, targets []member.Address) int {
	_, agreed := s.Reset(ctx, math.MaxInt, targets)
	return agreed
}

// Reset asks up to n clients, the oldest first, as ResetAll asks all. It returns
// how many were asked and how many said that they will go.
func (s *Server) Reset(ctx context.Context, n int, targets []member.Address) (count, agreed int) {
	asked := s.stayed()
	asked = asked[:min(n, len(asked))]
	if len(targets) == 0 {
		targets = []member.Address{""}
	}
	left := time.Duration(math.MaxInt64)
	if end, limited := ctx.Deadline(); limited {
		left = time.Until(end)
	}
	return len(asked), s.sendAway(ctx, asked, targets, spread(len(asked), left))
}

// spread returns over what time n clients are asked when so much is left.
func spread(n int, left time.Duration) time.Duration {
	return min(time.Duration(n/leastInSlot)*moveSlot, left/shareForMoves)
}

// stayed returns the clients that were not asked to go, the oldest first.
func (s *Server) stayed() []*session {
	return slices.DeleteFunc(s.open.oldest(), func(c *session) bool {
		return c.port.members || !c.registered() || c.moved.Load()
	})
}

// sendAway asks each of list at a time of its own within spread, in order, and
// the i-th to go to the i-th target, round and round.
func (s *Server) sendAway(ctx context.Context, list []*session, targets []member.Address, spread time.Duration) int {
	var (
		asked sync.WaitGroup
		count atomic.Int64
		began = time.Now()
		first = rand.IntN(len(targets)) // or every member that leaves fills the same one
	)
	for i, c := range list {
		at := began.Add(time.Duration((float64(i) + rand.Float64()) / float64(len(list)) * float64(spread)))
		if !pause(ctx, time.Until(at)) {
			break
		}
		if !c.moved.CompareAndSwap(false, true) {
			continue
		}
		asked.Go(func() {
			if s.moveTo(ctx, c, targets[(first+i)%len(targets)]) == nil {
				s.moves.Add(1)
				count.Add(1) // an old client may not know the request: it goes when we do
			}
		})
	}
	asked.Wait()
	return int(count.Load())
}

// pause waits for d and reports whether ctx still goes on.
func pause(ctx context.Context, d time.Duration) bool {
	if d <= 0 {
		return ctx.Err() == nil
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}

// moveTo asks a client to go to the member target, or with "" to whichever its
// own list has next, and returns nil when it said that it will. The client
// connects there first and then ends this connection; one that does not list
// target chooses another (gRPC page, 2.6).
func (s *Server) moveTo(ctx context.Context, c *session, target member.Address) error {
	return c.ask(ctx, wire.ConnectResetRequest, func(id string) []byte { return wire.Reset(id, string(c.id), target) })
}
