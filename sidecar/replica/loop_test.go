package replica

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/distro-naming/naming-operator/sidecar/member"
	"github.com/distro-naming/naming-operator/sidecar/naming"
)

func TestRegistrationReachesReadersAndPeers(t *testing.T) {
	inCluster(t, func(c *cluster) {
		c.connect(memberA, "1_x_1", instance("10.0.0.1"))
		c.wantHosts(memberA, "10.0.0.1") // before any time passed
		elapse(0)
		c.wantHosts(memberB, "10.0.0.1")
		c.wantHosts(memberC, "10.0.0.1")
		if got := c.loops[memberB].Services("public", "DEFAULT_GROUP"); len(got) != 1 || got[0] != "web" {
			t.Errorf("services on b = %v, want [web]", got)
		}
	}, memberA, memberB, memberC)
}

func TestConnectionMustBeKnown(t *testing.T) {
	inCluster(t, func(c *cluster) {
		a := c.loops[memberA]
		err := a.Register(c.t.Context(), "1_x_1", web, []naming.Instance{instance("10.0.0.1")}, false)
		if !errors.Is(err, naming.ErrNoClient) {
			t.Errorf("register before connect: %v, want %v", err, naming.ErrNoClient)
		}
		c.connect(memberA, "1_x_1", instance("10.0.0.1"))
		if err := a.Disconnect(c.t.Context(), "1_x_1"); err != nil {
			t.Fatal(err)
		}
		err = a.Register(c.t.Context(), "1_x_1", web, []naming.Instance{instance("10.0.0.1")}, false)
		if !errors.Is(err, naming.ErrNoClient) {
			t.Errorf("register after disconnect: %v, want %v", err, naming.ErrNoClient)
		}
	}, memberA)
}

func TestDeathOfAConnectionRemovesItEverywhere(t *testing.T) {
	inCluster(t, func(c *cluster) {
		c.connect(memberA, "1_x_1", instance("10.0.0.1"))
		elapse(time.Second)
		if err := c.loops[memberA].Disconnect(c.t.Context(), "1_x_1"); err != nil {
			t.Fatal(err)
		}
		c.wantHosts(memberA)
		elapse(time.Second)
		c.wantHosts(memberB)
		if got := c.loops[memberB].Services("public", "DEFAULT_GROUP"); len(got) != 0 {
			t.Errorf("services on b = %v, want none", got)
		}
	}, memberA, memberB)
}

func TestPeersCannotTouchAnOwnClient(t *testing.T) {
	inCluster(t, func(c *cluster) {
		c.connect(memberA, "1_x_1", instance("10.0.0.1"))
		late := naming.Normal("1_x_1", naming.Issue(memberB, 1<<60), nil)
		if err := c.loops[memberA].Receive(c.t.Context(), memberB, late); !errors.Is(err, naming.ErrOwnedHere) {
			t.Errorf("receive: %v, want %v", err, naming.ErrOwnedHere)
		}
		if err := c.loops[memberA].Forget(c.t.Context(), memberB, "1_x_1", 0); !errors.Is(err, naming.ErrOwnedHere) {
			t.Errorf("forget: %v, want %v", err, naming.ErrOwnedHere)
		}
		c.wantHosts(memberA, "10.0.0.1")
	}, memberA, memberB)
}

// TestSameRevisionWithOtherContentIsTakenFromJava: Nacos changes the health of
// an instance without changing the revision.
func TestSameRevisionWithOtherContentIsTakenFromJava(t *testing.T) {
	inCluster(t, func(c *cluster) {
		a, i := c.loops[memberA], instance("10.0.0.1")
		receive := func(healthy bool) {
			t.Helper()
			i.Healthy = healthy
			published := []naming.Publication{{Service: web, Instances: []naming.Instance{i}}}
			r := naming.Normal("1_x_1", naming.Stamp{Owner: memberB, Revision: 7}, published)
			if err := a.Receive(c.t.Context(), memberB, r); err != nil {
				t.Fatal(err)
			}
			if hosts := a.View(web).Hosts; len(hosts) != 1 || hosts[0].Healthy != healthy {
				t.Errorf("listed %+v, want healthy %v", hosts, healthy)
			}
		}
		receive(true)
		receive(false)
	}, memberA, memberB)
}

func TestEqualRegistrationIsNoNews(t *testing.T) {
	inCluster(t, func(c *cluster) {
		c.connect(memberA, "1_x_1", instance("10.0.0.1"))
		elapse(time.Second)
		before := c.loops[memberB].View(web)
		c.register(memberA, "1_x_1", instance("10.0.0.1"))
		elapse(time.Second)
		if after := c.loops[memberB].View(web); after != before {
			t.Errorf("view on b was replaced: reference %d -> %d", before.LastRef, after.LastRef)
		}
	}, memberA, memberB)
}

func TestMovedClientIsListedOnceWithItsNewestContent(t *testing.T) {
	inCluster(t, func(c *cluster) {
		c.connect(memberA, "1_x_1", instance("10.0.0.1"))
		elapse(time.Second)
		moved := instance("10.0.0.1")
		moved.Weight = 7
		c.connect(memberB, "2_x_9", moved)
		elapse(time.Second)
		for _, m := range []member.Address{memberA, memberB} {
			c.wantHosts(m, "10.0.0.1")
			if got := c.loops[m].View(web).Hosts[0].Weight; got != 7 {
				t.Errorf("weight on %s = %v, want the newest, 7", m, got)
			}
		}
	}, memberA, memberB)
}

func TestViewsNeverGoBack(t *testing.T) {
	inCluster(t, func(c *cluster) {
		a := c.loops[memberA]
		c.connect(memberA, "1_x_1", instance("10.0.0.1"))
		refs := []int64{a.View(web).LastRef}
		for _, do := range []func() error{
			func() error { return a.Deregister(c.t.Context(), "1_x_1", web) },
			func() error {
				return a.Register(c.t.Context(), "1_x_1", web, []naming.Instance{instance("10.0.0.2")}, false)
			},
			func() error { return a.Disconnect(c.t.Context(), "1_x_1") },
		} {
			if err := do(); err != nil {
				t.Fatal(err)
			}
			refs = append(refs, a.View(web).LastRef)
		}
		for i := 1; i < len(refs); i++ {
			if refs[i] <= refs[i-1] {
				t.Errorf("references of the views: %v, want them to rise", refs)
			}
		}
	}, memberA)
}

func TestLostChangeIsRepaired(t *testing.T) {
	inCluster(t, func(c *cluster) {
		c.mu.Lock()
		c.cut[memberB] = true
		c.mu.Unlock()
		c.connect(memberA, "1_x_1", instance("10.0.0.1"))
		elapse(time.Second)
		c.wantHosts(memberB)
		c.mu.Lock()
		c.cut[memberB] = false
		c.mu.Unlock()
		elapse(20 * time.Second)
		c.wantHosts(memberB, "10.0.0.1")
	}, memberA, memberB)
}

func TestNewMemberIsLoadedFromAllPeers(t *testing.T) {
	inCluster(t, func(c *cluster) {
		c.connect(memberA, "1_x_1", instance("10.0.0.1"))
		c.connect(memberB, "2_x_1", instance("10.0.0.2"))
		elapse(time.Second)
		c.start(memberC)
		if c.loops[memberC].Loaded() {
			t.Error("a member without a list says that it is loaded")
		}
		c.setStates(memberC, nil)
		elapse(time.Second)
		if !c.loops[memberC].Loaded() {
			t.Error("not loaded although both peers answered")
		}
		c.wantHosts(memberC, "10.0.0.1", "10.0.0.2")
	}, memberA, memberB)
}

func TestStoppedLoopSaysSo(t *testing.T) {
	inCluster(t, func(c *cluster) {
		c.stops[memberA]()
		if err := c.loops[memberA].Connect(c.t.Context(), "1_x_1"); !errors.Is(err, naming.ErrStopped) {
			t.Errorf("connect: %v, want %v", err, naming.ErrStopped)
		}
		c.stops[memberA] = func() {}
	}, memberA)
}

func TestCallerThatGivesUpIsReleased(t *testing.T) {
	l := New(DefaultConfig(memberA), quietLog, nil, quiet{}, nil) // never run
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := l.Connect(ctx, "1_x_1"); !errors.Is(err, context.Canceled) {
		t.Errorf("connect: %v, want %v", err, context.Canceled)
	}
}

func TestFlushWaitsForPeersThatCanBeReached(t *testing.T) {
	inCluster(t, func(c *cluster) {
		c.connect(memberA, "1_x_1", instance("10.0.0.1"))
		if err := c.loops[memberA].Flush(c.t.Context()); err != nil {
			t.Fatal(err)
		}
		c.wantHosts(memberB, "10.0.0.1")
		c.setStates(memberA, map[member.Address]member.State{memberB: member.Down})
		c.register(memberA, "1_x_1", instance("10.0.0.3"))
		if err := c.loops[memberA].Flush(c.t.Context()); err != nil {
			t.Errorf("flush with a dead peer: %v", err)
		}
	}, memberA, memberB)
}

func TestWhatAPeerLacksIsSentAtOnce(t *testing.T) {
	inCluster(t, func(c *cluster) {
		c.cutOff(memberB, true)
		c.connect(memberA, "1_x_1", instance("10.0.0.1"))
		elapse(time.Second)
		c.cutOff(memberB, false)
		c.wantHosts(memberB)
		if err := c.loops[memberA].Lacks(c.t.Context(), memberB, []naming.ClientID{"1_x_1"}); err != nil {
			t.Fatal(err)
		}
		elapse(0)
		c.wantHosts(memberB, "10.0.0.1")
	}, memberA, memberB)
}

func TestSameBeatsHaveTheSameRevisionWhereverTheyAreWritten(t *testing.T) {
	inCluster(t, func(c *cluster) {
		id := naming.BeatClient("10.0.0.1", 80)
		c.register(memberA, id, instance("10.0.0.1"))
		elapse(time.Second)
		before := c.loops[memberB].registry.Record(id)
		c.register(memberB, id, instance("10.0.0.1"))
		elapse(time.Second)
		for name, l := range c.loops {
			after := l.registry.Record(id)
			if after.Stamp.Revision != before.Stamp.Revision || after.Stamp.Version <= before.Stamp.Version {
				t.Errorf("%s holds %+v, before it was %+v", name, after.Stamp, before.Stamp)
			}
		}
	}, memberA, memberB)
}
