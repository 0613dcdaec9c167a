package replica

import (
	"testing"
	"time"

	"github.com/go-logr/logr"

	"github.com/distro-naming/naming-operator/sidecar/member"
	"github.com/distro-naming/naming-operator/sidecar/naming"
)

var quietLog = logr.Discard()

// healthy returns how the member lists the only instance of web: "" when it is
// not listed.
func (c *cluster) health(on member.Address) string {
	hosts := c.loops[on].View(web).Hosts
	switch {
	case len(hosts) == 0:
		return ""
	case hosts[0].Healthy:
		return "healthy"
	default:
		return "unhealthy"
	}
}

func (c *cluster) wantHealth(want string, on ...member.Address) {
	c.t.Helper()
	for _, m := range on {
		if got := c.health(m); got != want {
			c.t.Errorf("%s lists the instance as %q, want %q", m, got, want)
		}
	}
}

func TestSilentHTTPClientGoesInTwoSteps(t *testing.T) {
	inCluster(t, func(c *cluster) {
		owner, _ := c.loops[memberA].Owner(beater)
		c.register(owner, beater, instance("10.0.0.1"))
		elapse(14 * time.Second)
		c.wantHealth("healthy", memberA, memberB)
		elapse(4 * time.Second)
		c.wantHealth("unhealthy", memberA, memberB)
		elapse(16 * time.Second)
		c.wantHealth("", memberA, memberB)
	}, memberA, memberB)
}

var beater = naming.BeatClient("10.0.0.1", 80)

func TestBeatsKeepAndRevive(t *testing.T) {
	inCluster(t, func(c *cluster) {
		owner, _ := c.loops[memberA].Owner(beater)
		c.register(owner, beater, instance("10.0.0.1"))
		beat := func() {
			known, err := c.loops[owner].Beat(c.t.Context(), beater, web)
			if err != nil || !known {
				t.Errorf("beat = %t, %v, want known", known, err)
			}
		}
		for range 12 {
			elapse(5 * time.Second)
			beat()
		}
		c.wantHealth("healthy", memberA, memberB)
		elapse(20 * time.Second)
		c.wantHealth("unhealthy", memberA, memberB)
		beat()
		elapse(time.Second)
		c.wantHealth("healthy", memberA, memberB)
	}, memberA, memberB)
}

func TestBeatOfAnUnknownInstanceIsNotKnown(t *testing.T) {
	inCluster(t, func(c *cluster) {
		if known, err := c.loops[memberA].Beat(c.t.Context(), beater, web); known || err != nil {
			t.Errorf("beat = %t, %v, want unknown", known, err)
		}
	}, memberA)
}

func TestHTTPClientIsTakenOverWhenItsOwnerLeaves(t *testing.T) {
	inCluster(t, func(c *cluster) {
		owner, _ := c.loops[memberA].Owner(beater)
		other := memberA
		if owner == memberA {
			other = memberB
		}
		c.register(owner, beater, instance("10.0.0.1"))
		elapse(time.Second)
		leaving := map[member.Address]member.State{owner: member.Draining}
		c.setStates(owner, leaving)
		c.setStates(other, leaving)
		elapse(25 * time.Second) // silent, but not for 30 s since the take-over
		c.wantHealth("unhealthy", memberA, memberB)
		if got, here := c.loops[other].Owner(beater); got != other || !here {
			t.Errorf("owner after the hand-over = %s, %t, want %s itself", got, here, other)
		}
		if known, err := c.loops[other].Beat(c.t.Context(), beater, web); err != nil || !known {
			t.Errorf("beat at the new owner = %t, %v", known, err)
		}
		elapse(time.Second)
		c.wantHealth("healthy", memberA, memberB)
	}, memberA, memberB)
}

func TestWriteForADeadOwnerIsKeptAndThenOwned(t *testing.T) {
	inCluster(t, func(c *cluster) {
		owner, _ := c.loops[memberA].Owner(beater)
		other := memberA
		if owner == memberA {
			other = memberB
		}
		c.stops[owner]()
		c.stops[owner] = func() {}
		c.register(other, beater, instance("10.0.0.1")) // before anybody knows that the owner is dead
		elapse(time.Second)
		c.setStates(other, map[member.Address]member.State{owner: member.Down})
		elapse(14 * time.Second)
		c.wantHealth("healthy", other)
		elapse(3 * time.Second)
		c.wantHealth("unhealthy", other)
		elapse(16 * time.Second)
		c.wantHealth("", other)
	}, memberA, memberB)
}

func TestNoSilenceIsCountedWhileStopped(t *testing.T) {
	start := time.UnixMilli(1_000_000)
	b := newBeatTable()
	b.heard(start, beater, web)
	b.heard(start.Add(40*time.Second), "10.0.0.2:80#true", web)
	b.pardon(start.Add(41*time.Second), 39*time.Second)
	for c, want := range map[naming.ClientID]time.Duration{beater: 2 * time.Second, "10.0.0.2:80#true": 0} {
		if silence := start.Add(41 * time.Second).Sub(b.last[c][web]); silence != want {
			t.Errorf("%s was silent for %v, want %v", c, silence, want)
		}
	}
}
