package settings

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/distro-naming/naming-operator/sidecar/member"
	"github.com/distro-naming/naming-operator/sidecar/naming"
)

// ordered returns what holds at s, in order.
func ordered(s *Store) []Entry {
	return slices.SortedFunc(slices.Values(s.Saying()), func(a, b Entry) int { return a.Key.Compare(b.Key) })
}

// sum returns the digest of entries, put together anew.
func sum(list []Entry) (d Digest) {
	for _, e := range list {
		one, _ := fingerprint(e)
		d = d.with(one)
	}
	return d
}

// TestSaidIsEqualWhereTheSameHolds: whatever three members write, take away, tell
// each other, let end and forget, by clocks that differ, two of them have one digest
// if and only if they say the same, and digests are those of what is held.
func TestSaidIsEqualWhereTheSameHolds(t *testing.T) {
	alike, apart := 0, 0
	for seed := range uint64(200) {
		r := rand.New(rand.NewPCG(seed, 3))
		cfg := DefaultConfig()
		cfg.Instance, cfg.Service, cfg.Tombstone = 2*time.Millisecond, 4*time.Millisecond, 3*time.Millisecond
		all := []*Store{New(cfg), New(cfg), New(cfg)}
		clock := []int64{1, 1, 1}
		for range 60 {
			i := r.IntN(len(all))
			s := all[i]
			clock[i] += int64(r.IntN(3))
			switch r.IntN(4) {
			case 0:
				for _, e := range history(r)[:1] {
					e.Stamp = Stamp{Time: clock[i], By: member.Address("abc"[i : i+1])}
					if e.Ended != 0 {
						e.Ended = clock[i]
					}
					if _, err := s.Write(e); err != nil {
						t.Fatal(err)
					}
				}
			case 1:
				s.Sweep(time.UnixMilli(clock[i]), clock[i], nobody)
			default:
				s.Merge(clock[i], all[r.IntN(len(all))].everything(), nobody)
			}
			for _, o := range all {
				same := cmp.Equal(ordered(s), ordered(o))
				if same != (s.Said() == o.Said()) {
					t.Fatalf("seed %d: the same is said: %t, digests %s and %s", seed, same, s.Said(), o.Said())
				}
				if same && s.Root() != o.Root() {
					alike++
				}
				if !same {
					apart++
				}
			}
			if s.Root() != sum(s.everything()) || s.Said() != sum(s.Saying()) {
				t.Fatalf("seed %d: digests are not those of what is held", seed)
			}
		}
	}
	if alike == 0 || apart == 0 {
		t.Errorf("%d members differed by tombstones alone, %d by what they say: nothing was tried", alike, apart)
	}
}

func TestWhoHasForgottenATombstoneSaysTheSame(t *testing.T) {
	a, b := New(DefaultConfig()), New(DefaultConfig())
	kept := Entry{Key: Key{Service: web}, Stamp: Stamp{1, "a", 0}, Service: &naming.Settings{ProtectThreshold: 0.5}}
	for _, s := range []*Store{a, b} {
		s.Merge(1, []Entry{kept, weighs(one, 2, 1, "a").ends(1)}, nobody)
	}
	day := (24 * time.Hour).Milliseconds() + 1
	a.Sweep(time.UnixMilli(day), day, everybody)
	if a.Len() != 1 || b.Len() != 2 || a.Root() == b.Root() {
		t.Fatalf("%d and %d entries are held, want the tombstone at one of them", a.Len(), b.Len())
	}
	if a.Said() != b.Said() || a.Said() == (Digest{}) {
		t.Errorf("they say %s and %s, want the same", a.Said(), b.Said())
	}
	b.Merge(day, []Entry{kept.ends(day)}, nobody)
	if a.Said() == b.Said() || b.Said() != (Digest{}) {
		t.Errorf("they say %s and %s, want another and nothing", a.Said(), b.Said())
	}
}
