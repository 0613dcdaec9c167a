package survey

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/distro-naming/naming-operator/sidecar/admin"
)

func TestInstancesAreAsMostMembersListThem(t *testing.T) {
	listed := func(ip string, healthy bool) admin.Instance {
		return admin.Instance{IP: ip, Port: 80, Cluster: "DEFAULT", Healthy: healthy, Client: "c"}
	}
	bare := listed("10.0.0.1", true)
	bare.Metadata = map[string]string{} // says the same as none
	got := Instances([]Said[[]admin.Instance]{
		{"demo-0", []admin.Instance{listed("10.0.0.1", false)}},
		{"demo-1", []admin.Instance{listed("10.0.0.1", true), listed("10.0.0.2", true)}},
		{"demo-2", []admin.Instance{bare}},
	})
	want := []Instance{
		{Instance: listed("10.0.0.1", true), Listed: []string{"demo-0", "demo-1", "demo-2"}, Differs: []string{"demo-0"}},
		{Instance: listed("10.0.0.2", true), Listed: []string{"demo-1"}, Missing: []string{"demo-0", "demo-2"}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("instances differ (-want +got):\n%s", diff)
	}
}
