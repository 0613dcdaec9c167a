package replica

import (
	"testing"
	"time"

	"github.com/distro-naming/naming-operator/sidecar/member"
	"github.com/distro-naming/naming-operator/sidecar/naming"
)

// returns starts a member that has crashed anew. It knows nothing.
func (c *cluster) returns(name member.Address) {
	c.t.Helper()
	c.cutOff(name, false)
	c.start(name)
	for m := range c.stops {
		c.setStates(m, nil)
		if m != name {
			c.must(c.loops[m].Incarnation(c.t.Context(), name, 5))
		}
	}
	elapse(time.Second)
}

// wantAlike checks that members hold the same.
func (c *cluster) wantAlike(members ...member.Address) {
	c.t.Helper()
	first, err := c.loops[members[0]].Stats(c.t.Context())
	c.must(err)
	for _, m := range members {
		is, err := c.loops[m].Stats(c.t.Context())
		c.must(err)
		if is.Digest != first.Digest {
			c.t.Errorf("%s holds %s, %s holds %s", m, is.Digest, members[0], first.Digest)
		}
	}
}

// What was taken over from a client and then withdrawn is not listed by the
// client's member when that is back, nor by another one that loads; what nobody
// took over is.
func TestWhoLoadsIsNotGivenWhatWasTakenOver(t *testing.T) {
	for name, state := range map[string]member.State{"killed": member.Down, "left": member.Draining} {
		t.Run(name, func(t *testing.T) {
			inCluster(t, func(c *cluster) {
				c.connect(memberA, "1_x_1", instance("10.0.0.1"))
				c.must(c.loops[memberA].Register(c.t.Context(), "1_x_1", other, []naming.Instance{instance("10.0.0.1")}, false))
				elapse(time.Second)
				c.crash(memberA)
				c.believe(memberA, state)
				c.connect(memberB, "2_x_1", instance("10.0.0.1"))
				elapse(time.Second)
				c.deregister(memberB, "2_x_1")
				elapse(time.Second)
				c.returns(memberA)
				c.crash(memberC)
				c.returns(memberC)
				c.must(c.loops[memberC].Incarnation(c.t.Context(), memberA, 5))
				for range 3 {
					c.wantListed(web)
					c.wantListed(other, "10.0.0.1")
					c.wantAlike(memberA, memberB, memberC)
					elapse(3 * time.Second)
				}
				elapse(time.Minute)
				c.wantListed(web)
				c.wantListed(other)
				c.wantAlike(memberA, memberB, memberC)
			}, memberA, memberB, memberC)
		})
	}
}

// A client that lives is listed again by a member that loaded meanwhile, when its
// own member, which was only taken for dead, is within reach again.
func TestWhoLoadedIsGivenTheWholeByAnOwnerThatLives(t *testing.T) {
	for name, streams := range map[string]bool{"by calls": false, "by stream": true} {
		t.Run(name, func(t *testing.T) {
			inCluster(t, func(c *cluster) {
				c.stream(streams)
				c.connect(memberA, "1_x_1", instance("10.0.0.1"))
				elapse(time.Second)
				c.cutOff(memberA, true)
				c.setStates(memberB, map[member.Address]member.State{memberA: member.Down})
				c.setStates(memberC, map[member.Address]member.State{memberA: member.Down})
				c.connect(memberB, "2_x_1", instance("10.0.0.1"))
				elapse(time.Second)
				c.deregister(memberB, "2_x_1")
				c.crash(memberC)
				c.cutOff(memberC, false)
				c.start(memberC)
				c.setStates(memberC, map[member.Address]member.State{memberA: member.Down})
				elapse(time.Second)
				c.wantHosts(memberC)
				c.cutOff(memberA, false)
				for m := range c.stops {
					c.setStates(m, nil)
				}
				c.stream(streams)
				elapse(10 * time.Second)
				c.wantListed(web, "10.0.0.1")
				c.wantAlike(memberA, memberB, memberC)
			}, memberA, memberB, memberC)
		})
	}
}
