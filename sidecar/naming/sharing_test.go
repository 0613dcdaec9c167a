package naming

import (
	"reflect"
	"strconv"
	"testing"
)

// metadataOf returns where the metadata of a client's only instance is.
func metadataOf(g *Registry, c ClientID) uintptr {
	return reflect.ValueOf(g.Record(c).Publications()[0].Instances[0].Metadata).Pointer()
}

// publishing returns the record of a client with one instance of web.
func publishing(c ClientID, i Instance) *Record {
	return Normal(c, Issue("a:8848", 1), []Publication{{Service: web, Instances: []Instance{i}}})
}

func TestEqualMetadataIsKeptOnce(t *testing.T) {
	own := instance("10.0.0.3", "v1")
	own.ID = "my-id"
	tests := map[string]struct {
		other  Instance
		shared bool
	}{
		"of another address":        {instance("10.0.0.2", "v1"), true},
		"of an address that is odd": {instance("web.example", "v1"), true},
		"of an id of its own":       {own, true},
		"when it differs":           {instance("10.0.0.2", "v2"), false},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			g := NewRegistry()
			g.Put(publishing("c1", instance("10.0.0.1", "v1")))
			g.Put(publishing("c2", tc.other))
			if got := metadataOf(g, "c1") == metadataOf(g, "c2"); got != tc.shared {
				t.Errorf("shared: %t, want %t", got, tc.shared)
			}
		})
	}
}

// A record that is held already may be in use elsewhere: another registry takes
// it as it is.
func TestARecordThatIsHeldIsNotChangedByAnotherRegistry(t *testing.T) {
	one, other := NewRegistry(), NewRegistry()
	one.Put(publishing("c1", instance("10.0.0.1", "v1")))
	other.Put(publishing("c2", instance("10.0.0.2", "v1")))
	before := metadataOf(one, "c1")
	other.Put(one.Record("c1"))
	if metadataOf(one, "c1") != before || other.Record("c1") != one.Record("c1") {
		t.Error("the record was changed or copied")
	}
}

func TestWhatIsSharedIsBounded(t *testing.T) {
	s := newSharing()
	var kept []*traits
	for i := range 2 * mostShared {
		kept = append(kept, s.share(&traits{cluster: strconv.Itoa(i)}))
		if len(s.of) > mostShared {
			t.Fatalf("%d traits are remembered", len(s.of))
		}
	}
	if last := kept[len(kept)-1]; s.share(&traits{cluster: last.cluster}) != last {
		t.Error("the last one is not shared")
	}
}
