package naming

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

var web = ServiceKey{Namespace: "public", Group: DefaultGroup, Name: "web"}

// instance returns one whose metadata tells who published it.
func instance(ip, by string) Instance {
	return Instance{
		IP: ip, Port: 80, Cluster: DefaultCluster, Weight: 1, Healthy: true, Enabled: true,
		Metadata: map[string]string{"by": by},
	}
}

func service(name string) ServiceKey {
	return ServiceKey{Namespace: "public", Group: DefaultGroup, Name: name}
}

// record returns what one client publishes in the services given, each by the
// same endpoint.
func record(c ClientID, version int64, services ...ServiceKey) *Record {
	r := &Record{Client: c, Stamp: Issue("a:8848", version)}
	for _, s := range services {
		r = r.With(Publication{Service: s, Instances: []Instance{instance("10.0.0.1", string(c))}}, r.Stamp)
	}
	return r
}

func TestPutReturnsTheServicesWhoseAnswerMayDiffer(t *testing.T) {
	api := service("api")
	emptied := record("c1", 2).With(Publication{Service: web, Batch: true}, Issue("a:8848", 2))
	tests := map[string]struct {
		before []*Record
		put    *Record
		want   []ServiceKey
	}{
		"a new client":                      {nil, record("c1", 1, web, api), []ServiceKey{api, web}},
		"a new stamp alone changes nothing": {[]*Record{record("c1", 1, web)}, record("c1", 2, web), nil},
		"one service more": {
			[]*Record{record("c1", 1, web)}, record("c1", 2, web, api), []ServiceKey{api},
		},
		"one service less": {
			[]*Record{record("c1", 1, web, api)}, record("c1", 2, web), []ServiceKey{api},
		},
		"an emptied batch": {[]*Record{record("c1", 1, web)}, emptied, []ServiceKey{web}},
		"a new stamp decides who wins": {
			[]*Record{record("c1", 1, web), record("c2", 2, web)}, record("c1", 3, web), []ServiceKey{web},
		},
		"a new stamp decides nothing elsewhere": {
			[]*Record{record("c1", 1, web, api), record("c2", 2, api)},
			record("c1", 1, web, api).With(Publication{Service: web, Instances: []Instance{instance("10.0.0.1", "c1")}}, Issue("a:8848", 3)), nil,
		},
		"the same stamp again decides nothing": {
			[]*Record{record("c1", 1, web), record("c2", 2, web)}, record("c1", 1, web), nil,
		},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			g := NewRegistry()
			for _, r := range tc.before {
				g.Put(r)
			}
			if diff := cmp.Diff(tc.want, g.Put(tc.put)); diff != "" {
				t.Errorf("changed services differ (-want +got):\n%s", diff)
			}
		})
	}
}

func TestAnEmptiedServiceIsNotListed(t *testing.T) {
	g := NewRegistry()
	g.Put(record("c1", 1, web))
	g.Put(record("c1", 2).With(Publication{Service: web, Batch: true}, Issue("a:8848", 2)))
	hosts, _ := g.Hosts(web)
	if s := g.Services(); len(s) != 0 || g.Publishers(web) != 0 || len(hosts) != 0 {
		t.Errorf("services %v, %d publishers, hosts %v: want none", s, g.Publishers(web), hosts)
	}
}

func TestHostsShowsAnEndpointOnceAndTheNewestWins(t *testing.T) {
	java := func(c ClientID) *Record {
		p := Publication{Service: web, Instances: []Instance{instance("10.0.0.1", string(c))}}
		return Normal(c, Stamp{Owner: "j:8848", Revision: 1}, []Publication{p})
	}
	tests := map[string]struct {
		records []*Record
		want    string
	}{
		"the higher version":              {[]*Record{record("c1", 2, web), record("c2", 1, web)}, "c1"},
		"of equal versions the higher id": {[]*Record{record("c1", 2, web), record("c2", 2, web)}, "c2"},
		"of java's the later connection":  {[]*Record{java("200_x_1"), java("100_x_9")}, "200_x_1"},
		"a connection to java made later": {[]*Record{record("c1", 150, web), java("200_x_1")}, "200_x_1"},
		"a write made after java's":       {[]*Record{record("c1", 250, web), java("200_x_1")}, "c1"},
		"java's http client has no age":   {[]*Record{java("10.0.0.1:80#true"), record("c1", 1, web)}, "c1"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			g := NewRegistry()
			for _, r := range tc.records {
				g.Put(r)
			}
			hosts, _ := g.Hosts(web)
			if len(hosts) != 1 || hosts[0].Metadata["by"] != tc.want {
				t.Errorf("hosts = %v, want the one of %s", hosts, tc.want)
			}
		})
	}
}

// Whatever happened before, the answers depend only on the records held, and
// Put and Remove name every service whose answer they changed.
func TestRegistryAgainstOneThatIsBuiltAnew(t *testing.T) {
	services := []ServiceKey{service("s0"), service("s1"), service("s2")}
	rapid.Check(t, func(t *rapid.T) {
		g := NewRegistry()
		for range rapid.IntRange(1, 30).Draw(t, "operations") {
			c := ClientID(rapid.SampledFrom([]string{"c1", "200_x_1", "300_x_1", "10.0.0.1:80#true"}).Draw(t, "client"))
			before := answers(g, services)
			var changed []ServiceKey
			if rapid.IntRange(0, 3).Draw(t, "remove") == 0 {
				changed = g.Remove(c)
			} else {
				r := record(c, rapid.Int64Range(1, 400).Draw(t, "version"))
				if rapid.Bool().Draw(t, "java") {
					r.Stamp = Stamp{Revision: 1}
				}
				for _, s := range services {
					if n := rapid.IntRange(-1, 2).Draw(t, "instances"); n >= 0 {
						p := Publication{Service: s, Batch: true}
						for i := range n {
							p.Instances = append(p.Instances, instance("10.0.0."+string(rune('1'+i)), string(c)))
						}
						r = r.With(p, r.Stamp)
					}
				}
				changed = g.Put(r)
			}
			fresh := NewRegistry()
			for _, r := range g.Records() {
				fresh.Put(r)
			}
			after := answers(g, services)
			if diff := cmp.Diff(answers(fresh, services), after); diff != "" {
				t.Fatalf("answers differ from those of a fresh registry:\n%s", diff)
			}
			if listed := len(after[services[0]]) + len(after[services[1]]) + len(after[services[2]]); g.Instances() != listed {
				t.Fatalf("%d instances are counted, %d are listed", g.Instances(), listed)
			}
			for _, s := range changed {
				delete(before, s)
				delete(after, s)
			}
			if diff := cmp.Diff(before, after); diff != "" {
				t.Fatalf("services changed that were not named:\n%s", diff)
			}
		}
	})
}

func answers(g *Registry, services []ServiceKey) map[ServiceKey][]Instance {
	out := map[ServiceKey][]Instance{}
	for _, s := range services {
		out[s], _ = g.Hosts(s)
	}
	return out
}
