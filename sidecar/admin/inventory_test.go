package admin

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/distro-naming/naming-operator/sidecar/member"
	"github.com/distro-naming/naming-operator/sidecar/naming"
	"github.com/distro-naming/naming-operator/sidecar/settings"
)

// withStock adds what the member holds, and who wants it.
func withStock(s Sources, view *naming.View) Sources {
	s.Watched = func() map[naming.ServiceKey]int {
		return map[naming.ServiceKey]int{web: 3, {Namespace: "public", Group: "G", Name: "awaited"}: 1}
	}
	s.Listed = func(_ context.Context, s naming.ServiceKey) ([]naming.Listed, error) {
		if s != web {
			return nil, nil
		}
		return []naming.Listed{
			{Instance: view.Hosts[0], Client: "1_x_1", Owner: "a:8848", Stamp: naming.Stamp{Owner: "a:8848", Version: 1500, Revision: 1500}, Since: 1500},
			{Instance: view.Hosts[1], Client: "10.0.0.2:80#true", Stamp: naming.Stamp{Revision: 7}},
		}, nil
	}
	s.Holdings = func(context.Context) ([]naming.Holding, error) {
		return []naming.Holding{{Owner: "a:8848", Clients: 1, Digest: "0f", Buckets: []string{"0f", "00"}}}, nil
	}
	s.Held = func(_ context.Context, owner member.Address, buckets []uint8) ([]naming.Held, error) {
		if owner != "a:8848" || !slices.Equal(buckets, []uint8{3, 7}) {
			return nil, nil
		}
		stamp := naming.Issue("a:8848", 1500)
		return []naming.Held{{Stamp: stamp, Record: naming.Normal("1_x_1", stamp, []naming.Publication{{Service: web, Instances: view.Hosts[:1]}})}}, nil
	}
	s.Settings = func(context.Context) ([]settings.Entry, error) {
		return []settings.Entry{
			{Key: settings.Key{Service: web}, Stamp: settings.Stamp{Time: 1500, By: "a:8848"}, Service: &naming.Settings{}},
			{Key: settings.Key{Service: web, Endpoint: view.Hosts[0].Endpoint()}, Stamp: settings.Stamp{Time: 1600, By: "b:8848", Kept: 1}, Override: &naming.Override{}},
		}, nil
	}
	s.Move = func(_ context.Context, clients int, to string) (Moved, error) {
		if to == "x" {
			return Moved{}, errors.New("x is no member")
		}
		return Moved{Asked: clients, Agreed: clients}, nil
	}
	return s
}

func TestInventory(t *testing.T) {
	whole, broken := sources(), sources()
	broken.Listed = func(context.Context, naming.ServiceKey) ([]naming.Listed, error) { return nil, naming.ErrStopped }
	broken.Holdings = func(context.Context) ([]naming.Holding, error) { return nil, naming.ErrStopped }
	broken.Held = func(context.Context, member.Address, []uint8) ([]naming.Held, error) { return nil, naming.ErrStopped }
	tests := map[string]struct {
		sources      Sources
		method, path string
		from         string
		status       int
		body         string
	}{
		"a service that is only waited for":  {whole, "GET", "/v1/services", "", 200, `"name":"awaited","instances":0,"healthy":0,"subscribers":1}`},
		"instances of the default group":     {whole, "GET", "/v1/instances?service=web", "", 200, `"ip":"10.0.0.1"`},
		"instances of no service":            {whole, "GET", "/v1/instances?group=DEFAULT_GROUP", "", 400, "give service=NAME"},
		"no instances from a stopped member": {broken, "GET", "/v1/instances?service=x", "", 503, "stopping"},
		"digests of owners":                  {whole, "GET", "/v1/digests", "", 200, `[{"owner":"a:8848","clients":1,"digest":"0f","buckets":["0f","00"]}]`},
		"no digests from a stopped member":   {broken, "GET", "/v1/digests", "", 503, "stopping"},
		"records of some buckets": {
			whole, "GET", "/v1/records?owner=a:8848&bucket=7&bucket=3&bucket=7", "", 200,
			`[{"client":"1_x_1","stamp":{"writer":"a:8848","version":1500,"revision":1500},"services":["public@@DEFAULT_GROUP@@web"],"instances":1}]`,
		},
		"records of an unknown owner":             {whole, "GET", "/v1/records?owner=b:8848&bucket=1", "", 200, "[]"},
		"records without a bucket are refused":    {whole, "GET", "/v1/records?owner=a:8848", "", 400, "give bucket=N"},
		"records of a bucket that does not exist": {whole, "GET", "/v1/records?bucket=256", "", 400, `"256" is not a number from 0 to 255`},
		"no records from a stopped member":        {broken, "GET", "/v1/records?bucket=1", "", 503, "stopping"},
		"move some clients":                       {whole, "POST", "/v1/move?clients=4&to=b:8848", "127.0.0.1:4000", 200, `{"asked":4,"agreed":4}`},
		"move clients from elsewhere is refused":  {whole, "POST", "/v1/move?clients=4", "10.0.0.9:4000", 403, "only from this host"},
		"move no clients":                         {whole, "POST", "/v1/move?clients=0", "127.0.0.1:4000", 400, "from 1"},
		"move clients to a stranger":              {whole, "POST", "/v1/move?clients=1&to=x", "127.0.0.1:4000", 409, "no member"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			wantAnswer(t, ask(t, tc.sources, tc.method, tc.path, tc.from), tc.status, tc.body)
		})
	}
}

func TestInstancesAreWhole(t *testing.T) {
	w := ask(t, sources(), "GET", "/v1/instances?namespace=public&group=DEFAULT_GROUP&service=web", "")
	var got []Instance
	if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	since := time.UnixMilli(1500).UTC()
	want := []Instance{
		{
			IP: "10.0.0.1", Port: 80, Cluster: "DEFAULT", Weight: 1, Healthy: true, Enabled: true, Metadata: map[string]string{"zone": "a"},
			Client: "1_x_1", Owner: "a:8848", Since: &since, Stamp: Stamp{Writer: "a:8848", Version: 1500, Revision: 1500},
		},
		{IP: "10.0.0.2", Port: 80, Cluster: "DEFAULT", Weight: 1, Enabled: true, Client: "10.0.0.2:80#true", Stamp: Stamp{Revision: 7}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("instances differ (-want +got):\n%s", diff)
	}
}
