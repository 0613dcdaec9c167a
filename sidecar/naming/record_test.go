package naming

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

func TestStampSupersedes(t *testing.T) {
	java := func(revision int32) Stamp { return Stamp{Revision: revision} }
	tests := map[string]struct {
		held, offered Stamp
		want          bool
	}{
		"a newer write wins":                       {Issue("a:1", 4), Issue("a:1", 5), true},
		"the same write again changes nothing":     {Issue("a:1", 5), Issue("a:1", 5), false},
		"a late write loses":                       {Issue("a:1", 5), Issue("a:1", 4), false},
		"another owner's newer write wins":         {Issue("b:1", 4), Issue("a:1", 5), true},
		"of equal versions the higher owner wins":  {Issue("a:1", 5), Issue("b:1", 5), true},
		"of equal versions the lower owner loses":  {Issue("b:1", 5), Issue("a:1", 5), false},
		"java's other revision is taken":           {java(7), java(3), true},
		"java's same revision is ignored":          {java(7), java(7), false},
		"java's relay of a versioned record is it": {Issue("a:1", 5), java(5), false},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			if got := tc.offered.Supersedes(tc.held); got != tc.want {
				t.Errorf("%v.Supersedes(%v) = %t, want %t", tc.offered, tc.held, got, tc.want)
			}
		})
	}
}

func TestIssueNeverGivesRevisionZero(t *testing.T) {
	for _, version := range []int64{1, 1 << 31, 1 << 40, 1767225600000} {
		if s := Issue("a:1", version); s.Revision <= 0 || s.Version != version {
			t.Errorf("Issue(%d) = %v, want a positive revision", version, s)
		}
	}
}

func TestRecordsAreCopiedNotChanged(t *testing.T) {
	one := record("c1", 1, service("b"), service("a"))
	two := one.With(Publication{Service: service("c")}, Issue("a:1", 2))
	three := two.Without(service("a"), Issue("a:1", 3))
	names := func(r *Record) (out []string) {
		for _, p := range r.Publications() {
			out = append(out, p.Service.Name)
		}
		return out
	}
	for i, tc := range []struct {
		record *Record
		want   []string
	}{{one, []string{"a", "b"}}, {two, []string{"a", "b", "c"}}, {three, []string{"b", "c"}}} {
		if diff := cmp.Diff(tc.want, names(tc.record)); diff != "" {
			t.Errorf("record %d (-want +got):\n%s", i+1, diff)
		}
	}
	if three.Find(service("a")) != nil || three.Find(service("c")) == nil {
		t.Errorf("Find disagrees with %v", names(three))
	}
}

func TestNormalKeepsTheLastOfEachService(t *testing.T) {
	r := Normal("c1", Issue("a:1", 1), []Publication{
		{Service: service("b")}, {Service: service("a")}, {Service: service("b"), Batch: true},
	})
	want := []Publication{{Service: service("a"), Since: 1}, {Service: service("b"), Batch: true, Since: 1}}
	if diff := cmp.Diff(want, r.Publications(), cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("publications (-want +got):\n%s", diff)
	}
}
