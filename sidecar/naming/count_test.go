package naming

import (
	"fmt"
	"testing"

	"pgregory.net/rapid"
)

// However much has changed since the last count, what is counted is what is
// listed; also by a registry that holds another one's records.
func TestInstancesAreThoseListed(t *testing.T) {
	var services []ServiceKey
	for i := range 20 {
		services = append(services, service(fmt.Sprintf("s%02d", i)))
	}
	rapid.Check(t, func(t *rapid.T) {
		g, other := NewRegistry(), NewRegistry()
		g.Put(record("z", 1, services...))
		for range rapid.IntRange(1, 20).Draw(t, "counts") {
			for range rapid.IntRange(0, 6).Draw(t, "changes") {
				c := ClientID(rapid.SampledFrom([]string{"c1", "c2", "z"}).Draw(t, "client"))
				r := g.Record(c)
				if r == nil {
					r = record(c, 1)
				}
				p := Publication{Service: rapid.SampledFrom(services).Draw(t, "service"), Batch: true}
				for range rapid.IntRange(0, 3).Draw(t, "instances") {
					ip := rapid.SampledFrom([]string{"10.0.0.1", "10.0.0.2", "fd00::1", "host"}).Draw(t, "ip")
					p.Instances = append(p.Instances, instance(ip, string(c)))
				}
				r = r.With(p, Issue("a:8848", r.Stamp.Version+1))
				g.Put(r)
				other.Put(r)
			}
			for name, held := range map[string]*Registry{"it": g, "the other": other} {
				listed := 0
				for _, s := range services {
					hosts, _ := held.Hosts(s)
					listed += len(hosts)
				}
				if got := held.Instances(); got != listed {
					t.Fatalf("%s counts %d instances and lists %d", name, got, listed)
				}
			}
		}
	})
}

// Room that is made in advance changes nothing else.
func TestExpectKeepsWhatIsHeld(t *testing.T) {
	g := NewRegistry()
	g.Put(record("c1", 1, service("s")))
	for _, n := range []int{0, 1000, 999, 1 << 10, 0} {
		g.Expect(n)
	}
	g.Put(record("c2", 1, service("s")))
	if g.Len() != 2 || g.Record("c1") == nil || g.Record("c2") == nil || g.Publishers(service("s")) != 2 {
		t.Errorf("%d clients, %d of them in the service, want 2", g.Len(), g.Publishers(service("s")))
	}
	if room := g.room; room != 1001 {
		t.Errorf("room was made for %d, want 1001: what is told again needs none", room)
	}
}
