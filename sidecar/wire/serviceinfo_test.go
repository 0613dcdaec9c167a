package wire

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/distro-naming/naming-operator/sidecar/naming"
)

// viewOf rebuilds the view that a recorded ServiceInfo shows.
func viewOf(t *testing.T, info map[string]any) (*naming.View, naming.Filter) {
	t.Helper()
	text, err := json.Marshal(info)
	if err != nil {
		t.Fatal(err)
	}
	var in struct {
		Name, GroupName, Clusters string
		LastRefTime               int64
		Hosts                     []Instance
	}
	if err := json.Unmarshal(text, &in); err != nil {
		t.Fatal(err)
	}
	v := &naming.View{Service: naming.ServiceKey{Namespace: "public", Group: in.GroupName, Name: in.Name}, LastRef: in.LastRefTime}
	for _, h := range in.Hosts {
		i, err := h.Publish(v.Service, nil)
		if err != nil {
			t.Fatal(err)
		}
		v.Hosts = append(v.Hosts, i)
	}
	return v, naming.Filter{Clusters: in.Clusters}
}

// respell undoes the one difference between versions, which readers ignore.
func respell(info map[string]any) {
	if v, ok := info["allIps"]; ok {
		info["allIPs"] = v
		delete(info, "allIps")
	}
}

func TestViewsAreWrittenAsRecorded(t *testing.T) {
	tests := map[string]func(want map[string]any, info []byte) []byte{
		"sdk-query-response-*.json":         func(_ map[string]any, info []byte) []byte { return QueryResult(info) },
		"sdk-subscribe-response-empty.json": func(_ map[string]any, info []byte) []byte { return SubscribeResult(info) },
		"sdk-notify-*t*.json": func(want map[string]any, info []byte) []byte {
			id, _ := want["requestId"].(string)
			return bytes.Join(Notification(id, info), nil)
		},
	}
	for pattern, build := range tests {
		sent := those(t, vectors(t, pattern), func(v vector) bool { return v.Type.IsResponse() || v.Type == NotifySubscriberRequest })
		for name, v := range sent {
			t.Run(name, func(t *testing.T) {
				want := tree(t, []byte(v.Body))
				info := at(t, want, "serviceInfo")
				view, filter := viewOf(t, info)
				respell(info)
				same(t, tree(t, build(want, ServiceInfo(view, filter))), want)
			})
		}
	}
}

func manyHosts() *naming.View {
	v := &naming.View{Service: naming.ServiceKey{Namespace: "public", Group: "g", Name: "n"}, LastRef: 7}
	for _, cluster := range []string{"A", "B"} {
		v.Hosts = append(v.Hosts,
			naming.Instance{IP: "10.0.0.1", Port: 1, Cluster: cluster, Weight: 1, Healthy: true, Enabled: true},
			naming.Instance{IP: "10.0.0.2", Port: 1, Cluster: cluster, Weight: 1, Enabled: true},
			naming.Instance{IP: "10.0.0.3", Port: 1, Cluster: cluster, Weight: 1, Healthy: true})
	}
	return v
}

func TestUnfilteredViewIsEncodedOnce(t *testing.T) {
	v := manyHosts()
	first, second := ServiceInfo(v, naming.Filter{}), ServiceInfo(v, naming.Filter{})
	if &first[0] != &second[0] {
		t.Error("two readers got two encodings")
	}
	if n := bytes.Count(first, []byte(`"ip"`)); n != 4 {
		t.Errorf("%d hosts listed, want the 4 that are enabled: %s", n, first)
	}
}

func TestFilteredViewListsWhatWasAskedFor(t *testing.T) {
	tests := map[string]struct {
		filter naming.Filter
		want   int
	}{
		"one cluster":            {naming.Filter{Clusters: "A"}, 2},
		"two clusters":           {naming.Filter{Clusters: "A,B"}, 4},
		"an unknown cluster":     {naming.Filter{Clusters: "C"}, 0},
		"healthy ones":           {naming.Filter{HealthyOnly: true}, 2},
		"healthy of one cluster": {naming.Filter{Clusters: "B", HealthyOnly: true}, 1},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			got := string(ServiceInfo(manyHosts(), tc.filter))
			if n := strings.Count(got, `"ip"`); n != tc.want || !strings.Contains(got, `"clusters":"`+tc.filter.Clusters+`"`) {
				t.Errorf("%d hosts, want %d, in %s", n, tc.want, got)
			}
		})
	}
}

func TestGroupedViewDiffersInItsNameAlone(t *testing.T) {
	plain := tree(t, ServiceInfo(manyHosts(), naming.Filter{}))
	plain["name"] = "g@@n"
	same(t, tree(t, GroupedServiceInfo(manyHosts(), naming.Filter{})), plain)
}

func TestProtectedViewSaysSo(t *testing.T) {
	half := 0.5
	for _, f := range []naming.Filter{{}, {Clusters: "A,B"}} {
		for _, encode := range []func(*naming.View, naming.Filter) []byte{ServiceInfo, GroupedServiceInfo} {
			v := manyHosts()
			if before := string(encode(v, f)); !strings.Contains(before, `"reachProtectionThreshold":false`) {
				t.Errorf("without a threshold: %s", before)
			}
			v = manyHosts()
			v.Protect = &half
			got := string(encode(v, f))
			if !strings.Contains(got, `"reachProtectionThreshold":true`) || strings.Count(got, `"healthy":true`) != 4 {
				t.Errorf("with one: %s", got)
			}
		}
	}
}
