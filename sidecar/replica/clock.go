package replica

import "time"

// maxAhead is how far a peer's hybrid time may run ahead of the local clock and
// still be followed. Beyond it the peer's clock is broken, and following it
// would spread the fault.
const maxAhead = 24 * time.Hour

// hybridClock issues the versions of records and the times of views: Unix
// milliseconds that rise with every tick, never fall behind what peers were
// seen to issue, and are otherwise as close to the local clock as they can be.
type hybridClock struct{ last int64 }

// tick returns the next time.
func (c *hybridClock) tick(now time.Time) int64 {
	c.last = max(now.UnixMilli(), c.last+1)
	return c.last
}

// observe makes later ticks exceed seen.
func (c *hybridClock) observe(now time.Time, seen int64) {
	if seen > c.last && seen <= now.Add(maxAhead).UnixMilli() {
		c.last = seen
	}
}
