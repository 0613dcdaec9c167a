package distro

import (
	"testing"
	"time"

	"github.com/distro-naming/naming-operator/sidecar/member"
	"github.com/distro-naming/naming-operator/sidecar/naming"
)

// owner is another member's engine, which owns what it is told.
func owner(t *testing.T, a member.Address, marks ...naming.Mark) bench {
	t.Helper()
	o := bench{New(a, Default()), t}
	o.Members(start, member.NewView(a, member.NewList(1, []member.Address{self, peer, far}, nil),
		map[member.Address]member.State{self: member.Up, peer: member.Up, far: member.Up}))
	for _, m := range marks {
		o.Local(start, m)
	}
	return o
}

// apart returns n clients of different buckets.
func apart(n int) []naming.ClientID {
	var out []naming.ClientID
	seen := map[uint8]bool{}
	for i := 0; len(out) < n; i++ {
		c := naming.ClientID("c" + string(rune('a'+i%26)) + string(rune('a'+i/26)))
		if !seen[bucketOf(c)] {
			seen[bucketOf(c)] = true
			out = append(out, c)
		}
	}
	return out
}

// summary shows b the digest of what o owns and, if it differs, the buckets that
// do. It returns the answer and what b lacks.
func (b bench) summary(now time.Time, o bench) (differ bool, lacks []naming.ClientID) {
	buckets := b.CompareDigest(now, o.self, o.own.root)
	if buckets == nil {
		return false, nil
	}
	held, named, marks := o.against(buckets)
	return true, b.CompareBuckets(now, o.self, held, named, marks)
}

// against returns what o says to an answer.
func (b bench) against(buckets *[Buckets]Digest) (held Digest, named []uint8, marks []naming.Mark) {
	for i, d := range buckets {
		held = held.Plus(d)
		if d == b.own.parts[i].digest {
			continue
		}
		named = append(named, uint8(i))
		for r := range b.own.of(uint8(i)) {
			marks = append(marks, r.mark())
		}
	}
	return held, named, marks
}

func TestAnEqualDigestConfirmsAll(t *testing.T) {
	b := ready(t, nil)
	theirs := owner(t, peer, mark("c1", at(peer, 1)), mark("c2", at(peer, 2)))
	b.Offered(start, peer, mark("c1", at(peer, 1)), direct)
	b.Offered(start, far, mark("c2", at(peer, 2)), hearsay)
	b.Offered(start, far, mark("c3", at(far, 3)), direct)
	b.Members(start, view(member.Up, member.Suspect))
	b.run(start)
	differ, _ := b.summary(after(9*time.Second), theirs)
	b.same("differ", differ, false)
	for d := 10 * time.Second; d < 180*time.Second; d += 5 * time.Second {
		b.run(after(d))
	}
	b.same("what its owner did not confirm", b.expired(after(180*time.Second), "c3"), LeaseEnded)
	b.same("what it did", b.expired(after(189*time.Second-1), "c1"), Reason(""))
	if next, _ := b.Next(); !next.Equal(after(189 * time.Second)) {
		t.Errorf("Next = %v", next.Sub(start))
	}
	b.run(after(189 * time.Second))
	b.same("clients after its lease", b.Stats().Clients, 0)
}

func TestAnOwnerThatHasNothingSaysSo(t *testing.T) {
	b := ready(t, nil)
	nobody := owner(t, peer)
	b.Offered(start, far, mark("c1", at(peer, 1)), hearsay)
	b.run(start)
	var gone Reason
	d := time.Duration(0)
	for ; gone == "" && d < time.Minute; d += time.Second {
		if d%(5*time.Second) == 0 {
			b.summary(after(d), nobody)
		}
		gone = b.expired(after(d), "c1")
	}
	b.same("reason", gone, OwnerForgets)
	b.same("time", d <= b.cfg.Missing+2*time.Second, true)
	differ, _ := b.summary(after(time.Minute), nobody)
	b.same("nothing differs from nothing", differ, false)
}

func TestADigestThatDiffersConfirmsNothingByItself(t *testing.T) {
	b := ready(t, nil)
	c := apart(2)
	theirs := owner(t, peer, mark(c[0], at(peer, 1)), mark(c[1], at(peer, 2)))
	b.Offered(start, peer, mark(c[0], at(peer, 1)), direct)
	buckets := b.CompareDigest(after(time.Second), peer, theirs.own.root)
	b.same("digest of what is held alike", buckets[bucketOf(c[0])].String(), theirs.own.parts[bucketOf(c[0])].digest.String())
	b.same("digest of what is not held", buckets[bucketOf(c[1])].String(), Digest{}.String())
	b.same("confirmed", b.leases.find(peer).longest(connection), b.origin.instant(start))
	b.same("spoke", b.leases.find(peer).spoke.IsZero(), true)
}

func TestBucketsThatDoNotDifferAreConfirmedInSpiteOfChurn(t *testing.T) {
	b := ready(t, nil)
	c := apart(4)
	kept, changing, missing, heard := mark(c[0], at(peer, 1)), c[1], mark(c[2], at(peer, 1)), mark(c[3], at(peer, 1))
	b.Offered(start, peer, kept, direct)
	b.Offered(start, far, missing, hearsay)
	seen, gone := map[naming.ClientID]bool{}, map[naming.ClientID]time.Duration{}
	for d := time.Duration(0); d < 4*time.Minute; d += time.Second {
		b.run(after(d))
		if d%(5*time.Second) == 0 { // the owner has a change that did not arrive, in every round
			theirs := owner(t, peer, kept, mark(changing, at(peer, int64(d))))
			buckets := b.CompareDigest(after(d), peer, theirs.own.root)
			if d == 20*time.Second {
				b.Offered(after(d+1), far, heard, hearsay) // after the answer, so this is not about it
			}
			held, named, marks := theirs.against(buckets)
			b.same("lacks", b.CompareBuckets(after(d+2), peer, held, named, marks), []naming.ClientID{changing})
		}
		for _, m := range []naming.Mark{kept, missing, heard} {
			_, known := b.Stamp(m.Client)
			if !known && seen[m.Client] {
				gone[m.Client] = d
			}
			seen[m.Client] = known
		}
	}
	b.same("kept", gone[kept.Client], time.Duration(0))
	b.same("missing, counted from the owner's first word", gone[missing.Client], b.cfg.Missing+time.Second)
	b.same("heard", gone[heard.Client], 20*time.Second+b.cfg.Missing+time.Second)
}

func TestBucketsAreConfirmedOnlyByTheAnswerTheyAreAbout(t *testing.T) {
	c := apart(2)
	theirs := owner(t, peer, mark(c[0], at(peer, 1)))
	tests := map[string]struct {
		held  func(Digest) Digest
		named []uint8
		want  time.Duration
	}{
		"the last answer, as of when it was given": {func(d Digest) Digest { return d }, nil, time.Second},
		"another answer":        {func(Digest) Digest { return Digest{1, 2} }, nil, 0},
		"a bucket that differs": {func(d Digest) Digest { return d }, []uint8{bucketOf(c[0])}, 0},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			b := ready(t, nil)
			b.Offered(start, peer, mark(c[0], at(peer, 1)), direct)
			b.CompareDigest(after(time.Second), peer, Digest{})
			b.CompareBuckets(after(2*time.Second), peer, tc.held(theirs.own.root), tc.named, nil)
			o := b.leases.find(peer)
			b.same("confirmed", b.origin.at(o.longest(connection)).Sub(start), tc.want)
		})
	}
}

func TestADigestOfTheOneBeforeConfirmsNothingAfterARestart(t *testing.T) {
	b := ready(t, nil)
	b.Offered(start, peer, mark("c1", at(peer, 1)), direct)
	b.Incarnation(start, peer, 1)
	held := b.leases.find(peer).root
	b.CompareDigest(after(time.Second), peer, Digest{})
	b.same("the next one is the latest", b.Incarnation(after(2*time.Second), peer, 2), true)
	b.same("the one before is not", b.Incarnation(after(2*time.Second), peer, 1), false)
	b.CompareBuckets(after(3*time.Second), peer, held, nil, nil)
	b.same("given up", b.expired(after(17*time.Second), "c1"), OwnerGone)
}

func TestWhileLoadingNothingIsMissed(t *testing.T) {
	b := bench{New(self, Default()), t}
	b.Members(start, view(member.Up, member.Up))
	differ, _ := b.summary(start, owner(t, peer, mark("c1", at(peer, 1))))
	b.same("differ", differ, false)
}

func TestVersionsAreLearntThoughRevisionsAreEqual(t *testing.T) {
	theirs, mine := beatOf(peer), beatOf(self)
	b := ready(t, nil)
	b.Streams(start, peer, true)
	b.Offered(start, far, mark(theirs, java("", 7)), hearsay)
	b.Offered(start, far, mark(mine, at(far, 7)), direct)
	differ, lacks := b.summary(start, owner(t, peer, mark("c1", at(peer, 1)), mark(theirs, at(peer, 7))))
	b.same("differ", differ, true)
	b.same("lacks", lacks, []naming.ClientID{"c1"})
	s, _ := b.Stamp(theirs)
	b.same("learnt", s, at(peer, 7))
	b.Compare(start, peer, []naming.Mark{mark(mine, java(far, 7))})
	b.same("taught", b.deliveries(start, peer, nil), []string{"send " + string(mine)})
}
