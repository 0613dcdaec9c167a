package resources

import (
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/distro-naming/naming-operator/api/v1alpha1"
	"github.com/distro-naming/naming-operator/sidecar/member"
)

var demo = &v1alpha1.NamingCluster{ObjectMeta: metav1.ObjectMeta{Name: "demo", Namespace: "prod"}}

// published is a list of the first n members at generation g.
func published(n int32, g int64) member.List {
	var all []member.Address
	for o := range n {
		all = append(all, Address(demo, o))
	}
	return member.NewList(g, all, nil)
}

func TestNextListGeneration(t *testing.T) {
	tests := map[string]struct {
		n         int32
		published member.List
		seen      int64
		want      int64
		size      int
	}{
		"the first list is the first generation":          {n: 3, want: 1, size: 3},
		"the same members keep the generation":            {n: 3, published: published(3, 7), seen: 7, want: 7, size: 3},
		"a new member raises it":                          {n: 4, published: published(3, 7), seen: 7, want: 8, size: 4},
		"a removed member raises it":                      {n: 2, published: published(3, 7), seen: 7, want: 8, size: 2},
		"a lost list continues after what status has":     {n: 3, seen: 7, want: 8, size: 3},
		"a list whose generation was lowered is put back": {n: 3, published: published(3, 2), seen: 7, want: 7, size: 3},
		"status may be behind":                            {n: 4, published: published(3, 7), seen: 5, want: 8, size: 4},
		"a cluster of none keeps its first member listed": {n: 0, published: published(1, 7), seen: 7, want: 7, size: 1},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			got := NextList(demo, tc.n, nil, tc.published, tc.seen)
			if got.Generation() != tc.want || got.Len() != tc.size {
				t.Errorf("NextList = %d members at generation %d, want %d at %d", got.Len(), got.Generation(), tc.size, tc.want)
			}
		})
	}
}

func TestHintsChangeTheHashButNotTheGeneration(t *testing.T) {
	before := published(3, 7)
	hints := map[member.Address]member.Hint{Address(demo, 1): {IP: "10.0.0.9"}}
	after := NextList(demo, 3, hints, before, 7)
	if after.Generation() != 7 {
		t.Errorf("generation = %d, want 7", after.Generation())
	}
	if MembersHash(after) == MembersHash(before) {
		t.Error("MembersHash did not change with a hint")
	}
}

func TestOrdinal(t *testing.T) {
	tests := map[string]struct {
		pod  string
		want int32
		ok   bool
	}{
		"a member's pod":               {pod: "demo-12", want: 12, ok: true},
		"another cluster's pod":        {pod: "demo2-1"},
		"a name with a suffix":         {pod: "demo-1-x"},
		"a number with a leading zero": {pod: "demo-01"},
		"a negative number":            {pod: "demo--1"},
		"no number":                    {pod: "demo-"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			got, ok := Ordinal(demo, tc.pod)
			if ok != tc.ok || ok && got != tc.want {
				t.Errorf("Ordinal(%q) = %d, %v, want %d, %v", tc.pod, got, ok, tc.want, tc.ok)
			}
		})
	}
}

func TestAddressIsCanonical(t *testing.T) {
	a := Address(demo, 2)
	if got, err := member.ParseAddress(string(a)); err != nil || got != a {
		t.Errorf("ParseAddress(%q) = %q, %v, want the same", a, got, err)
	}
	if pod, _, _ := strings.Cut(a.Host(), "."); pod != PodName(demo, 2) {
		t.Errorf("address %q begins with %q, want the pod's name", a, pod)
	}
}
