package naming

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestCausesAreToldByTheDifference(t *testing.T) {
	one := Instance{IP: "10.0.0.1", Port: 80, Cluster: "DEFAULT", Healthy: true, Metadata: map[string]string{"secret": "s"}}
	two := Instance{IP: "10.0.0.2", Port: 80, Cluster: "DEFAULT", Healthy: true}
	sick, heavy := one, one
	sick.Healthy = false
	heavy.Healthy, heavy.Weight = false, 7
	service := ServiceKey{Name: "s"}
	is := func(list ...Instance) *Record {
		return Normal("c", Stamp{}, []Publication{{Service: service, Instances: list, Batch: true}})
	}
	tests := map[string]struct {
		given      CauseKind
		old, fresh *Record
		want       CauseKind
		ip         string
		count      int
	}{
		"the first instance":                        {"", nil, is(one), CauseRegistered, "10.0.0.1", 1},
		"an instance in an emptied batch":           {"", is(), is(one), CauseRegistered, "10.0.0.1", 1},
		"another instance":                          {"", is(one), is(two), CauseChanged, "10.0.0.2", 1},
		"the same instance once more":               {"", is(one), is(one), CauseChanged, "10.0.0.1", 1},
		"a larger batch":                            {"", is(one), is(one, two), CauseChanged, "10.0.0.1", 2},
		"an instance that is unhealthy":             {"", is(one), is(sick), CauseHealth, "10.0.0.1", 1},
		"an unhealthy instance with a new weight":   {"", is(one), is(heavy), CauseChanged, "10.0.0.1", 1},
		"no instance any more":                      {"", is(one, two), nil, CauseDeregistered, "10.0.0.1", 2},
		"a batch that was emptied":                  {"", is(one), is(), CauseDeregistered, "10.0.0.1", 1},
		"a lost connection":                         {CauseConnection, is(one), nil, CauseConnection, "10.0.0.1", 1},
		"an expiry":                                 {CauseExpired, is(one), nil, CauseExpired, "10.0.0.1", 1},
		"a replicated change":                       {CauseReplicated, nil, is(two), CauseReplicated, "10.0.0.2", 1},
		"a replicated change of health":             {CauseReplicated, is(one), is(sick), CauseHealth, "10.0.0.1", 1},
		"a replicated record without the service":   {CauseReplicated, is(two), nil, CauseRemoved, "10.0.0.2", 1},
		"a cause without instances before or after": {"", nil, nil, CauseDeregistered, "", 0},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			got := Cause{Kind: tc.given, Client: "c"}.Between(tc.old, tc.fresh, &service)
			want := Cause{Kind: tc.want, Client: "c", Count: tc.count}
			if tc.count > 0 {
				want.Endpoint = Endpoint{IP: tc.ip, Port: 80, Cluster: "DEFAULT"}
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("cause differs (-want +got):\n%s", diff)
			}
		})
	}
}
