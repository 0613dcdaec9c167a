package replica

import (
	"fmt"
	"testing"
	"time"

	"github.com/distro-naming/naming-operator/sidecar/member"
	"github.com/distro-naming/naming-operator/sidecar/naming"
)

// must fails the test at once.
func (c *cluster) must(err error) {
	c.t.Helper()
	if err != nil {
		c.t.Fatal(err)
	}
}

// believe makes all running members hold a for being in a state.
func (c *cluster) believe(a member.Address, s member.State) {
	c.t.Helper()
	for name := range c.stops {
		c.setStates(name, map[member.Address]member.State{a: s})
	}
}

// crash ends a member; the others notice later, by believe.
func (c *cluster) crash(name member.Address) {
	c.cutOff(name, true)
	c.stops[name]()
	delete(c.stops, name)
}

func (c *cluster) deregister(on member.Address, id naming.ClientID) {
	c.t.Helper()
	c.must(c.loops[on].Deregister(c.t.Context(), id, web))
}

// Whatever happens to the member of a client that comes back elsewhere,
// subscribers see nothing of it, and its withdrawal is the end of it everywhere.
func TestClientThatMovesIsNotSeenToMove(t *testing.T) {
	drain := func(c *cluster) { c.believe(memberA, member.Draining) }
	parts := func(c *cluster) { c.must(c.loops[memberA].Depart(c.t.Context(), "1_x_1")) }
	arrives := func(c *cluster) { c.connect(memberB, "2_x_1", instance("10.0.0.1")) }
	dies := func(c *cluster) { c.crash(memberA) }
	down := func(c *cluster) { c.believe(memberA, member.Down) }
	suspect := func(c *cluster) { c.believe(memberA, member.Suspect) }
	leaves := func(c *cluster) {
		for _, m := range []member.Address{memberB, memberC} {
			v := member.NewView(m, member.NewList(2, []member.Address{memberB, memberC}, nil), map[member.Address]member.State{memberB: member.Up, memberC: member.Up})
			c.must(c.loops[m].SetMembers(c.t.Context(), v))
		}
	}
	restarts := func(c *cluster) {
		for _, m := range []member.Address{memberB, memberC} {
			c.must(c.loops[m].Incarnation(c.t.Context(), memberA, 5))
		}
	}
	tests := map[string][]func(*cluster){
		"connects elsewhere, then parts":              {drain, arrives, parts},
		"parts, then connects elsewhere":              {drain, parts, arrives},
		"and the member is killed while it waits":     {drain, arrives, dies, down},
		"its member dies, and it is back at once":     {dies, arrives, down},
		"its member dies, and it is back later":       {dies, suspect, down, arrives},
		"its member dies and is started anew":         {dies, arrives, restarts},
		"its member leaves the list":                  {drain, parts, dies, leaves, arrives},
		"is sent away by a member that goes on":       {parts, arrives},
		"is back before a member that goes on saw it": {arrives, parts},
	}
	for name, steps := range tests {
		t.Run(name, func(t *testing.T) {
			inCluster(t, func(c *cluster) {
				c.connect(memberA, "1_x_1", instance("10.0.0.1"))
				elapse(time.Second)
				first := map[member.Address]*naming.View{}
				for _, m := range []member.Address{memberB, memberC} {
					first[m] = c.loops[m].View(web)
				}
				for _, step := range steps {
					step(c)
					for range 30 {
						elapse(100 * time.Millisecond)
						for m, view := range first {
							if c.loops[m].View(web) != view {
								t.Fatalf("%s shows another answer", m)
							}
						}
					}
				}
				c.deregister(memberB, "2_x_1")
				for range 60 { // longer than anything is kept
					elapse(time.Second)
					for m := range first {
						c.wantHosts(m)
					}
				}
			}, memberA, memberB, memberC)
		})
	}
}

func TestClientThatDoesNotComeBackIsGivenUp(t *testing.T) {
	inCluster(t, func(c *cluster) {
		c.connect(memberA, "1_x_1", instance("10.0.0.1"))
		elapse(time.Second)
		c.believe(memberA, member.Draining)
		c.must(c.loops[memberA].Depart(c.t.Context(), "1_x_1"))
		elapse(14 * time.Second)
		c.wantHosts(memberA, "10.0.0.1")
		c.wantHosts(memberB, "10.0.0.1")
		elapse(3 * time.Second)
		c.wantHosts(memberA)
		c.wantHosts(memberB)
		c.wantCauses(memberA, "connection lost 1_x_1 10.0.0.1 not back since this member leaves", "registered 1_x_1 10.0.0.1")
	}, memberA, memberB)
}

// A client that lives is listed again when the one that took its place goes, also
// if its member was taken for dead meanwhile.
func TestClientOfAMemberThatWasOnlyOutOfReachComesBack(t *testing.T) {
	inCluster(t, func(c *cluster) {
		c.connect(memberA, "1_x_1", instance("10.0.0.1"))
		elapse(time.Second)
		c.believe(memberA, member.Down)
		c.connect(memberB, "2_x_1", instance("10.0.0.1"))
		elapse(3 * time.Second)
		c.believe(memberA, member.Up)
		elapse(3 * time.Second)
		c.deregister(memberB, "2_x_1")
		elapse(3 * time.Second)
		for _, m := range []member.Address{memberA, memberB, memberC} {
			c.wantHosts(m, "10.0.0.1")
		}
	}, memberA, memberB, memberC)
}

func TestSupersededNamesBoth(t *testing.T) {
	inCluster(t, func(c *cluster) {
		c.connect(memberA, "1_x_1", instance("10.0.0.1"))
		elapse(time.Second)
		c.wantHosts(memberB, "10.0.0.1")
		c.connect(memberB, "2_x_1", instance("10.0.0.1"))
		elapse(time.Second)
		c.wantHosts(memberB, "10.0.0.1")
		c.wantCauses(memberB,
			"superseded 1_x_1 10.0.0.1 by 2_x_1", "registered 2_x_1 10.0.0.1", "replicated 1_x_1 10.0.0.1 a:8848")
		c.register(memberB, "2_x_1", instance("10.0.0.1"))
		c.wantHosts(memberB, "10.0.0.1")
		c.wantCauses(memberB, "changed 2_x_1 10.0.0.1",
			"superseded 1_x_1 10.0.0.1 by 2_x_1", "registered 2_x_1 10.0.0.1", "replicated 1_x_1 10.0.0.1 a:8848")
	}, memberA, memberB)
}

// fill publishes n instances of web, each by a connection of its own.
func (c *cluster) fill(on member.Address, prefix string, n int) (clients []naming.ClientID) {
	c.t.Helper()
	for i := range n {
		id := naming.ClientID(fmt.Sprintf("1%02d_%s_1", i, on))
		c.connect(on, id, instance(fmt.Sprintf("%s.%d", prefix, i)))
		clients = append(clients, id)
	}
	return clients
}

// wantCounts checks how many instances of web each member lists, and how many of
// them as healthy.
func (c *cluster) wantCounts(all, healthy int, on ...member.Address) {
	c.t.Helper()
	for _, m := range on {
		well := 0
		hosts := c.loops[m].View(web).Hosts
		for _, h := range hosts {
			if h.Healthy {
				well++
			}
		}
		if len(hosts) != all || well != healthy {
			c.t.Errorf("%s lists %d instances, %d of them healthy; want %d, %d", m, len(hosts), well, all, healthy)
		}
	}
}

func TestMassLossIsBraked(t *testing.T) {
	inCluster(t, func(c *cluster) {
		lost := c.fill(memberA, "10.0.0", 12)
		elapse(time.Second)
		for _, id := range lost {
			c.must(c.loops[memberA].Disconnect(c.t.Context(), id))
		}
		elapse(time.Second)
		c.wantCounts(6, 0, memberA, memberB)
		st, err := c.loops[memberA].Stats(c.t.Context())
		if err != nil || st.Braked != 1 {
			t.Errorf("stats %+v, %v, want 1 braked service", st, err)
		}
		elapse(58 * time.Second)
		c.wantCounts(6, 0, memberA, memberB)
		elapse(4 * time.Second)
		c.wantCounts(0, 0, memberA, memberB)
		causes, err := c.loops[memberA].Causes(c.t.Context(), web)
		c.must(err)
		kinds := map[naming.CauseKind]int{}
		for _, one := range causes {
			kinds[one.Kind]++
		}
		if kinds[naming.CauseBraked] != 6 || kinds[naming.CauseConnection] != 6 || kinds[naming.CauseExpired] != 6 {
			t.Errorf("causes %v, want 6 lost, 6 braked and 6 expired", kinds)
		}
	}, memberA, memberB)
}

func TestWhatIsBrakedIsFreedByWhoComesBack(t *testing.T) {
	inCluster(t, func(c *cluster) {
		lost := c.fill(memberA, "10.0.0", 12)
		elapse(time.Second)
		for _, id := range lost {
			c.must(c.loops[memberA].Disconnect(c.t.Context(), id))
		}
		back := c.fill(memberB, "10.0.0", 12)
		elapse(2 * time.Second)
		c.wantCounts(12, 12, memberA, memberB)
		for _, id := range back {
			c.deregister(memberB, id)
		}
		elapse(time.Second)
		c.wantCounts(0, 0, memberA, memberB) // withdrawals are not braked, and nothing old is left
	}, memberA, memberB)
}

// What members lose together counts together.
func TestLossesAtOtherMembersCount(t *testing.T) {
	inCluster(t, func(c *cluster) {
		first, second := c.fill(memberA, "10.0.0", 6), c.fill(memberB, "10.0.1", 6)
		elapse(time.Second)
		for _, id := range first {
			c.must(c.loops[memberA].Disconnect(c.t.Context(), id))
		}
		elapse(time.Second)
		c.wantCounts(6, 6, memberA, memberB)
		for _, id := range second {
			c.must(c.loops[memberB].Disconnect(c.t.Context(), id))
		}
		elapse(time.Second)
		c.wantCounts(6, 0, memberA, memberB)
	}, memberA, memberB)
}

// All clients of a dead member that do not come back are given up at once; the
// brake then holds them alike on all members, and no longer than its time.
func TestClientsLostWithTheirMemberAreBraked(t *testing.T) {
	inCluster(t, func(c *cluster) {
		c.fill(memberA, "10.0.0", 12)
		elapse(time.Second)
		c.crash(memberA)
		c.believe(memberA, member.Down)
		elapse(40 * time.Second)
		c.wantCounts(12, 0, memberB, memberC)
		records, _, err := c.loops[memberB].Snapshot(c.t.Context())
		if err != nil || len(records) != 0 {
			t.Errorf("a snapshot has %d records, %v: what is given up must not be spread", len(records), err)
		}
		elapse(time.Minute)
		c.wantCounts(0, 0, memberB, memberC)
	}, memberA, memberB, memberC)
}

// All clients of a service lose their member and come back at the other two, one
// after the other. Subscribers are told nothing, neither then nor when the dead
// member's records end, which is more at once than the brake lets go.
func TestAHerdIsNotSeenToMove(t *testing.T) {
	inCluster(t, func(c *cluster) {
		herd := c.fill(memberA, "10.0.0", 12)
		elapse(time.Second)
		refuges := []member.Address{memberB, memberC}
		first := map[member.Address]*naming.View{}
		for _, m := range refuges {
			first[m] = c.loops[m].View(web)
		}
		unseen := func() {
			c.t.Helper()
			elapse(time.Second)
			for m, view := range first {
				st, err := c.loops[m].Stats(c.t.Context())
				if c.loops[m].View(web) != view || err != nil || st.Braked != 0 {
					c.t.Fatalf("%s shows another answer, or holds something: stats %+v, %v", m, st, err)
				}
			}
		}
		c.crash(memberA)
		for i := range herd {
			if i == len(herd)/2 {
				c.believe(memberA, member.Down)
			}
			c.connect(refuges[i%2], naming.ClientID(fmt.Sprintf("2%02d_x_1", i)), instance(fmt.Sprintf("10.0.0.%d", i)))
			unseen()
		}
		for range 90 { // longer than what the dead member had is kept
			unseen()
		}
		for _, m := range refuges {
			st, err := c.loops[m].Stats(c.t.Context())
			if err != nil || st.Clients != len(herd) {
				c.t.Errorf("%s: stats %+v, %v, want %d clients", m, st, err, len(herd))
			}
		}
	}, memberA, memberB, memberC)
}

func TestSilentHTTPClientsAreBraked(t *testing.T) {
	inCluster(t, func(c *cluster) {
		for i := range 12 {
			ip := fmt.Sprintf("10.0.0.%d", i)
			c.register(memberA, naming.BeatClient(ip, 80), instance(ip))
		}
		elapse(34 * time.Second)
		c.wantCounts(6, 0, memberA)
		elapse(time.Minute)
		c.wantCounts(0, 0, memberA)
	}, memberA)
}

func TestAClientThatRegistersFirstHasNotDeparted(t *testing.T) {
	inCluster(t, func(c *cluster) {
		a := c.loops[memberA]
		c.connect(memberA, "1_x_1", instance("10.0.0.1"))
		err := a.call(c.t.Context(), func(time.Time) error {
			if a.registry.Departed("1_x_1") || a.departures.some {
				t.Error("a connection that is held here counts as departed")
			}
			return nil
		})
		if err != nil {
			t.Error(err)
		}
	}, memberA, memberB)
}
