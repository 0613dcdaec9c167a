package survey

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/distro-naming/naming-operator/sidecar/admin"
)

func service(group, name string, instances, healthy, subscribers int) admin.Service {
	return admin.Service{
		Namespace: "public", Group: group, Name: name, Instances: instances, Healthy: healthy, Subscribers: subscribers,
	}
}

func TestServicesShowInWhatMembersDiffer(t *testing.T) {
	got := Services([]Said[[]admin.Service]{
		{"demo-0", []admin.Service{service("G", "web", 3, 2, 1), service("G", "new", 1, 1, 0)}},
		{"demo-1", []admin.Service{service("G", "web", 3, 3, 4), service("A", "awaited", 0, 0, 2)}},
	})
	want := []Service{
		{Namespace: "public", Group: "A", Name: "awaited", Subscribers: 2},
		{Namespace: "public", Group: "G", Name: "new", Instances: Span{0, 1}, Healthy: Span{0, 1}},
		{Namespace: "public", Group: "G", Name: "web", Instances: Span{3, 3}, Healthy: Span{2, 3}, Subscribers: 5},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("services differ (-want +got):\n%s", diff)
	}
}

func TestFilter(t *testing.T) {
	list := []Service{
		{Namespace: "public", Group: "A", Name: "fine", Instances: Span{2, 2}, Healthy: Span{2, 2}},
		{Namespace: "public", Group: "A", Name: "sick", Instances: Span{2, 2}, Healthy: Span{1, 1}},
		{Namespace: "public", Group: "B", Name: "empty"},
		{Namespace: "other", Group: "B", Name: "torn", Instances: Span{1, 2}, Healthy: Span{1, 2}},
	}
	tests := map[string]struct {
		filter Filter
		want   []string
	}{
		"all":                        {Filter{}, []string{"fine", "sick", "empty", "torn"}},
		"of a group":                 {Filter{Group: "B"}, []string{"empty", "torn"}},
		"of a namespace":             {Filter{Namespace: "other"}, []string{"torn"}},
		"with a part in its name":    {Filter{Name: "i"}, []string{"fine", "sick"}},
		"with what is not healthy":   {Filter{Unhealthy: true}, []string{"sick", "empty", "torn"}},
		"several conditions at once": {Filter{Unhealthy: true, Group: "B", Name: "o"}, []string{"torn"}},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			var got []string
			for _, s := range tc.filter.Select(list) {
				got = append(got, s.Name)
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("selected (-want +got):\n%s", diff)
			}
		})
	}
}

func TestFind(t *testing.T) {
	list := []Service{
		{Namespace: "public", Group: "DEFAULT_GROUP", Name: "web"},
		{Namespace: "public", Group: "G", Name: "web"},
		{Namespace: "dev", Group: "G", Name: "web"},
		{Namespace: "dev", Group: "H", Name: "api"},
	}
	tests := map[string]struct {
		text string
		want []string
	}{
		"a bare name in the defaults": {"web", []string{"public@@DEFAULT_GROUP@@web"}},
		"a bare name elsewhere":       {"api", []string{"dev@@H@@api"}},
		"a grouped name":              {"G@@web", []string{"public@@G@@web"}},
		"a whole key":                 {"dev@@G@@web", []string{"dev@@G@@web"}},
		"what nobody lists":           {"none", nil},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			var got []string
			for _, s := range Find(list, tc.text) {
				got = append(got, s.Key())
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("found (-want +got):\n%s", diff)
			}
		})
	}
	if got := Find(list[1:], "web"); len(got) != 2 {
		t.Errorf("a bare name of two groups finds %v, want both", got)
	}
}
