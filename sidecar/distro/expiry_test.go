package distro

import (
	"fmt"
	"testing"
	"time"

	"github.com/distro-naming/naming-operator/sidecar/member"
	"github.com/distro-naming/naming-operator/sidecar/naming"
)

// A record of the peer is confirmed at start; something happens ten seconds
// later; then time passes.
func TestAReplicaIsGivenUp(t *testing.T) {
	const then = 10 * time.Second
	without := member.NewView(self, member.NewList(2, []member.Address{self, far}, nil),
		map[member.Address]member.State{far: member.Up})
	tests := map[string]struct {
		happens func(bench)
		want    time.Duration
		reason  Reason
	}{
		"after Lease when nothing is heard": {nothing, 180 * time.Second, LeaseEnded},
		"after Lease when its owner is out of reach": {
			func(b bench) { b.Members(after(then), view(member.Suspect, member.Up)) }, 180 * time.Second, LeaseEnded,
		},
		"after Down from when its owner was seen down": {
			func(b bench) { b.Members(after(then), view(member.Down, member.Up)) }, then + 30*time.Second, OwnerDown,
		},
		"after Grace when its owner left the list": {
			func(b bench) { b.Members(after(then), without) }, then + 15*time.Second, OwnerGone,
		},
		"after Grace when its owner restarted": {
			func(b bench) { b.restart(after(then), peer) }, then + 15*time.Second, OwnerGone,
		},
		"after Missing when its owner confirms others": {
			func(b bench) { b.confirmOthers(then, time.Minute) }, then + 30*time.Second, OwnerForgets,
		},
		"after Lease when its owner spoke once and fell silent": {
			func(b bench) { b.confirmOthers(then, then+time.Second) }, 180 * time.Second, LeaseEnded,
		},
		"later when it is confirmed": {
			func(b bench) { b.Compare(after(then), peer, []naming.Mark{mark("c1", at(peer, 1))}) }, then + 180*time.Second, LeaseEnded,
		},
		"later when it is written": {
			func(b bench) { b.Offered(after(then), peer, mark("c1", at(peer, 2)), direct) }, then + 180*time.Second, LeaseEnded,
		},
		"not sooner than its confirmation after a restart allows": {func(b bench) {
			b.restart(after(then), peer)
			b.Compare(after(then+time.Second), peer, []naming.Mark{mark("c1", at(peer, 1))})
		}, then + time.Second + 180*time.Second, LeaseEnded},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			b := ready(t, nil)
			b.Offered(start, peer, mark("c1", at(peer, 1)), direct)
			b.Offered(start, peer, mark("other", at(peer, 1)), direct)
			tc.happens(b)
			for d := 35 * time.Second; d < tc.want; d += time.Second { // a member that is not paused
				b.expired(after(d), "c1")
			}
			if got := b.expired(after(tc.want-time.Millisecond), "c1"); got != "" {
				t.Errorf("given up before %v: %s", tc.want, got)
			}
			if next, ok := b.Next(); !ok || !next.Equal(after(tc.want)) {
				t.Errorf("Next = %v, want %v", next.Sub(start), tc.want)
			}
			if got := b.expired(after(tc.want), "c1"); got != tc.reason {
				t.Errorf("given up at %v: %q, want %q", tc.want, got, tc.reason)
			}
		})
	}
}

// confirmOthers has the peer verify another client than c1 every 5 s.
func (b bench) confirmOthers(from, to time.Duration) {
	for d := from; d < to; d += 5 * time.Second {
		if b.expired(after(d), "c1") != "" {
			b.t.Fatalf("given up at %v", d)
		}
		b.Compare(after(d), peer, []naming.Mark{mark("other", at(peer, 1))})
		if d >= from+25*time.Second {
			return
		}
	}
}

func TestNothingExpiresWhileMostPeersAreOutOfReach(t *testing.T) {
	b := ready(t, nil)
	b.Offered(start, peer, mark("c1", at(peer, 1)), direct)
	b.Offered(start, far, mark("c2", at(far, 1)), direct)
	b.Members(after(time.Second), view(member.Down, member.Suspect))
	b.same("an hour later", b.expired(after(time.Hour), "c1"), Reason(""))
	b.same("braked", b.Stats().Braked, true)
	if next, ok := b.Next(); ok {
		t.Errorf("Next = %v though nothing can happen", next)
	}
	b.Members(after(time.Hour), view(member.Up, member.Suspect))
	b.Compare(after(time.Hour), peer, []naming.Mark{mark("c1", at(peer, 1))})
	b.same("one is back", b.expired(after(time.Hour), "c2"), Reason(""))
	b.same("the other had its time", b.expired(after(time.Hour+10*time.Second), "c2"), LeaseEnded)
	b.restart(after(time.Hour+11*time.Second), peer)
	b.Members(after(time.Hour+11*time.Second), view(member.Suspect, member.Suspect))
	b.same("proven gone even then", b.expired(after(time.Hour+26*time.Second), "c1"), OwnerGone)
}

// However many clients an owner had, they do not vanish at once merely because
// time has passed; when it is proven gone they do.
func TestManyEndSlowlyUnlessTheirOwnerIsProvenGone(t *testing.T) {
	const many = 1000
	tests := map[string]struct {
		clients int
		happens func(bench)
		from    time.Duration // when the first end
		want    []int         // how many are left, then and after each interval
	}{
		"down": {
			many, func(b bench) { b.Members(start, view(member.Down, member.Up)) }, 30 * time.Second,
			[]int{850, 700, 550, 400, 250, 100, 0},
		},
		"out of reach": {many, nothing, 180 * time.Second, []int{850, 700, 550, 400, 250, 100, 0}},
		"a few":        {25, nothing, 180 * time.Second, []int{15, 5, 0}},
		"gone":         {many, func(b bench) { b.restart(start, peer) }, 15 * time.Second, []int{0}},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			b := ready(t, nil)
			for i := range tc.clients {
				b.Offered(start, peer, mark(naming.ClientID(fmt.Sprintf("c%d", i)), at(peer, 1)), direct)
			}
			tc.happens(b)
			for d := time.Second; d < tc.from; d += time.Second { // a member that is not paused
				b.run(after(d))
			}
			for i, left := range tc.want {
				then := after(tc.from + time.Duration(i)*b.cfg.VerifyInterval)
				b.run(then.Add(-time.Millisecond))
				if next, ok := b.Next(); !ok || next.After(then) {
					t.Errorf("Next = %v, want at most %v", next.Sub(start), then.Sub(start))
				}
				b.run(then)
				b.same(fmt.Sprintf("left at %v", then.Sub(start)), b.Stats().Clients, left)
			}
		})
	}
}

func TestAnOwnerThatComesBackIsGivenTime(t *testing.T) {
	b := ready(t, nil)
	b.Offered(start, peer, mark("c1", at(peer, 1)), direct)
	b.Members(start, view(member.Suspect, member.Up))
	b.Members(after(179*time.Second), view(member.Up, member.Up))
	b.same("at the end of its lease", b.expired(after(180*time.Second), "c1"), Reason(""))
	b.same("two verify intervals later", b.expired(after(189*time.Second), "c1"), LeaseEnded)
}

func TestAPausedMemberDoesNotBlameItsPeers(t *testing.T) {
	b := ready(t, nil)
	b.Offered(start, peer, mark("c1", at(peer, 1)), direct)
	b.run(after(time.Second))
	b.same("on waking", b.expired(after(10*time.Minute), "c1"), Reason(""))
	b.same("after having listened", b.expired(after(10*time.Minute+10*time.Second), "c1"), LeaseEnded)
}

func TestABeatOutlivesItsOwner(t *testing.T) {
	b := ready(t, nil)
	theirs := beatOf(peer)
	b.Offered(start, peer, mark(theirs, at(peer, 1)), direct)
	b.restart(start, peer)
	b.same("long after Grace", b.expired(after(time.Minute), theirs), Reason(""))
	b.same("after its lease", b.expired(after(3*time.Minute), theirs), LeaseEnded)
}

func TestTombstonesAreKeptForTheirTimeAndTheirNumber(t *testing.T) {
	b := ready(t, func(c *Config) { c.MaxTombstones = 10 })
	for i := range 100 {
		c := naming.ClientID(fmt.Sprintf("c%d", i))
		now := after(time.Duration(i) * time.Millisecond)
		b.Local(now, mark(c, at(self, 1)))
		b.Gone(now, c, 2)
		b.run(now)
		if s := b.Stats(); s.Tombstones > 10 || s.Pending > 2*(s.Clients+s.Tombstones)+2*b.cfg.MaxInFlight {
			t.Fatalf("%d tombstones and %d items after %d clients", s.Tombstones, s.Pending, i)
		}
	}
	b.run(after(b.cfg.Tombstone + time.Second))
	b.same("tombstones in the end", b.Stats().Tombstones, 0)
}

func TestStaleGravesDoNotPileUp(t *testing.T) {
	b := ready(t, nil)
	mine := beatOf(self)
	for i := range int64(10_000) {
		b.Local(start, mark(mine, at(self, 2*i+1)))
		b.Gone(start, mine, 2*i+2)
	}
	if n := len(b.ended.queue); n > 2000 {
		t.Errorf("%d graves for one client", n)
	}
}

// restart has a peer be seen in two incarnations, one after the other.
func (b bench) restart(now time.Time, peer member.Address) {
	b.Incarnation(now, peer, 1)
	b.Incarnation(now, peer, 2)
}

func TestConnectionOlderThanItsOwnerIsGivenUp(t *testing.T) {
	b := ready(t, nil)
	b.Incarnation(start, peer, 5000)
	b.Offered(start, peer, mark("4999_10.0.0.1_1", at(peer, 1)), hearsay)
	b.Offered(start, peer, mark("5000_10.0.0.1_1", at(peer, 1)), hearsay)
	b.same("of the last incarnation", b.expired(after(15*time.Second), "4999_10.0.0.1_1"), OwnerGone)
	b.same("of this one", b.expired(after(15*time.Second), "5000_10.0.0.1_1"), Reason(""))
}

func TestConnectionsOfAJavaServerEndWithIt(t *testing.T) {
	b := ready(t, nil)
	before, kept := mark("1_10.0.0.1_1", at(peer, 1)), mark("1_10.0.0.1_2", at(peer, 1))
	for _, m := range []naming.Mark{before, kept} {
		b.Offered(start, peer, m, direct)
	}
	b.Restarted(after(time.Second), peer)
	b.Compare(after(2*time.Second), peer, []naming.Mark{kept})
	b.same("held by the one before", b.expired(after(17*time.Second), before.Client), OwnerGone)
	b.same("confirmed by the one that runs", b.expired(after(17*time.Second), kept.Client), Reason(""))
}

func TestHearsayOfAnEarlierIncarnationIsTakenForAsLongAsItMayLive(t *testing.T) {
	old, fresh := mark("4999_10.0.0.1_1", at(peer, 1)), mark("5000_10.0.0.1_1", at(peer, 1))
	tests := map[string]struct {
		offer naming.Mark
		at    time.Duration
		want  Code
	}{
		"while others hold it too":             {old, 14 * time.Second, Accept},
		"when all have given it up":            {old, 15 * time.Second, Stale},
		"of this incarnation":                  {fresh, time.Hour, Accept},
		"of one that names no owner":           {mark(old.Client, java("", 1)), time.Hour, Accept},
		"of a client that beats":               {mark("4999_1#true", at(peer, 1)), time.Hour, Accept},
		"of a connection that tells no time":   {mark("c1", at(peer, 1)), time.Hour, Accept},
		"of a member whose start is not known": {mark(old.Client, at(far, 1)), time.Hour, Accept},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			b := ready(t, nil)
			b.Incarnation(start, peer, 5000)
			if got := b.Offered(after(tc.at), far, tc.offer, hearsay); got.Code != tc.want {
				t.Errorf("Offered = %v, want code %v", got, tc.want)
			}
		})
	}
}

// A relic that was held before its owner's incarnation was known does not hide
// behind younger connections, nor they behind it.
func TestRelicsAreFoundWhenTheIncarnationIsLearnt(t *testing.T) {
	b := ready(t, nil)
	b.Offered(start, far, mark("5001_10.0.0.1_1", at(peer, 1)), hearsay)
	b.Offered(start, far, mark("4999_10.0.0.1_1", at(peer, 1)), hearsay)
	b.Incarnation(after(time.Second), peer, 5000)
	b.same("before Grace", b.expired(after(16*time.Second-1), "4999_10.0.0.1_1"), Reason(""))
	b.same("after it", b.expired(after(16*time.Second), "4999_10.0.0.1_1"), OwnerGone)
	_, held := b.Stamp("5001_10.0.0.1_1")
	b.same("the younger is held", held, true)
}

// What is learnt late says nothing of connections that are younger.
func TestARestartEndsNoConnectionThatIsYounger(t *testing.T) {
	b := ready(t, nil)
	old, dated, undated := mark("4999_10.0.0.1_1", at(peer, 1)), mark("5000_10.0.0.1_1", at(peer, 1)), mark("c1", at(peer, 1))
	b.Incarnation(start, peer, 4000)
	for _, m := range []naming.Mark{dated, old, undated} {
		b.Offered(start, peer, m, direct)
	}
	b.Incarnation(after(time.Second), peer, 5000)
	b.run(after(16 * time.Second))
	for m, want := range map[naming.Mark]bool{old: false, undated: false, dated: true} {
		_, held := b.Stamp(m.Client)
		b.same(string(m.Client)+" is held", held, want)
	}
}
