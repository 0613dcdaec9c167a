package member

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func TestParse(t *testing.T) {
	tests := map[string]struct {
		text string
		want List
	}{
		"what the operator writes": {
			"# generation: 7\nb:8848 # ip=10.0.0.2 uid=u2\na:8848\n",
			NewList(7, []Address{"a:8848", "b:8848"}, map[Address]Hint{"b:8848": {IP: "10.0.0.2", UID: "u2"}}),
		},
		"a file of nacos": {
			"#it is ip\n10.0.0.1\r\n10.0.0.2:8848 , 10.0.0.3\r\n\r\n",
			NewList(0, []Address{"10.0.0.1:8848", "10.0.0.2:8848", "10.0.0.3:8848"}, nil),
		},
		"a member twice":   {"a\na:8848\n", NewList(0, []Address{"a:8848"}, nil)},
		"an empty file":    {"", List{}},
		"only an ip known": {"a:8848 # ip=::1", NewList(0, []Address{"a:8848"}, map[Address]Hint{"a:8848": {IP: "::1"}})},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := Parse(tc.text)
			if err != nil || Format(got) != Format(tc.want) {
				t.Errorf("Parse(%q) = %q, %v, want %q", tc.text, Format(got), err, Format(tc.want))
			}
		})
	}
}

func TestParseNamesEveryFaultyLine(t *testing.T) {
	_, err := Parse("# generation: seven\na\nb:0\nc d\n")
	for _, want := range []string{"line 1:", "line 3:", "line 4:"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Parse complains %v, not about %s", err, want)
		}
	}
}

func TestParseIsTheInverseOfFormat(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		addresses := rapid.SliceOf(rapid.Custom(func(t *rapid.T) Address {
			a, err := ParseAddress(rapid.StringMatching(`[a-z][a-z0-9-]{0,8}(\.[a-z]{1,4})?:[1-9][0-9]{0,3}`).Draw(t, "address"))
			if err != nil {
				t.Fatal(err)
			}
			return a
		})).Draw(t, "addresses")
		hints := map[Address]Hint{}
		for _, a := range addresses {
			hints[a] = Hint{
				IP:  rapid.SampledFrom([]string{"", "10.0.0.1", "fd00::1"}).Draw(t, "ip"),
				UID: rapid.SampledFrom([]string{"", "3f0c"}).Draw(t, "uid"),
			}
		}
		want := NewList(rapid.Int64Min(0).Draw(t, "generation"), addresses, hints)
		got, err := Parse(Format(want))
		if err != nil || !cmp.Equal(got, want, cmp.AllowUnexported(List{})) && want.Len() > 0 {
			t.Fatalf("Parse(%q) = %v, %v", Format(want), got, err)
		}
	})
}

func FuzzParse(f *testing.F) {
	f.Add("# generation: 1\na:8848 # ip=1.2.3.4 uid=x\n")
	f.Add("[::1]:8848,b")
	f.Fuzz(func(t *testing.T, text string) {
		l, err := Parse(text)
		if err != nil {
			return
		}
		again, err := Parse(Format(l))
		if err != nil || !again.SameMembers(l) || again.Generation() != l.Generation() {
			t.Errorf("Parse(Format(%q)) = %v, %v", Format(l), again, err)
		}
	})
}

func TestListIsSortedAndKnowsItsMembers(t *testing.T) {
	l := NewList(3, []Address{"c:1", "a:1", "c:1"}, map[Address]Hint{"a:1": {IP: "1"}, "x:1": {IP: "2"}})
	if diff := cmp.Diff([]Address{"a:1", "c:1"}, l.Addresses()); diff != "" {
		t.Errorf("addresses (-want +got):\n%s", diff)
	}
	if !l.Contains("c:1") || l.Contains("b:1") || l.Hint("x:1") != (Hint{}) || l.Hint("a:1").IP != "1" {
		t.Errorf("list is wrong about its members: %v", l)
	}
	l.Addresses()[0] = "changed:1"
	if got := l.Without("c:1"); len(got) != 1 || got[0] != "a:1" || l.Len() != 2 {
		t.Errorf("a reader changed the list: %v", l.Addresses())
	}
}

func TestView(t *testing.T) {
	list := NewList(1, []Address{"a:1", "b:1", "c:1", "d:1", "e:1"}, nil)
	states := map[Address]State{"b:1": Up, "c:1": Down, "d:1": Draining}
	v := NewView("a:1", list, states)
	states["c:1"] = Up // the view has its own copy
	tests := map[string]struct{ got, want []Address }{
		"peers are all but self":                  {v.Peers(), []Address{"b:1", "c:1", "d:1", "e:1"}},
		"up and draining are within reach":        {v.Reachable(), []Address{"b:1", "d:1"}},
		"up and unknown share the ring, and self": {v.Ring(), []Address{"a:1", "b:1", "e:1"}},
		"who drains leaves the ring": {
			NewView("a:1", list, map[Address]State{"a:1": Draining, "c:1": Down}).Ring(), []Address{"b:1", "d:1", "e:1"},
		},
		"who is not listed is not in it": {
			NewView("x:1", NewList(1, []Address{"a:1"}, nil), nil).Ring(), []Address{"a:1"},
		},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tc.want, tc.got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestMembersOf1xOwnServicesAndNotClients(t *testing.T) {
	all := []Address{"a:8848", "b:8848", "c:8848", "d:8848"}
	states := map[Address]State{"b:8848": Up, "c:8848": Down, "d:8848": Draining}
	v := NewView("a:8848", NewList(1, all, nil), states)
	old := v.WithV1([]Address{"b:8848", "gone:8848"})
	for name, tc := range map[string]struct{ got, want []Address }{
		"the ring of clients without them":   {v.Ring(), []Address{"a:8848", "b:8848"}},
		"the ring of clients":                {old.Ring(), []Address{"a:8848"}},
		"the ring of services":               {old.ServiceRing(), []Address{"a:8848", "b:8848", "d:8848"}},
		"those of 1.x":                       {old.PeersOfV1(), []Address{"b:8848"}},
		"none, in the view it was made from": {v.PeersOfV1(), nil},
	} {
		if !slices.Equal(tc.got, tc.want) {
			t.Errorf("%s: %v, want %v", name, tc.got, tc.want)
		}
	}
}
