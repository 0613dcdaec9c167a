package naming

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Two clients publish one endpoint: the newer one is named, and what only the
// older one publishes stays its own.
func TestListedNamesWhoseRegistrationIsShown(t *testing.T) {
	service := ServiceKey{Namespace: DefaultNamespace, Group: DefaultGroup, Name: "web"}
	instance := func(ip string) Instance {
		return Instance{IP: ip, Port: 80, Cluster: DefaultCluster, Weight: 1, Healthy: true, Enabled: true, ID: UsualID(ip, 80, DefaultCluster, service)}
	}
	g := NewRegistry()
	publish := func(c ClientID, version int64, ips ...string) {
		p := Publication{Service: service, Batch: len(ips) > 1}
		for _, ip := range ips {
			p.Instances = append(p.Instances, instance(ip))
		}
		g.Put((&Record{Client: c}).With(p, Issue("a:8848", version)))
	}
	publish("1000_10.0.0.1_1", 1000, "10.0.0.1", "10.0.0.2")
	publish("2000_10.0.0.1_2", 2000, "10.0.0.1")

	want := []Listed{
		{Instance: instance("10.0.0.1"), Client: "2000_10.0.0.1_2", Stamp: Issue("a:8848", 2000), Since: 2000},
		{Instance: instance("10.0.0.2"), Client: "1000_10.0.0.1_1", Stamp: Issue("a:8848", 1000), Since: 1000},
	}
	if diff := cmp.Diff(want, g.Listed(service)); diff != "" {
		t.Errorf("listed differs (-want +got):\n%s", diff)
	}
	if got := g.Listed(ServiceKey{Name: "other"}); len(got) != 0 {
		t.Errorf("a service that nobody publishes lists %v", got)
	}
}
