package survey

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/distro-naming/naming-operator/sidecar/admin"
)

func TestPlacesAreWhereDigestsDiffer(t *testing.T) {
	held := func(owner string, change ...int) admin.Digest {
		d := admin.Digest{Owner: owner}
		for i := range 256 {
			d.Buckets = append(d.Buckets, fmt.Sprintf("%032x", i))
		}
		for _, i := range change {
			d.Buckets[i] = "other"
		}
		return d
	}
	few := held("few")
	few.Buckets = few.Buckets[:1] // only the empty bucket 0, which is as good as nothing
	got := Places([]Said[[]admin.Digest]{
		{"demo-0", []admin.Digest{held("a", 7), held("b"), few}},
		{"demo-1", []admin.Digest{held("a"), held("b")}},
		{"demo-2", []admin.Digest{held("a", 9), held("b")}},
	})
	if diff := cmp.Diff([]Place{{Owner: "a", Buckets: []int{7, 9}}}, got); diff != "" {
		t.Errorf("places differ (-want +got):\n%s", diff)
	}
}

func TestDifferences(t *testing.T) {
	at := func(client string, version int64) admin.Record {
		return admin.Record{Client: client, Stamp: admin.Stamp{Writer: "w", Version: version, Revision: int32(version)}, Services: []string{"s"}}
	}
	java := func(client string, revision int32) admin.Record {
		return admin.Record{Client: client, Stamp: admin.Stamp{Revision: revision}}
	}
	tests := map[string]struct {
		said [3][]admin.Record
		base string
		want []string
	}{
		"all hold the same":           {[3][]admin.Record{{at("c", 1)}, {at("c", 1)}, {at("c", 1)}}, "", nil},
		"one lacks a client":          {[3][]admin.Record{{at("c", 1)}, {}, {at("c", 1)}}, "", []string{"demo-1 lacks c"}},
		"one alone holds a client":    {[3][]admin.Record{{}, {}, {at("c", 1)}}, "", []string{"demo-2 only here c"}},
		"one holds an older write":    {[3][]admin.Record{{at("c", 1)}, {at("c", 2)}, {at("c", 2)}}, "", []string{"demo-0 older c"}},
		"one holds a newer write":     {[3][]admin.Record{{at("c", 3)}, {at("c", 2)}, {at("c", 2)}}, "", []string{"demo-0 newer c"}},
		"against a member":            {[3][]admin.Record{{at("c", 1)}, {at("c", 2)}, {}}, "demo-0", []string{"demo-1 newer c", "demo-2 lacks c"}},
		"Java's revision is equal":    {[3][]admin.Record{{java("c", 1)}, {at("c", 1)}, {java("c", 1)}}, "", nil},
		"Java's revision is not":      {[3][]admin.Record{{java("c", 1)}, {at("c", 2)}, {java("c", 1)}}, "", []string{"demo-1 other write c"}},
		"all differ: the first is it": {[3][]admin.Record{{at("c", 1)}, {at("c", 2)}, {at("c", 3)}}, "", []string{"demo-1 newer c", "demo-2 newer c"}},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			var said []Said[[]admin.Record]
			for i, records := range tc.said {
				said = append(said, Said[[]admin.Record]{fmt.Sprintf("demo-%d", i), records})
			}
			var got []string
			for _, d := range Differences("o", said, tc.base) {
				got = append(got, d.Member+" "+string(d.What)+" "+d.Client)
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("differences (-want +got):\n%s", diff)
			}
		})
	}
}

func TestDifferencesOfSettings(t *testing.T) {
	weight := func(version int64, kept int32) admin.Setting {
		return admin.Setting{
			Namespace: "public", Group: "G", Name: "web", IP: "10.0.0.1", Port: 80, Cluster: "C",
			Stamp: admin.Stamp{Writer: "w", Version: version, Revision: kept},
		}
	}
	service := admin.Setting{Namespace: "public", Group: "G", Name: "web", Stamp: admin.Stamp{Writer: "w", Version: 1}}
	tests := map[string]struct {
		said [3][]admin.Setting
		base string
		want []string
	}{
		"all hold the same": {[3][]admin.Setting{{weight(1, 0), service}, {service, weight(1, 0)}, {weight(1, 0), service}}, "", nil},
		"one lacks what is set of a service": {
			[3][]admin.Setting{{weight(1, 0), service}, {weight(1, 0)}, {weight(1, 0), service}}, "", []string{"demo-1 lacks service of public@@G@@web"},
		},
		"one holds an older weight": {
			[3][]admin.Setting{{weight(2, 0)}, {weight(2, 0)}, {weight(1, 0)}}, "", []string{"demo-2 older 10.0.0.1:80 (C) of public@@G@@web"},
		},
		"one has let it end": {
			[3][]admin.Setting{{weight(2, 1)}, {weight(2, 0)}, {}},
			"demo-0",
			[]string{"demo-1 other write 10.0.0.1:80 (C) of public@@G@@web", "demo-2 lacks 10.0.0.1:80 (C) of public@@G@@web"},
		},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			var said []Said[[]admin.Setting]
			for i, list := range tc.said {
				said = append(said, Said[[]admin.Setting]{fmt.Sprintf("demo-%d", i), list})
			}
			var got []string
			for _, d := range SettingDifferences(said, tc.base) {
				got = append(got, fmt.Sprintf("%s %s %s of %s", d.Member, d.What, d.Setting, d.Services[0]))
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("differences (-want +got):\n%s", diff)
			}
		})
	}
}

func TestWhatWasOnItsWayDoesNotLast(t *testing.T) {
	stamp := func(v int64) *admin.Stamp { return &admin.Stamp{Version: v} }
	before := []Difference{
		{Client: "stays", Member: "a", What: Lacks},
		{Setting: OfService, Services: []string{"web"}, Member: "a", What: Lacks},
		{Client: "moves on", Member: "a", What: Older, Held: stamp(1)},
		{Client: "arrived", Member: "a", What: Lacks},
	}
	now := []Difference{
		{Client: "stays", Member: "a", What: Lacks},
		{Setting: OfService, Services: []string{"web"}, Member: "a", What: Lacks},
		{Setting: OfService, Services: []string{"mail"}, Member: "a", What: Lacks},
		{Client: "moves on", Member: "a", What: Older, Held: stamp(2)},
		{Client: "new", Member: "b", What: Lacks},
	}
	if diff := cmp.Diff(before[:2], Lasting(before, now)); diff != "" {
		t.Errorf("lasting differences (-want +got):\n%s", diff)
	}
}
