package nacosgrpc

import (
	"slices"
	"sync"

	"github.com/distro-naming/naming-operator/sidecar/naming"
	"github.com/distro-naming/naming-operator/sidecar/wire"
)

// mostChanges bounds how many written records are kept for peers that were not
// sent them yet. The replica sends a record to all peers within moments.
const mostChanges = 128

// changes lets a record that several peers are sent be written once. What the
// last of them has taken is not kept.
type changes struct {
	mu   sync.Mutex
	list []change // the oldest first
}

type change struct {
	record *naming.Record
	write  func() *wire.Change // the same for everybody who asks
	left   int                 // peers that were not sent it
}

// of returns what r looks like to each of that many peers.
func (c *changes) of(r *naming.Record, peers int) *wire.Change {
	return c.take(r, peers)() // outside the lock
}

func (c *changes) take(r *naming.Record, peers int) func() *wire.Change {
	c.mu.Lock()
	defer c.mu.Unlock()
	i := slices.IndexFunc(c.list, func(held change) bool { return held.record == r })
	if i < 0 {
		if len(c.list) == mostChanges {
			c.list = slices.Delete(c.list, 0, 1)
		}
		i = len(c.list)
		c.list = append(c.list, change{r, sync.OnceValue(func() *wire.Change { return wire.NewChange(r) }), peers})
	}
	held := &c.list[i]
	held.left--
	write := held.write
	if held.left <= 0 {
		c.list = slices.Delete(c.list, i, i+1)
	}
	return write
}
