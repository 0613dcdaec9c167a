package naming

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestClientID(t *testing.T) {
	tests := map[string]struct {
		id                ClientID
		beats, persistent bool
		tag               string
	}{
		"a connection":                         {"1700000000000_10.0.0.8_52114", false, false, "1700000000000_10.0.0.8_52114"},
		"an http client":                       {BeatClient("10.0.0.1", 80), true, false, "10.0.0.1:80"},
		"an http client by ipv6, as java says": {BeatClient("fd00::1", 80), true, false, "fd00::1:80"},
		"a persistent one":                     {"10.0.0.1:80#false", false, true, "10.0.0.1:80"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			if tc.id.Beats() != tc.beats || tc.id.Persistent() != tc.persistent || tc.id.Tag() != tc.tag {
				t.Errorf("%s: beats %t, persistent %t, tag %q", tc.id, tc.id.Beats(), tc.id.Persistent(), tc.id.Tag())
			}
		})
	}
}

func TestDatumClient(t *testing.T) {
	s := ServiceKey{Namespace: "1700000000000_a", Group: "G", Name: "x#true"}
	c := DatumClient(s, "10.0.0.1:8848")
	if _, opened := c.Opened(); !c.Datum() || c.Beats() || c.Persistent() || opened {
		t.Errorf("%s is taken for another kind of client", c)
	}
	if other := BeatClient("10.0.0.1", 80); other.Datum() || c >= other {
		t.Errorf("%s does not come before %s", c, other)
	}
}

func TestSplitGrouped(t *testing.T) {
	tests := map[string]struct{ grouped, group, name string }{
		"with a group":   {"g@@web", "g", "web"},
		"without":        {"web", DefaultGroup, "web"},
		"an empty group": {"@@web", "", "web"},
		"three parts":    {"g@@a@@b", "g", "a@@b"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			if group, name := SplitGrouped(tc.grouped); group != tc.group || name != tc.name {
				t.Errorf("SplitGrouped(%q) = %q, %q", tc.grouped, group, name)
			}
		})
	}
}

func selected(v *View, f Filter) []Instance {
	hosts, _ := v.Select(f)
	return hosts
}

func TestViewSelect(t *testing.T) {
	host := func(ip, cluster string, healthy, enabled bool) Instance {
		return Instance{IP: ip, Cluster: cluster, Healthy: healthy, Enabled: enabled}
	}
	v := &View{Hosts: []Instance{
		host("1", "A", true, true), host("2", "B", true, true), host("3", "A", false, true), host("4", "A", true, false),
	}}
	tests := map[string]struct {
		filter Filter
		want   []string
	}{
		"everything enabled":          {Filter{}, []string{"1", "2", "3"}},
		"one cluster":                 {Filter{Clusters: "A"}, []string{"1", "3"}},
		"two clusters, with spaces":   {Filter{Clusters: " A , B,"}, []string{"1", "2", "3"}},
		"names are exact":             {Filter{Clusters: "a"}, nil},
		"healthy ones":                {Filter{HealthyOnly: true}, []string{"1", "2"}},
		"healthy ones of one cluster": {Filter{HealthyOnly: true, Clusters: "B"}, []string{"2"}},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			var got []string
			for _, h := range selected(v, tc.filter) {
				got = append(got, h.IP)
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("hosts (-want +got):\n%s", diff)
			}
		})
	}
}

func TestFewHealthyOnesMakeAllShownAsHealthy(t *testing.T) {
	of := func(healthy, all int) *View {
		v := &View{}
		for n := range all {
			v.Hosts = append(v.Hosts, Instance{Cluster: "A", Healthy: n < healthy, Enabled: true})
		}
		return v
	}
	tests := map[string]struct {
		view      *View
		threshold float64
		filter    Filter
		protected bool
		healthy   int
	}{
		"at the threshold":               {of(2, 4), 0.5, Filter{}, true, 4},
		"above it":                       {of(3, 4), 0.5, Filter{}, false, 3},
		"none is healthy, 0":             {of(0, 4), 0, Filter{}, true, 4},
		"one is, 0":                      {of(1, 4), 0, Filter{}, false, 1},
		"all are, 1":                     {of(4, 4), 1, Filter{}, true, 4},
		"nobody is there":                {of(0, 0), 1, Filter{}, false, 0},
		"nobody of that cluster":         {of(0, 4), 1, Filter{Clusters: "B"}, false, 0},
		"healthy ones alone, above it":   {of(1, 4), 0.5, Filter{HealthyOnly: true}, false, 1},
		"healthy ones alone, none there": {of(0, 4), 0.5, Filter{HealthyOnly: true}, false, 0},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			healthy := func(list []Instance) (n int) {
				for _, h := range list {
					if h.Healthy {
						n++
					}
				}
				return n
			}
			before := healthy(tc.view.Hosts)
			if hosts, protected := tc.view.Select(tc.filter); protected || healthy(hosts) != before {
				t.Error("without settings it is protected")
			}
			tc.view.Protect = &tc.threshold
			hosts, protected := tc.view.Select(tc.filter)
			if protected != tc.protected || healthy(hosts) != tc.healthy {
				t.Errorf("protected %v, %d healthy; want %v, %d", protected, healthy(hosts), tc.protected, tc.healthy)
			}
			if healthy(tc.view.Hosts) != before {
				t.Error("the view was changed")
			}
		})
	}
}

func TestOverridesAddUp(t *testing.T) {
	weight, other, enabled := 2.0, 3.0, false
	first := Override{Weight: &weight, Enabled: &enabled, Metadata: map[string]string{"a": "1", "b": "2"}, Without: []string{"c"}}
	later := Override{Weight: &other, Metadata: map[string]string{"c": "3"}, Without: []string{"a"}}
	want := Override{Weight: &other, Enabled: &enabled, Metadata: map[string]string{"b": "2", "c": "3"}, Without: []string{"a"}}
	if diff := cmp.Diff(want, first.And(later)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(Override{Weight: &weight, Enabled: &enabled, Metadata: map[string]string{"a": "1", "b": "2"}, Without: []string{"c"}}, first); diff != "" {
		t.Errorf("the first was changed:\n%s", diff)
	}
	published := Instance{Weight: 1, Enabled: true, Metadata: map[string]string{"a": "0", "d": "4"}}
	shown := first.And(later).Apply(published)
	if diff := cmp.Diff(Instance{Weight: 3, Metadata: map[string]string{"b": "2", "c": "3", "d": "4"}}, shown); diff != "" {
		t.Errorf("applied (-want +got):\n%s", diff)
	}
	if published.Metadata["a"] != "0" {
		t.Error("what is published was changed")
	}
}

func TestViewMemoIsBuiltOnce(t *testing.T) {
	v := &View{}
	n := 0
	build := func() any { n++; return n }
	if first, second := v.Memo(build), v.Memo(build); first != 1 || second != 1 {
		t.Errorf("Memo = %v, %v, want 1, 1", first, second)
	}
}

func TestLivenessOf(t *testing.T) {
	own := func(key, value string) Instance { return Instance{Metadata: map[string]string{key: value}} }
	tests := map[string]struct {
		instance Instance
		silence  time.Duration
		want     Liveness
	}{
		"just within the beat timeout": {Instance{}, 15 * time.Second, Alive},
		"beyond it":                    {Instance{}, 16 * time.Second, Unhealthy},
		"beyond the delete timeout":    {Instance{}, 31 * time.Second, Lost},
		"its own beat timeout":         {own(keyBeatTimeout, "1000"), 2 * time.Second, Unhealthy},
		"its own delete timeout":       {own(keyDeleteTimeout, "3000"), 4 * time.Second, Lost},
		"what is no number is no time": {own(keyDeleteTimeout, "soon"), 4 * time.Second, Alive},
		"a negative time is no time":   {own(keyBeatTimeout, "-1"), time.Second, Alive},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			if got := LivenessOf(tc.instance, tc.silence); got != tc.want {
				t.Errorf("LivenessOf(%v) = %v, want %v", tc.silence, got, tc.want)
			}
			r := Normal("10.0.0.1:80#true", Stamp{}, []Publication{{Service: web, Instances: []Instance{tc.instance}}})
			if got := r.Alive(web, tc.silence); got != (tc.want == Alive) || r.Alive(service("other"), 0) {
				t.Errorf("Alive(%v) = %v, or it is where it publishes nothing", tc.silence, got)
			}
		})
	}
}
