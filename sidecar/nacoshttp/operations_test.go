package nacoshttp

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/distro-naming/naming-operator/sidecar/naming"
	"github.com/distro-naming/naming-operator/sidecar/wire"
)

// step is one call and a part of its answer.
type step struct {
	method, path string
	status       int
	says         string
}

func (s step) take(t *testing.T, url string) {
	t.Helper()
	if status, _, body := ask(t, s.method, url+"/nacos"+s.path, ""); status != s.status || !strings.Contains(body, s.says) {
		t.Errorf("%s %s\n got %d %s\nwant %d %s", s.method, s.path, status, body, s.status, s.says)
	}
}

const (
	inWeb  = "serviceName=g@@web"
	oneWeb = inWeb + "&ip=10.0.0.1&port=80"
)

// beating registers an instance that beats, and connected one over a connection.
func (w *world) beating(t *testing.T, ip string) {
	t.Helper()
	i := naming.Instance{
		ID: "id", IP: ip, Port: 80, Cluster: "DEFAULT", Weight: 1, Healthy: true, Enabled: true, Metadata: map[string]string{"a": "1"},
	}
	if err := w.Register(t.Context(), naming.BeatClient(ip, 80), web, []naming.Instance{i}, false); err != nil {
		t.Fatal(err)
	}
}

func (w *world) connected(t *testing.T, ip string) {
	t.Helper()
	i := naming.Instance{ID: "id", IP: ip, Port: 80, Cluster: "DEFAULT", Weight: 1, Healthy: true, Enabled: true}
	if err := w.Register(t.Context(), "1700000000000_"+naming.ClientID(ip)+"_5000", web, []naming.Instance{i}, false); err != nil {
		t.Fatal(err)
	}
}

var web = naming.ServiceKey{Namespace: "public", Group: "g", Name: "web"}

func TestOperations(t *testing.T) {
	for name, steps := range stories {
		t.Run(name, func(t *testing.T) {
			w := newWorld()
			w.beating(t, "10.0.0.1")
			_, s := serve(t, w)
			for _, one := range steps {
				one.take(t, s.URL)
			}
		})
	}
}

func TestWhatOthersRegisteredIsOverridden(t *testing.T) {
	w := newWorld()
	w.connected(t, "10.0.0.1")
	_, s := serve(t, w)
	step{put, "/v1/ns/instance?" + oneWeb + "&weight=3&enabled=false&metadata=a%3D1", 200, "ok"}.take(t, s.URL)
	weight, enabled := 3.0, false
	want := naming.Override{Weight: &weight, Enabled: &enabled, Metadata: map[string]string{"a": "1"}}
	if diff := cmp.Diff(want, w.overrides[naming.Endpoint{IP: "10.0.0.1", Port: 80, Cluster: "DEFAULT"}]); diff != "" {
		t.Errorf("override (-want +got):\n%s", diff)
	}
}

func TestSettingsOverTheLimitsAreRefused(t *testing.T) {
	w := newWorld()
	w.connected(t, "10.0.0.1")
	_, s := serve(t, w)
	w.unkept = fmt.Errorf("%w: remove some", naming.ErrFull)
	for _, one := range []step{
		{post, "/v1/ns/service?serviceName=made", 507, "remove some"},
		{put, "/v2/ns/service?" + inWeb, 507, `"code":30000`},
		{put, "/v1/ns/instance?" + oneWeb, 507, "remove some"},
		{put, "/v1/ns/instance/metadata/batch?" + inWeb + "&metadata=a%3D1", 200, `{"updated":[]}`},
	} {
		one.take(t, s.URL)
	}
	w.unkept = fmt.Errorf("%w: shorten its metadata", naming.ErrTooLarge)
	step{put, "/v1/ns/service?" + inWeb + "&protectThreshold=0", 400, "shorten its metadata"}.take(t, s.URL)
	step{put, "/v3/admin/ns/service?" + inWeb, 400, `"code":21002`}.take(t, s.URL)
}

func TestAnUpdateSaysAnewAndAPatchSaysMore(t *testing.T) {
	w := newWorld()
	w.connected(t, "10.0.0.1")
	_, s := serve(t, w)
	const detail = "/v1/ns/instance?" + oneWeb
	for _, one := range []step{
		{put, detail + "&weight=3&metadata=a%3D1", 200, "ok"},
		{http.MethodPatch, detail + "&metadata=b%3D2", 200, "ok"},
		{get, detail, 200, `"weight":3.0,"healthy":true,"instanceId":"id","metadata":{"a":"1","b":"2"}`},
		{put, detail + "&metadata=c%3D3", 200, "ok"},
		{get, detail, 200, `"weight":1.0,"healthy":true,"instanceId":"id","metadata":{"c":"3"}`},
	} {
		one.take(t, s.URL)
	}
	w.connected(t, "10.0.0.1") // its client registers anew
	step{get, detail, 200, `"metadata":{"c":"3"}`}.take(t, s.URL)
}

func TestThresholdShowsAllAsHealthy(t *testing.T) {
	w := newWorld()
	for _, ip := range []string{"10.0.0.1", "10.0.0.2", "10.0.0.3"} {
		w.connected(t, ip)
	}
	_, s := serve(t, w)
	unhealthy := "/v1/ns/instance?" + inWeb + "&port=80&healthy=false&ip="
	const list = "/v1/ns/instance/list?" + inWeb
	for _, one := range []step{
		{http.MethodPatch, unhealthy + "10.0.0.1", 200, "ok"},
		{http.MethodPatch, unhealthy + "10.0.0.2", 200, "ok"},
		{get, list, 200, `"reachProtectionThreshold":false`},
		{put, "/v3/admin/ns/service?" + inWeb + "&protectThreshold=0.5", 200, "ok"},
		{get, list, 200, `"reachProtectionThreshold":true`},
		{get, "/v3/client/ns/instance/list?" + inWeb, 200, `"ip":"10.0.0.1","port":80,"weight":1.0,"healthy":true`},
		{get, list + "&healthyOnly=true", 200, `"reachProtectionThreshold":false`},
		{get, "/v3/admin/ns/instance/list?" + inWeb, 200, `"ip":"10.0.0.1","port":80,"weight":1.0,"healthy":false`},
		{put, "/v3/admin/ns/service?" + inWeb + "&protectThreshold=0.3", 200, "ok"},
		{get, list, 200, `"reachProtectionThreshold":false`},
	} {
		one.take(t, s.URL)
	}
}

func TestNamingWaitsInAllVersionsWhileTheMemberLoads(t *testing.T) {
	w := newWorld()
	w.loaded = false
	_, s := serve(t, w)
	for _, one := range []step{
		{get, "/v2/ns/instance/list?serviceName=a", 503, `"code":30000`},
		{post, "/v3/client/ns/instance?" + oneWeb, 503, `"code":30000`},
		{get, "/v1/core/cluster/self", 200, `"code":200`},
		{get, "/v2/core/cluster/node/self/health", 503, "naming not in readiness"},
		{get, "/actuator/health", 503, "OUT_OF_SERVICE"},
	} {
		one.take(t, s.URL)
	}
}

func TestWhatIsSaidOfInstancesIsTakenByAnyMember(t *testing.T) {
	here, owner, url := pair(t)
	here.registry = owner.registry // as after replication
	owner.beating(t, "10.0.0.1")
	owner.beating(t, "10.0.0.2")
	for _, one := range []step{
		{put, "/v2/ns/instance/metadata/batch?" + inWeb + "&metadata=b%3D2&consistencyType=ephemeral", 200, "10.0.0.2:80"},
		{http.MethodPatch, "/v1/ns/instance?" + oneWeb + "&weight=2", 200, "ok"},
	} {
		one.take(t, strings.TrimSuffix(url, "/"))
	}
	for _, i := range here.View(web).Hosts {
		if i.Metadata["b"] != "2" || i.Metadata["a"] != "1" {
			t.Errorf("%s has %v", i.IP, i.Metadata)
		}
	}
	if len(owner.overrides) > 0 {
		t.Errorf("the owner was told %v", owner.overrides)
	}
	here.registry = naming.NewRegistry() // before replication
	step{http.MethodPatch, "/v1/ns/instance?" + oneWeb + "&weight=3", 200, "ok"}.take(t, strings.TrimSuffix(url, "/"))
	if i := owner.View(web).Hosts[0]; i.Weight != 3 {
		t.Errorf("the owner, who knows it, shows %+v", i)
	}
}

func TestSubscribersOfAllMembersAreListed(t *testing.T) {
	here, other, url := pair(t)
	here.owner = ""
	here.subscribers = []wire.Subscriber{{Client: "c", Service: web, IP: "10.0.0.1", Port: 1, Agent: "a"}}
	other.subscribers = []wire.Subscriber{{Service: web, IP: "10.0.0.2", Port: 2, Agent: "b"}, {Service: web, IP: "10.0.0.1", Port: 1, Agent: "a"}}
	for _, one := range []step{
		{get, "/v1/ns/service/subscribers?" + inWeb, 200, `"count":2`},
		{get, "/v1/ns/service/subscribers?" + inWeb + "&aggregation=false", 200, `"count":1`},
		{get, "/v1/ns/service/subscribers?" + inWeb + "&pageNo=9", 200, `{"subscribers":[],"count":2}`},
		{get, "/v3/admin/ns/service/subscribers?" + inWeb, 200, `"ip":"10.0.0.2","port":2,"agent":"b"`},
		{get, "/v2/ns/client/service/subscriber/list?" + inWeb, 200, `"data":[{"clientId":"c","ip":"10.0.0.1","port":1}]`},
		{get, "/v2/ns/client/subscribe/list?clientId=c", 200, `"subscriberInfo":{"app":"","agent":"a","addr":"10.0.0.1:1"}`},
	} {
		one.take(t, url)
	}
}

func TestWhoIsPushedOverUDP(t *testing.T) {
	const list = "/nacos/v1/ns/instance/list?serviceName=g@@web&udpPort="
	tests := map[string]struct {
		path, agent string
		told        bool
	}{
		"Java 1.4":               {list + "5000&clientIP=127.0.0.1", "Nacos-Java-Client:v1.4.3", true},
		"without an address":     {list + "5000", "Nacos-Go-Client:v1.1.6", true},
		"another's address":      {list + "5000&clientIP=10.0.0.1", "Nacos-Java-Client:v1.4.3", true},
		"no port":                {list + "0", "Nacos-Java-Client:v1.4.3", false},
		"one who takes none":     {list + "5000", "Nacos-Python-Client:v1.0.0", false},
		"one too old":            {list + "5000", "Nacos-C-Client:v1.0.11", false},
		"one who is just in age": {list + "5000", "Nacos-C-Client:v1.0.12", true},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			w := newWorld()
			_, s := serve(t, w)
			ask(t, get, s.URL+tc.path, "", "User-Agent", tc.agent)
			if told := len(w.asked) == 1 && w.asked[0].IP == "127.0.0.1"; told != tc.told {
				t.Errorf("noted %+v", w.asked)
			}
		})
	}
}

func TestOwnerOfAnotherVersionIsStoodInFor(t *testing.T) {
	here := newWorld()
	_, s := serve(t, here)
	old := ownerSaying(t, http.StatusNotFound)
	here.owner, here.listens[otherAddress] = otherAddress, old
	step{post, "/v3/client/ns/instance?" + oneWeb, 200, `"data":"ok"`}.take(t, s.URL)
	if len(here.View(web).Hosts) != 1 {
		t.Error("what the owner does not know was not taken here")
	}
}
