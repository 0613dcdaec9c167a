package naming

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// A client that departs is listed until another registers the endpoint anew, and
// is then never listed again.
func TestDepartedClients(t *testing.T) {
	type step = func(*Registry)
	put := func(c ClientID, version int64, services ...ServiceKey) step {
		return func(g *Registry) { g.Put(record(c, version, services...)) }
	}
	departs := func(clients ...ClientID) step {
		return func(g *Registry) {
			for _, c := range clients {
				g.Depart(c)
			}
			g.FindHeirs()
		}
	}
	remove := func(c ClientID) step { return func(g *Registry) { g.Remove(c) } }
	back := func(c ClientID) step { return func(g *Registry) { g.Return(c) } }
	tests := map[string]struct {
		steps []step
		want  string // who is listed at last
	}{
		"stays listed":                           {[]step{put("old", 1, web), departs("old")}, "old"},
		"is replaced by a newer registration":    {[]step{put("old", 1, web), departs("old"), put("new", 2, web)}, "new"},
		"stays away when the newer one is gone":  {[]step{put("old", 1, web), departs("old"), put("new", 2, web), remove("new")}, ""},
		"stays away when it is withdrawn":        {[]step{put("old", 1, web), departs("old"), put("new", 2, web), put("new", 3)}, ""},
		"also when it departed after the move":   {[]step{put("old", 1, web), put("new", 2, web), departs("old"), remove("new")}, ""},
		"is not replaced in another service":     {[]step{put("old", 1, web), departs("old"), put("new", 2, service("api")), remove("new")}, "old"},
		"is not replaced by an older one":        {[]step{put("old", 2, web), departs("old"), put("new", 1, web), remove("new")}, "old"},
		"is replaced by one that departs too":    {[]step{put("old", 1, web), put("new", 2, web), departs("old", "new"), remove("new")}, ""},
		"registers again itself":                 {[]step{put("old", 1, web), departs("old"), put("new", 2, web), put("old", 3, web)}, "old"},
		"has not departed after all":             {[]step{put("old", 1, web), departs("old"), put("new", 2, web), back("old"), remove("new")}, "old"},
		"living ones are listed again":           {[]step{put("old", 1, web), put("new", 2, web), remove("new")}, "old"},
		"the heir of the heir":                   {[]step{put("old", 1, web), departs("old"), put("new", 2, web), departs("new"), put("newest", 3, web), remove("newest")}, ""},
		"unknown ones depart without being kept": {[]step{departs("old"), put("old", 1, web), put("new", 2, web), remove("new")}, "old"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			g := NewRegistry()
			for _, do := range tc.steps {
				do(g)
			}
			listed := ""
			hosts, _ := g.Hosts(web)
			for _, h := range hosts {
				listed += h.Metadata["by"]
			}
			if listed != tc.want {
				t.Errorf("listed is %q, want %q", listed, tc.want)
			}
		})
	}
}

func TestContestsNameWhoIsListedAndWhoLost(t *testing.T) {
	at := instance("10.0.0.1", "").Endpoint()
	g := NewRegistry()
	g.Put(record("c1", 1, web))
	g.Put(record("c2", 2, web))
	g.Put(record("c3", 3, web))
	_, got := g.Hosts(web)
	if diff := cmp.Diff([]Contest{{at, "c3", "c1"}, {at, "c3", "c2"}}, got); diff != "" {
		t.Errorf("contests differ (-want +got):\n%s", diff)
	}
	g.Depart("c1")
	g.FindHeirs()
	g.Remove("c2")
	g.Remove("c3")
	_, got = g.Hosts(web)
	if diff := cmp.Diff([]Contest{{at, "c3", "c1"}}, got); diff != "" {
		t.Errorf("contests after the last have gone differ (-want +got):\n%s", diff)
	}
}

func TestHeirIsWhoTookOverTheService(t *testing.T) {
	api, at := service("api"), instance("10.0.0.1", "").Endpoint()
	g := NewRegistry()
	g.Put(record("old", 1, web, api))
	g.Put(record("new", 2, web))
	heirs := func() [2]ClientID { return [2]ClientID{g.Heir("old", web, at), g.Heir("old", api, at)} }
	if got := heirs(); got != [2]ClientID{} {
		t.Errorf("heirs of a client that lives: %v", got)
	}
	g.Depart("old")
	g.FindHeirs()
	if got := heirs(); got != [2]ClientID{"new"} {
		t.Errorf("heirs %v, want that of web", got)
	}
	g.Remove("new")
	if got := heirs(); got != [2]ClientID{"new"} {
		t.Errorf("heirs %v after the heir has gone, want the same", got)
	}
	if got := g.Heir("old", service("none"), at); got != "" {
		t.Errorf("heir of what was never published: %q", got)
	}
}

// What is remembered of the departed goes with them.
func TestNothingIsKeptOfTheDeparted(t *testing.T) {
	g := NewRegistry()
	for i, c := range []ClientID{"c1", "c2", "c3"} {
		g.Put(record(c, int64(i+1), web))
		g.Depart(c)
	}
	g.Put(record("new", 9, web))
	g.Remove("c1")
	g.Return("c2")
	g.Put(record("c3", 10))
	g.Remove("c3")
	if len(g.departed.clients) != 0 || len(g.departed.estates) != 0 {
		t.Errorf("kept of the departed: %v, %v", g.departed.clients, g.departed.estates)
	}
}
