package interop

import "testing"

// TestAsOldJoinDieAndReturn lets each side start after the other, die, and come
// back, while clients go on at the one that is left.
func TestAsOldJoinDieAndReturn(t *testing.T) {
	c := newCluster(t, "vo")
	java, ours := c.javas[0], c.ours[0]
	java.start(t)
	c.beats(at(80), java.address(), ours.Address())
	must(t, ours.Start(t.Context()))
	must(t, ours.WaitReady(t.Context()))
	for _, s := range spread { // it loaded before it said that it is ready
		c.requireListedAt(ours.Address(), s, at(80))
	}
	c.requireAcquainted()
	held := connect(t, ours.Address())
	c.beats(at(82), ours.Address(), java.address())
	for _, s := range spread {
		held.register(s, at(81))
	}
	c.requireSpread(at(80), at(81), at(82))

	java.kill(t)
	c.requireSpread(at(80), at(81), at(82))
	for _, s := range spread {
		held.register(s, at(81).changed())
	}
	c.requireSpread(at(80), at(81).changed(), at(82))
	java.start(t)
	c.requireAcquainted()
	c.requireSpread(at(80), at(81).changed(), at(82))

	must(t, ours.Kill())
	c.requireSpread(at(80), at(82)) // the connection died with it
	c.beats(at(83), java.address())
	must(t, ours.Start(t.Context()))
	c.requireAcquainted()
	c.requireSpread(at(80), at(82), at(83))
	again := connect(t, ours.Address())
	for _, s := range spread {
		again.register(s, at(81))
	}
	c.requireSpread(at(80), at(81), at(82), at(83))
}
