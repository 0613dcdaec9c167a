package naming

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"
)

// Whatever is published comes back as it was given, however little of it is kept.
func TestRecordsLoseNothing(t *testing.T) {
	sampled := func(values ...string) *rapid.Generator[string] { return rapid.SampledFrom(values) }
	host := rapid.Custom(func(t *rapid.T) Instance {
		i := Instance{
			IP:      sampled("10.0.0.1", "255.255.255.255", "010.0.0.1", "::1", "::ffff:10.0.0.1", "web.example", "").Draw(t, "ip"),
			Port:    rapid.SampledFrom([]int{0, 80, 65535, 65536, -1}).Draw(t, "port"),
			Cluster: sampled("DEFAULT", "null", "").Draw(t, "cluster"),
			Weight:  rapid.SampledFrom([]float64{0, 1, 2.5}).Draw(t, "weight"),
			Healthy: rapid.Bool().Draw(t, "healthy"), Enabled: rapid.Bool().Draw(t, "enabled"),
			Metadata: rapid.SampledFrom([]map[string]string{nil, {"a": "b"}, {"a": "b", "c": ""}}).Draw(t, "metadata"),
		}
		port := sampled("80", "65535", "0").Draw(t, "port in the id")
		i.ID = sampled("", "my-id", DefaultID(i.IP, port, i.Cluster, "g@@web"), DefaultID(i.IP, port, "null", "g@@web")).Draw(t, "id")
		return i
	})
	rapid.Check(t, func(t *rapid.T) {
		var list []Publication
		for _, name := range []string{"api", "web"} {
			list = append(list, Publication{
				Service: ServiceKey{Namespace: "public", Group: "g", Name: name}, Since: rapid.Int64Range(1, 9).Draw(t, "since"),
				Instances: rapid.SliceOfN(host, 0, 3).Draw(t, "instances"), Batch: rapid.Bool().Draw(t, "batch"),
			})
		}
		r := Normal("c1", Issue("a:8848", 9), list)
		g := NewRegistry()
		g.Put(r)
		for name, held := range map[string]*Record{"made": r, "held": g.Record("c1")} {
			if diff := cmp.Diff(list, held.Publications(), cmpopts.EquateEmpty()); diff != "" {
				t.Fatalf("%s (-given +kept):\n%s", name, diff)
			}
		}
	})
}

func TestEqualRecordsAreEqualWhereverTheyAreHeld(t *testing.T) {
	made := func() *Record { return record("c1", 1, web, service("api")) }
	one, other := NewRegistry(), NewRegistry()
	one.Put(made())
	other.Put(record("c0", 1, web))
	other.Put(made())
	if a, b := one.Record("c1"), other.Record("c1"); !a.Equal(b) || !a.Equal(made()) {
		t.Errorf("%v, %v and %v differ", a, b, made())
	}
	later := made().With(Publication{Service: web}, Issue("a:8848", 2))
	if one.Record("c1").Equal(later) || one.Record("c1").Equal(nil) {
		t.Error("records that differ are equal")
	}
}
