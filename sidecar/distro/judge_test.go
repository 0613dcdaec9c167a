package distro

import (
	"slices"
	"testing"
	"time"

	"github.com/distro-naming/naming-operator/sidecar/member"
	"github.com/distro-naming/naming-operator/sidecar/naming"
)

// beatOf returns a client that beats and that the ring of a, b and c gives to
// owner.
func beatOf(owner member.Address) naming.ClientID {
	for port := 1; ; port++ {
		c := naming.BeatClient("10.0.0.1", port)
		if o, _ := RingOwner([]member.Address{self, peer, far}, c); o == owner {
			return c
		}
	}
}

const (
	direct  = true
	hearsay = false
)

// offered is one row: what was known before, the offer, and the answer.
type offered struct {
	before func(bench)
	from   member.Address
	offer  naming.Mark
	direct bool
	want   Code
}

func held(m naming.Mark) func(bench) { return func(b bench) { b.Offered(start, "", m, hearsay) } }

func local(m naming.Mark) func(bench) { return func(b bench) { b.Local(start, m) } }

func ended(m naming.Mark, version int64) func(bench) {
	return func(b bench) { held(m)(b); b.Dropped(start, "", m.Client, version) }
}

// lapsed is a record whose lease has ended.
func lapsed(m naming.Mark) func(bench) {
	return func(b bench) {
		b.Offered(start, "", m, hearsay)
		b.run(start)
		b.Members(start, view(member.Up, member.Suspect))
		b.run(after(b.cfg.Lease))
		b.run(after(b.cfg.Lease + b.cfg.settle()))
	}
}

// judge checks the answer of each row, and that only an accepted offer changed
// anything.
func judge(t *testing.T, tests map[string]offered) {
	t.Helper()
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			b := ready(t, nil)
			tc.before(b)
			digest := b.Digest()
			got := b.Offered(after(time.Hour), tc.from, tc.offer, tc.direct)
			if got.Code != tc.want {
				t.Errorf("Offered(%v) = %v, want code %v", tc.offer, got, tc.want)
			}
			if s, ok := b.Stamp(tc.offer.Client); got.Code == Accept && (!ok || s.Version != tc.offer.Stamp.Version) {
				t.Errorf("accepted, and the stamp held is %v", s)
			}
			if got.Code != Accept && b.Digest() != digest {
				t.Errorf("not accepted, and the digest changed")
			}
		})
	}
}

func TestOffered(t *testing.T) {
	mine := beatOf(self)
	judge(t, map[string]offered{
		"an unknown client is taken": {
			nothing, peer, mark("c1", at(peer, 1)), direct, Accept,
		},
		"a persistent client is not": {
			nothing, peer, mark("1.1.1.1:1#false", at(peer, 1)), direct, Stale,
		},
		"a newer write wins": {
			held(mark("c1", at(peer, 4))), peer, mark("c1", at(peer, 5)), direct, Accept,
		},
		"the same write is known": {
			held(mark("c1", at(peer, 5))), peer, mark("c1", at(peer, 5)), direct, Same,
		},
		"a late write loses": {
			held(mark("c1", at(peer, 5))), peer, mark("c1", at(peer, 4)), direct, Stale,
		},
		"a third member's claim to a connection is refused": {
			held(mark("c1", at(peer, 5))), far, mark("c1", at(far, 6)), direct, Stale,
		},
		"a record in another member's name is refused": {nothing, far, mark("c1", at(peer, 1)), direct, Stale},
		"an own connection is immune": {
			local(mark("c1", at(self, 5))), peer, mark("c1", at(peer, 9)), direct, OwnedHere,
		},
		"an own connection is immune to hearsay": {
			local(mark("c1", at(self, 5))), peer, mark("c1", at(self, 9)), hearsay, OwnedHere,
		},
		"a newer write elsewhere wins even over the ring's owner": {
			local(mark(mine, at(self, 5))), peer, mark(mine, at(peer, 6)), direct, Accept,
		},
		"an older write elsewhere loses": {
			local(mark(mine, at(self, 5))), peer, mark(mine, at(peer, 4)), direct, Stale,
		},
		"hearsay of an earlier incarnation of this member is taken": {
			nothing, peer, mark("c1", at(self, 5)), hearsay, Accept,
		},
	})
}

func TestOfferedAfterTheEnd(t *testing.T) {
	theirs := beatOf(peer)
	judge(t, map[string]offered{
		"an ended client stays ended": {
			ended(mark("c1", at(peer, 5)), 6), peer, mark("c1", at(peer, 5)), direct, Stale,
		},
		"an ended client stays ended at the version of its end": {
			ended(mark("c1", at(peer, 5)), 6), peer, mark("c1", at(peer, 6)), direct, Stale,
		},
		"a newer version of an ended client is taken": {
			ended(mark(theirs, at(peer, 5)), 6), peer, mark(theirs, at(peer, 7)), direct, Accept,
		},
		"hearsay of what expired is refused": {
			lapsed(mark("c1", at(far, 5))), peer, mark("c1", at(far, 5)), hearsay, Stale,
		},
		"the owner of what expired is alive after all": {
			lapsed(mark("c1", at(far, 5))), far, mark("c1", at(far, 5)), direct, Accept,
		},
		"an older version of what expired is refused": {
			lapsed(mark("c1", at(far, 5))), far, mark("c1", at(far, 4)), direct, Stale,
		},
	})
}

func TestOfferedByJava(t *testing.T) {
	theirs := beatOf(peer)
	judge(t, map[string]offered{
		"java's other revision is taken": {
			held(mark("c1", java(peer, 7))), peer, mark("c1", java(peer, 3)), direct, Accept,
		},
		"java's same revision is known": {
			held(mark("c1", java(peer, 7))), peer, mark("c1", java(peer, 7)), direct, Same,
		},
		"java's hearsay replaces nothing": {
			held(mark("c1", java(peer, 7))), far, mark("c1", java("", 3)), hearsay, Stale,
		},
		"java's hearsay of what is versioned here is known": {
			held(mark("c1", at(peer, 5))), far, mark("c1", java("", 5)), hearsay, Same,
		},
		"java's hearsay of an ended connection is refused": {
			ended(mark("c1", java(peer, 5)), 0), far, mark("c1", java("", 5)), hearsay, Stale,
		},
		"java's late change of an ended connection is refused": {
			ended(mark("c1", java(peer, 5)), 0), peer, mark("c1", java(peer, 5)), direct, Stale,
		},
		"java's change of an ended client that beats is taken": {
			ended(mark(theirs, java(peer, 5)), 0), peer, mark(theirs, java(peer, 5)), direct, Accept,
		},
		"java's owner of what expired is alive after all": {
			lapsed(mark("c1", java(far, 5))), far, mark("c1", java(far, 5)), direct, Accept,
		},
		"java's hearsay of what expired is refused": {
			lapsed(mark("c1", java(far, 5))), peer, mark("c1", java("", 5)), hearsay, Stale,
		},
	})
}

func nothing(bench) {}

func TestDropped(t *testing.T) {
	mine := beatOf(self)
	tests := map[string]struct {
		held    naming.Mark
		own     bool
		from    member.Address
		version int64
		want    Code
	}{
		"the owner's later end is taken":                    {mark("c1", at(peer, 5)), false, peer, 6, Accept},
		"an end at the version held is taken":               {mark("c1", at(peer, 5)), false, peer, 5, Accept},
		"a late end loses":                                  {mark("c1", at(peer, 5)), false, peer, 4, Stale},
		"java's end is taken":                               {mark("c1", java(peer, 5)), false, peer, 0, Accept},
		"a third member cannot end a connection":            {mark("c1", at(peer, 5)), false, far, 6, Stale},
		"an own connection is immune":                       {mark("c1", at(self, 5)), true, peer, 6, OwnedHere},
		"java cannot end what beats here":                   {mark(mine, at(self, 5)), true, peer, 0, OwnedHere},
		"a newer end elsewhere is taken of what beats here": {mark(mine, at(self, 5)), true, peer, 6, Accept},
		"an unknown client is remembered as ended":          {mark("c2", at(peer, 5)), false, peer, 6, Same},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			b := ready(t, nil)
			switch {
			case tc.own:
				b.Local(start, tc.held)
			case tc.want != Same:
				b.Offered(start, tc.held.Stamp.Owner, tc.held, direct)
			}
			if got := b.Dropped(start, tc.from, tc.held.Client, tc.version); got.Code != tc.want {
				t.Errorf("Dropped = %v, want code %v", got, tc.want)
			}
			if _, held := b.Stamp(tc.held.Client); held != (tc.want == Stale || tc.want == OwnedHere) {
				t.Errorf("after code %v the client is held: %t", tc.want, held)
			}
		})
	}
}

func TestCompareNamesWhatIsUnknownOrDifferent(t *testing.T) {
	b := ready(t, nil)
	b.Local(start, mark("own", at(self, 1)))
	b.Offered(start, peer, mark("alike", at(peer, 1)), direct)
	b.Offered(start, peer, mark("older", at(peer, 1)), direct)
	b.Offered(start, peer, mark("java", java(peer, 7)), direct)
	b.Offered(start, "", mark("hearsay", naming.Stamp{Revision: 4}), hearsay)
	got := b.Compare(start, peer, []naming.Mark{
		mark("unknown", at(peer, 1)), mark("alike", at(peer, 1)), mark("older", at(peer, 2)),
		mark("own", at(peer, 5)), mark("java", java("", 0)), mark("hearsay", at(peer, 4)),
	})
	b.same("different", got, []naming.ClientID{"unknown", "older"})
	learnt, _ := b.Stamp("hearsay")
	b.same("stamp learnt from a verify", learnt, at(peer, 4))
}

// Nacos's VERIFY tells a version, not who wrote it; the owner of a client that beats
// may have taken it over from another.
func TestAClientThatBeatsIsVerifiedByWhoOwnsItNow(t *testing.T) {
	moved := beatOf(peer)
	b := ready(t, nil)
	b.Offered(start, far, mark(moved, at(far, 5)), direct)
	unsigned := at("", 5)
	got := b.Compare(after(time.Second), peer, []naming.Mark{mark(moved, unsigned)})
	b.same("different", got, []naming.ClientID(nil))
	b.same("told", b.deliveries(after(time.Second), peer, nil), []string(nil))
	unsigned = at("", 6)
	got = b.Compare(after(2*time.Second), peer, []naming.Mark{mark(moved, unsigned)})
	b.same("different at another version", got, []naming.ClientID{moved})
}

func TestCompareTellsTheRingsOwnerWhatIsNewerHere(t *testing.T) {
	newer, over := beatOf(peer), naming.BeatClient("10.9.9.9", 9)
	b := ready(t, nil)
	b.Offered(start, far, mark(newer, at(far, 9)), direct)
	b.Dropped(start, far, over, 9)
	b.run(start)
	got := b.Compare(after(time.Second), peer, []naming.Mark{mark(newer, at(peer, 5)), mark(over, at(peer, 5))})
	b.same("different", got, []naming.ClientID(nil))
	b.same("told", b.deliveries(after(time.Second), peer, nil), []string{"send " + string(newer), "drop " + string(over)})
}

func TestClientsThatBeatFollowTheRing(t *testing.T) {
	b := ready(t, nil)
	port, moves := 0, naming.ClientID("")
	for owner := member.Address(""); owner != self || moves == ""; port++ { // b's now, a's without b
		moves = ""
		if c := naming.BeatClient("10.0.0.1", port); mustOwn(c, self, peer, far) == peer {
			moves, owner = c, mustOwn(c, self, far)
		}
	}
	b.Offered(start, peer, mark(moves, at(peer, 1)), direct)
	b.Members(after(time.Second), view(member.Down, member.Up))
	b.Members(after(2*time.Second), view(member.Up, member.Up))
	got := slices.DeleteFunc(b.run(after(2*time.Second)), func(a Action) bool {
		_, verifies := a.(Verify)
		return verifies
	})
	b.same("actions", got, []Action{Adopt{moves}, Yield{moves}})
}

func mustOwn(c naming.ClientID, ring ...member.Address) member.Address {
	owner, _ := RingOwner(ring, c)
	return owner
}

func TestAdoptionIsNotRepeatedAtNetworkSpeed(t *testing.T) {
	b := ready(t, nil)
	mine := beatOf(self)
	adopted := 0
	for i := range 100 { // a peer that also takes itself for the owner answers every stamp with a newer one
		now := after(time.Duration(i) * 100 * time.Millisecond)
		b.Offered(now, peer, mark(mine, at(peer, int64(2*i+1))), direct)
		for _, a := range b.run(now) {
			if _, ok := a.(Adopt); ok {
				adopted++
				b.Local(now, mark(mine, at(self, int64(2*i+2))))
			}
		}
	}
	if adopted > 3 {
		t.Errorf("adopted %d times in 10 s, want at most once in %v", adopted, b.cfg.VerifyInterval)
	}
}
