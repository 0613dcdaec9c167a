package replica

import (
	"errors"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/distro-naming/naming-operator/sidecar/distro"
	"github.com/distro-naming/naming-operator/sidecar/member"
	"github.com/distro-naming/naming-operator/sidecar/naming"
)

// old is a member of Nacos 1.x in tests; its address owns web among a, b and old.
const old member.Address = "z:8848"

// view tells name that a, b and old are Up but for the states given, and that old
// replicates as 1.x does, if so.
func (c *cluster) view(name member.Address, v1 bool, states map[member.Address]member.State) {
	c.t.Helper()
	all := map[member.Address]member.State{memberA: member.Up, memberB: member.Up, old: member.Up}
	maps.Copy(all, states)
	v := member.NewView(name, member.NewList(2, []member.Address{memberA, memberB, old}, nil), all)
	if v1 {
		v = v.WithV1([]member.Address{old})
	}
	if err := c.loops[name].SetMembers(c.t.Context(), v); err != nil {
		c.t.Fatal(err)
	}
}

// withOld is a cluster of a and b in which old is a member of 1.x.
func withOld(t *testing.T, test func(c *cluster)) {
	t.Helper()
	inCluster(t, func(c *cluster) {
		for _, m := range []member.Address{memberA, memberB} {
			c.view(m, true, nil)
		}
		test(c)
	}, memberA, memberB)
}

// oldService is a service that old owns, and ourService one that it does not.
func oldService(owned bool) naming.ServiceKey {
	ring := []member.Address{memberA, memberB, old}
	for _, name := range []string{"web", "api", "db", "mail", "auth", "search"} {
		s := naming.ServiceKey{Namespace: "public", Group: "DEFAULT_GROUP", Name: name}
		if owner, _ := distro.ServiceOwner(ring, s); (owner == old) == owned {
			return s
		}
	}
	panic("no such service")
}

// give has old give the list of a service to both members, with a revision.
func (c *cluster) give(s naming.ServiceKey, revision int32, ips ...string) {
	c.t.Helper()
	p := naming.Publication{Service: s, Batch: true}
	for _, ip := range ips {
		p.Instances = append(p.Instances, instance(ip))
	}
	for _, m := range []member.Address{memberA, memberB} {
		r := naming.Normal(naming.DatumClient(s, old), naming.Stamp{Owner: old, Revision: revision}, []naming.Publication{p})
		if err := c.loops[m].Receive(c.t.Context(), old, r); err != nil {
			c.t.Errorf("%s: %v", m, err)
		}
	}
}

// wantListed checks which addresses all members list in s.
func (c *cluster) wantListed(s naming.ServiceKey, want ...string) {
	c.t.Helper()
	for m := range c.loops {
		var got []string
		for _, h := range c.loops[m].View(s).Hosts {
			got = append(got, h.IP)
		}
		if !slices.Equal(got, want) {
			c.t.Errorf("%s lists %v, want %v", m, got, want)
		}
	}
}

func (c *cluster) compare(s map[naming.ServiceKey]int32) (different []naming.ServiceKey) {
	c.t.Helper()
	for _, m := range []member.Address{memberA, memberB} {
		var err error
		if different, err = c.loops[m].CompareDatums(c.t.Context(), old, s); err != nil {
			c.t.Error(err)
		}
	}
	return different
}

func TestListOfAnOldMemberIsTakenComparedAndEmptied(t *testing.T) {
	withOld(t, func(c *cluster) {
		s := oldService(true)
		if got := c.compare(map[naming.ServiceKey]int32{s: 7}); !slices.Equal(got, []naming.ServiceKey{s}) {
			t.Errorf("different = %v, want what is unknown", got)
		}
		c.give(s, 7, "10.0.0.1", "10.0.0.2")
		c.wantListed(s, "10.0.0.1", "10.0.0.2")
		if got := c.compare(map[naming.ServiceKey]int32{s: 7}); len(got) != 0 {
			t.Errorf("different = %v, want none", got)
		}
		if got := c.compare(map[naming.ServiceKey]int32{s: 8}); len(got) != 1 {
			t.Errorf("different = %v, want what has changed", got)
		}
		c.give(s, 8, "10.0.0.2")
		c.wantListed(s, "10.0.0.2")
		c.compare(map[naming.ServiceKey]int32{}) // it is not named any more
		c.wantListed(s)
		c.give(s, 8, "10.0.0.2") // and comes back
		c.wantListed(s, "10.0.0.2")
	})
}

func TestListOfAnOldMemberHasALease(t *testing.T) {
	withOld(t, func(c *cluster) {
		s := oldService(true)
		c.give(s, 7, "10.0.0.1")
		for range 20 {
			elapse(5 * time.Second)
			c.compare(map[naming.ServiceKey]int32{s: 7})
		}
		c.wantListed(s, "10.0.0.1")
		elapse(200 * time.Second)
		c.wantListed(s)
	})
}

func TestEchoesAreHiddenAlsoAfterTheirConnection(t *testing.T) {
	withOld(t, func(c *cluster) {
		s := oldService(true)
		a := c.loops[memberA]
		if err := a.Connect(c.t.Context(), "1_x_1"); err != nil {
			t.Fatal(err)
		}
		if err := a.Register(c.t.Context(), "1_x_1", s, []naming.Instance{instance("10.0.0.1")}, false); err != nil {
			t.Fatal(err)
		}
		elapse(time.Second)
		c.give(s, 7, "10.0.0.1", "10.0.0.2")
		c.wantListed(s, "10.0.0.1", "10.0.0.2")
		if err := a.Disconnect(c.t.Context(), "1_x_1"); err != nil {
			t.Fatal(err)
		}
		elapse(time.Second)
		c.wantListed(s, "10.0.0.2")
		c.give(s, 8, "10.0.0.1", "10.0.0.2", "10.0.0.3") // it has not heard of it yet
		c.wantListed(s, "10.0.0.2", "10.0.0.3")
		c.give(s, 9, "10.0.0.2", "10.0.0.3") // and now it has
		c.give(s, 10, "10.0.0.1", "10.0.0.2", "10.0.0.3")
		c.wantListed(s, "10.0.0.1", "10.0.0.2", "10.0.0.3") // which is its own client
	})
}

func TestWhatAnOldMemberListsForLongIsItsOwn(t *testing.T) {
	withOld(t, func(c *cluster) {
		s := oldService(true)
		c.give(s, 7, "10.0.0.1")
		a := c.loops[memberA]
		if err := a.Connect(c.t.Context(), "1_x_1"); err != nil {
			t.Fatal(err)
		}
		if err := a.Register(c.t.Context(), "1_x_1", s, []naming.Instance{instance("10.0.0.1")}, false); err != nil {
			t.Fatal(err)
		}
		elapse(time.Second)
		if err := a.Disconnect(c.t.Context(), "1_x_1"); err != nil {
			t.Fatal(err)
		}
		elapse(time.Second)
		c.wantListed(s)
		for range 7 {
			elapse(5 * time.Second)
			c.compare(map[naming.ServiceKey]int32{s: 7})
		}
		c.wantListed(s, "10.0.0.1")
	})
}

func TestServiceOfADeadOldMemberIsAdoptedAndGivenBack(t *testing.T) {
	withOld(t, func(c *cluster) {
		s := oldService(true)
		c.give(s, 7, "10.0.0.1", "10.0.0.2", "10.0.0.3")
		for _, m := range []member.Address{memberA, memberB} {
			c.view(m, true, map[member.Address]member.State{old: member.Down})
		}
		elapse(10 * time.Second)
		c.wantListed(s, "10.0.0.1", "10.0.0.2", "10.0.0.3")
		for _, ip := range []string{"10.0.0.1", "10.0.0.2"} {
			client := naming.BeatClient(ip, 80)
			owner, _ := c.loops[memberA].Owner(client)
			for range 8 { // 40 s
				if known, err := c.loops[owner].Beat(c.t.Context(), client, s); !known || err != nil {
					t.Errorf("beat of %s = %t, %v", ip, known, err)
				}
				if ip == "10.0.0.1" {
					continue
				}
				elapse(5 * time.Second)
				first := naming.BeatClient("10.0.0.1", 80)
				owner, _ := c.loops[memberA].Owner(first)
				if known, err := c.loops[owner].Beat(c.t.Context(), first, s); !known || err != nil {
					t.Errorf("beat of the first = %t, %v", known, err)
				}
			}
		}
		c.wantListed(s, "10.0.0.1", "10.0.0.2") // the third has no beats
		for _, m := range []member.Address{memberA, memberB} {
			c.view(m, true, nil)
		}
		c.give(s, 9, "10.0.0.1", "10.0.0.2")
		elapse(3 * time.Second) // it may list them as they were long ago
		for _, m := range []member.Address{memberA, memberB} {
			own, err := c.loops[m].Own(c.t.Context(), []naming.ServiceKey{s})
			if err != nil {
				t.Error(err)
			}
			for _, i := range own[s].Beats {
				if err := c.loops[m].Given(c.t.Context(), s, i); err != nil {
					t.Error(err)
				}
			}
		}
		elapse(3 * time.Second)
		c.wantListed(s, "10.0.0.1", "10.0.0.2")
		own, err := c.loops[memberA].Own(c.t.Context(), []naming.ServiceKey{s})
		if err != nil || len(own[s].Beats) != 0 {
			t.Errorf("a still owns %v, %v", own[s].Beats, err)
		}
	})
}

// TestWhatAnOldMemberTookIsKeptUntilItListsIt: one that was away took a change, and
// lists for a while, or for good, what it had before: lists have no versions.
func TestWhatAnOldMemberTookIsKeptUntilItListsIt(t *testing.T) {
	for name, tc := range map[string]struct {
		then []float64 // the weights that it lists after that, in turn
		kept bool
	}{
		"it lists it":                      {[]float64{5}, false},
		"it lists what it had":             {[]float64{1}, true},
		"it lists it after all":            {[]float64{1, 5}, false},
		"it lists what somebody else said": {[]float64{7}, false},
	} {
		t.Run(name, func(t *testing.T) {
			withOld(t, func(c *cluster) {
				s, client := oldService(true), naming.BeatClient("10.0.0.1", 80)
				list := func(revision int32, weight float64) {
					i := instance("10.0.0.1")
					i.Weight = weight
					p := naming.Publication{Service: s, Batch: true, Instances: []naming.Instance{i}}
					for _, m := range []member.Address{memberA, memberB} {
						r := naming.Normal(naming.DatumClient(s, old), naming.Stamp{Owner: old, Revision: revision}, []naming.Publication{p})
						if err := c.loops[m].Receive(c.t.Context(), old, r); err != nil {
							t.Error(err)
						}
					}
				}
				list(1, 1)
				owner, _ := c.loops[memberA].Owner(client)
				taken := instance("10.0.0.1")
				taken.Weight = 5
				if err := c.loops[owner].Register(c.t.Context(), client, s, []naming.Instance{taken}, false); err != nil {
					t.Fatal(err)
				}
				if err := c.loops[owner].Given(c.t.Context(), s, taken); err != nil {
					t.Fatal(err)
				}
				for n, weight := range tc.then {
					elapse(2 * time.Second)
					list(int32(n+2), weight)
				}
				elapse(2 * time.Second)
				if kept, err := c.loops[owner].Publishes(c.t.Context(), client, s); err != nil || kept != tc.kept {
					t.Errorf("ours publishes it still: %t, %v, want %t", kept, err, tc.kept)
				}
			})
		})
	}
}

func TestListsOfAnUpgradedMemberGoInTime(t *testing.T) {
	withOld(t, func(c *cluster) {
		s := oldService(true)
		c.give(s, 7, "10.0.0.1", "10.0.0.2", "10.0.0.3", "10.0.0.4")
		for _, m := range []member.Address{memberA, memberB} {
			c.view(m, false, nil)
		}
		for range 20 {
			elapse(time.Second)
			c.wantListed(s, "10.0.0.1", "10.0.0.2", "10.0.0.3", "10.0.0.4")
		}
		elapse(90 * time.Second)
		c.wantListed(s)
	})
}

func TestServiceOwner(t *testing.T) {
	withOld(t, func(c *cluster) {
		if owner, v1 := c.loops[memberA].ServiceOwner(oldService(true)); owner != old || !v1 {
			t.Errorf("owner = %s, %t, want the member of 1.x", owner, v1)
		}
		if owner, v1 := c.loops[memberA].ServiceOwner(oldService(false)); owner == old || v1 {
			t.Errorf("owner = %s, %t, want one of ours", owner, v1)
		}
		c.view(memberA, false, nil)
		if owner, v1 := c.loops[memberA].ServiceOwner(oldService(true)); owner != "" || v1 {
			t.Errorf("owner = %s, %t, want nobody while there is none of 1.x", owner, v1)
		}
	})
}

func TestWhatIsNoListIsRefused(t *testing.T) {
	withOld(t, func(c *cluster) {
		id, stamp := naming.DatumClient(oldService(true), old), naming.Stamp{Owner: old, Revision: 7}
		two := []naming.Publication{{Service: oldService(true), Batch: true}, {Service: oldService(false), Batch: true}}
		for name, published := range map[string][]naming.Publication{"of nothing": nil, "of two services": two} {
			r := naming.Normal(id, stamp, published)
			if err := c.loops[memberA].Receive(c.t.Context(), old, r); !errors.Is(err, errNoList) {
				t.Errorf("a list %s: %v, want it refused", name, err)
			}
		}
		c.wantListed(oldService(true))
	})
}
