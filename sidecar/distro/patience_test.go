package distro

import (
	"testing"
	"time"

	"github.com/distro-naming/naming-operator/sidecar/member"
	"github.com/distro-naming/naming-operator/sidecar/naming"
)

// b gives a record every five seconds for a while and then answers or falls
// silent; c answers at once, or not at all.
func TestAPeerThatGivesIsWaitedFor(t *testing.T) {
	const never = time.Hour
	tests := map[string]struct {
		gives   time.Duration
		answers time.Duration
		other   answer
		want    time.Duration
	}{
		"until it has answered":                   {30 * time.Second, 34 * time.Second, complete, 34 * time.Second},
		"until it is silent for LoadTimeout":      {30 * time.Second, never, complete, 40 * time.Second},
		"not if it never began":                   {-1, never, complete, 10 * time.Second},
		"no longer than LoadMax":                  {never, never, complete, 2 * time.Minute},
		"without another that it says nothing of": {30 * time.Second, 34 * time.Second, silence, 34 * time.Second},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			b := bench{New(self, Default()), t}
			b.Members(start, view(member.Up, member.Up))
			var question Ticket
			for _, a := range b.run(start) {
				if l := a.(Load); l.From == peer {
					question = l.Ticket
				} else if tc.other == complete {
					b.Finished(start, l.Ticket, Result{Complete: true})
				}
			}
			d := time.Duration(0)
			for ; !b.Loaded() && d < 5*time.Minute; d += time.Second {
				if d <= tc.gives && d%(5*time.Second) == 0 {
					b.Offered(after(d), peer, mark("c1", at(peer, 1)), hearsay)
				}
				if d == tc.answers {
					b.Finished(after(d), question, Result{Complete: true})
				}
				b.run(after(d))
				if next, ok := b.Next(); ok && !next.After(after(d)) {
					t.Fatalf("Next is %v at %v", next.Sub(start), d)
				}
				if b.Loaded() {
					break
				}
			}
			if d != tc.want {
				t.Errorf("loaded after %v, want %v", d, tc.want)
			}
		})
	}
}

// A peer can give to a few at once. Who has to wait for that is no less complete
// in the end.
func TestAPeerThatIsBusyIsAskedUntilItGives(t *testing.T) {
	b := bench{New(self, Default()), t}
	b.Members(start, view(member.Up, member.Up))
	answers := map[member.Address]Result{peer: {Complete: true}, far: {Err: errLost, Busy: true}}
	const given = 35 * time.Second
	for d := time.Duration(0); d <= given; d += 100 * time.Millisecond {
		if d == given {
			answers[far] = Result{Complete: true}
		}
		for _, a := range b.run(after(d)) {
			if l, ok := a.(Load); ok {
				b.same("loaded", b.Loaded(), false)
				b.Finished(after(d), l.Ticket, answers[l.From])
			}
		}
	}
	b.same("loaded when it has given", b.Loaded(), true)
}

// What one was told to leave out is asked of another, who may be busy giving.
func TestADebtIsWaitedForWhileAnybodyGives(t *testing.T) {
	b := bench{New(self, Default()), t}
	b.Streams(start, peer, true)
	b.Streams(start, far, true)
	b.Members(start, view(member.Up, member.Up))
	_, tickets := b.asked(start)
	b.Finished(start, tickets["b -c"], Result{})
	_, debt := b.asked(start)
	for d := time.Duration(0); d <= 30*time.Second; d += 5 * time.Second {
		b.Offered(after(d), far, mark("c1", at(far, 1)), hearsay)
		b.run(after(d))
	}
	b.Finished(after(30*time.Second), tickets["c -b"], Result{Complete: true})
	b.run(after(39 * time.Second))
	b.same("loaded without what b owns", b.Loaded(), false)
	b.Finished(after(39*time.Second), debt["c -a -c"], Result{Complete: true})
	b.same("loaded", b.Loaded(), true)
}

// loads returns an engine that has asked both peers, and c's question.
func loads(t *testing.T, cfg Config) (bench, Ticket) {
	t.Helper()
	b := bench{New(self, cfg), t}
	b.Members(start, view(member.Up, member.Up))
	var last Ticket
	for _, a := range b.run(start) {
		switch l := a.(Load); l.From {
		case peer:
			b.Finished(start, l.Ticket, Result{Complete: true})
		case far:
			last = l.Ticket
		}
	}
	return b, last
}

// A member loads for a minute. What it holds meanwhile nobody confirms.
func TestNothingEndsForTimeWhileAMemberLoads(t *testing.T) {
	const load, then = time.Minute, 10 * time.Second
	cfg := Default()
	cfg.Lease, cfg.Missing, cfg.Down = 30*time.Second, 30*time.Second, 30*time.Second
	settled := load + 2*cfg.VerifyInterval
	without := member.NewView(self, member.NewList(2, []member.Address{self, far}, nil),
		map[member.Address]member.State{far: member.Up})
	tests := map[string]struct {
		happens func(b bench)
		want    time.Duration
		reason  Reason
	}{
		"its owner says nothing":   {nothing, settled, LeaseEnded},
		"its owner is down":        {func(b bench) { b.Members(after(then), view(member.Down, member.Up)) }, settled, OwnerDown},
		"its owner left the list":  {func(b bench) { b.Members(after(then), without) }, then + cfg.Grace, OwnerGone},
		"its owner was restarted":  {func(b bench) { b.restart(after(then), peer) }, then + cfg.Grace, OwnerGone},
		"its owner shows a digest": {func(b bench) { b.CompareDigest(after(then), peer, Digest{1, 1}) }, settled, LeaseEnded},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			b, question := loads(t, cfg)
			b.Offered(start, peer, mark("c1", at(peer, 1)), hearsay)
			for d := time.Second; d < tc.want; d += time.Second {
				switch {
				case d < load:
					b.Offered(after(d), far, mark("c2", at(far, 1)), hearsay)
				case d == load:
					b.Finished(after(d), question, Result{Complete: true})
				}
				if d == then {
					tc.happens(b)
				}
				if got := b.expired(after(d), "c1"); got != "" {
					t.Fatalf("given up after %v: %s", d, got)
				}
			}
			b.same("loaded", b.Loaded(), tc.want > load)
			b.same("given up", b.expired(after(tc.want), "c1"), tc.reason)
		})
	}
}

// An owner that confirms others, but not c1, does not seem to forget it sooner than
// Missing after the load.
func TestMissingCountsFromTheEndOfTheLoad(t *testing.T) {
	const load = time.Minute
	b, question := loads(t, Default())
	b.Offered(start, peer, mark("c1", at(peer, 1)), hearsay)
	b.Offered(start, peer, mark("other", at(peer, 1)), hearsay)
	for d := time.Duration(0); d < load; d += 5 * time.Second {
		b.Compare(after(d), peer, []naming.Mark{mark("other", at(peer, 1))})
		b.Offered(after(d), far, mark("c2", at(far, 1)), hearsay)
		b.run(after(d))
	}
	b.Finished(after(load), question, Result{Complete: true})
	b.confirmOthers(load, 2*load)
	b.same("before", b.expired(after(load+b.cfg.Missing-1), "c1"), Reason(""))
	b.same("after", b.expired(after(load+b.cfg.Missing), "c1"), OwnerForgets)
}

func TestAMemberThatLoadsAsksForNothingAndConfirmsNothing(t *testing.T) {
	unknown, known := mark("c1", at(peer, 1)), mark("c2", at(peer, 1))
	tests := map[string]func(b bench, now time.Time) []naming.ClientID{
		"marks": func(b bench, now time.Time) []naming.ClientID {
			return b.Compare(now, peer, []naming.Mark{unknown, known})
		},
		"the marks of some buckets": func(b bench, now time.Time) []naming.ClientID {
			return b.CompareBuckets(now, peer, Digest{}, []uint8{bucketOf("c1")}, []naming.Mark{unknown, known})
		},
		"a digest": func(b bench, now time.Time) []naming.ClientID {
			if buckets := b.CompareDigest(now, peer, Digest{1, 1}); buckets != nil {
				return []naming.ClientID{"some"}
			}
			return nil
		},
	}
	for name, shown := range tests {
		t.Run(name, func(t *testing.T) {
			b, question := loads(t, Default())
			b.Offered(start, peer, known, hearsay)
			b.same("asked for while it loads", len(shown(b, after(time.Second))), 0)
			b.same("confirmed", b.records["c2"].since, b.origin.instant(start))
			b.same("spoken", b.leases.find(peer).spoke.IsZero(), true)
			b.Finished(after(time.Second), question, Result{Complete: true})
			b.same("asked for when it has", len(shown(b, after(2*time.Second))), 1)
		})
	}
}

// Room that is made in advance decides nothing.
func TestExpectKeepsWhatIsKnown(t *testing.T) {
	b, question := loads(t, Default())
	b.Offered(start, peer, mark("c1", at(peer, 1)), hearsay)
	before := b.Digest()
	for _, n := range []int{0, 1000, 999, 0} {
		b.Expect(n)
	}
	b.same("digest", b.Digest().String(), before.String())
	b.same("room that was made", b.room, 1001)
	b.same("known", b.Offered(start, peer, mark("c1", at(peer, 1)), hearsay).Code, Same)
	b.Finished(start, question, Result{Complete: true})
	b.same("lacking", b.Compare(start, peer, []naming.Mark{mark("c1", at(peer, 1))}), []naming.ClientID(nil))
}
