package naming

import "testing"

const beating ClientID = "10.0.0.1:8080#true"

func published(change func(*Instance)) []Publication {
	i := Instance{IP: "10.0.0.1", Port: 8080, Cluster: DefaultCluster, Weight: 1, Healthy: true, Enabled: true}
	change(&i)
	s := ServiceKey{Namespace: DefaultNamespace, Group: DefaultGroup, Name: "demo"}
	return []Publication{{Service: s, Instances: []Instance{i}}}
}

// The numbers are the worked examples of the gRPC page, 5.10; those of real
// servers are in package wire.
func TestRevisionIsJavas(t *testing.T) {
	full := published(func(i *Instance) {
		i.ID, i.Weight = "10.0.0.1#8080#DEFAULT#DEFAULT_GROUP@@demo", 2.5
		i.Metadata = map[string]string{"zone": "a"}
	})
	tests := map[string]struct {
		list []Publication
		want int32
	}{
		"of what has only defaults":           {published(func(*Instance) {}), 228972932},
		"with an id, a weight and metadata":   {full, -930761734},
		"of nothing":                          {nil, -1243993356},
		"of the same twice, as in Java's set": {append(published(func(*Instance) {}), published(func(*Instance) {})...), 228972932},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			if got := revision(beating, tc.list); got != tc.want {
				t.Errorf("revision = %d, want %d", got, tc.want)
			}
		})
	}
}

func TestRevisionChangesWithTheContent(t *testing.T) {
	plain := revision(beating, published(func(*Instance) {}))
	tests := map[string]func(*Instance){
		"ip":       func(i *Instance) { i.IP = "10.0.0.2" },
		"port":     func(i *Instance) { i.Port++ },
		"cluster":  func(i *Instance) { i.Cluster = "c" },
		"weight":   func(i *Instance) { i.Weight = 1.5 },
		"health":   func(i *Instance) { i.Healthy = false },
		"enabled":  func(i *Instance) { i.Enabled = false },
		"id":       func(i *Instance) { i.ID = "x" },
		"metadata": func(i *Instance) { i.Metadata = map[string]string{"k": ""} },
	}
	for name, change := range tests {
		t.Run(name, func(t *testing.T) {
			if revision(beating, published(change)) == plain {
				t.Error("the same revision")
			}
		})
	}
	if reserved := published(func(i *Instance) { i.Metadata = map[string]string{CarriedWeight: "9"} }); revision(beating, reserved) != plain {
		t.Error("metadata that is not replicated changes the revision")
	}
}

func TestOnlyClientsThatBeatGetTheRevisionOfTheirContent(t *testing.T) {
	p := published(func(*Instance) {})[0]
	for client, want := range map[ClientID]int32{beating: 228972932, "1_10.0.0.1_1": 7} {
		r := (&Record{Client: client}).With(p, Issue("a:1", 7))
		if r.Stamp.Revision != want || r.Stamp.Version != 7 {
			t.Errorf("%s: %+v, want revision %d of version 7", client, r.Stamp, want)
		}
	}
	left := (&Record{Client: beating}).With(p, Issue("a:1", 7)).Without(p.Service, Issue("a:1", 8))
	if left.Stamp.Revision != -1243993356 || left.Stamp.Version != 8 {
		t.Errorf("when nothing is left: %+v", left.Stamp)
	}
}
