package distro

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/distro-naming/naming-operator/sidecar/naming"
)

// An owner and who holds its records tell the same of it, and differ in just the
// bucket of what one of them lacks.
func TestHoldingsOfAnOwnerAreComparable(t *testing.T) {
	marks := []naming.Mark{mark("1_x_1", at(self, 1)), mark("1_x_2", at(self, 2)), mark("1_x_3", at(self, 3))}
	here := ready(t, nil)
	for _, m := range marks {
		here.Local(start, m)
	}
	there := owner(t, peer)
	for _, m := range marks[:2] {
		there.Offered(start, self, m, true)
	}
	a, b := find(t, here.Holdings(), "a:8848"), find(t, there.Holdings(), "a:8848")
	if a.Clients != 3 || b.Clients != 2 || a.Digest == b.Digest {
		t.Errorf("%d clients with digest %s and %d with %s: want 3 and 2 that differ", a.Clients, a.Digest, b.Clients, b.Digest)
	}
	var differ []uint8
	for i := range Buckets {
		if a.Buckets[i] != b.Buckets[i] {
			differ = append(differ, uint8(i))
		}
	}
	if diff := cmp.Diff([]uint8{bucketOf("1_x_3")}, differ); diff != "" {
		t.Errorf("differing buckets (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(marks[2:], here.Marks(self, differ)); diff != "" {
		t.Errorf("marks in them (-want +got):\n%s", diff)
	}
	if got := there.Marks(self, differ); len(got) != 0 {
		t.Errorf("who lacks the record tells %v", got)
	}
}

func find(t *testing.T, list []naming.Holding, owner string) naming.Holding {
	t.Helper()
	for _, h := range list {
		if string(h.Owner) == owner {
			return h
		}
	}
	t.Fatalf("nothing is held of %s: %v", owner, list)
	return naming.Holding{}
}
