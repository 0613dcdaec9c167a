package nacoshttp

import (
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

// TestOperations are calls that were not recorded, each a story of steps; settings
// are kept.
func TestOperations(t *testing.T) {
	const instance, service, health = "/v1/ns/instance?", "/v1/ns/service?", "/v1/ns/health?"
	patch, gone := http.MethodPatch, http.StatusNotFound
	tests := map[string][]step{
		"a patch changes what it names, and nothing else": {
			{patch, instance + oneWeb + "&weight=7", 200, "ok"},
			{get, instance + oneWeb, 200, `"weight":7.0,"healthy":true`},
			{patch, instance + oneWeb + "&healthy=false&metadata=b%3D2", 200, "ok"},
			{get, instance + oneWeb, 200, `"weight":7.0,"healthy":false,"instanceId":"id","metadata":{"a":"1","b":"2"}`},
		},
		"a patch of v2 wants the group in the name": {
			{patch, "/v2/ns/instance?serviceName=web&ip=10.0.0.1&port=80&weight=7", 400, "groupName@@serviceName"},
			{patch, "/v2/ns/instance?" + oneWeb + "&weight=7", 200, "ok"},
		},
		"v3 changes in part": {
			{put, "/v3/admin/ns/instance/partial?" + oneWeb + "&enabled=false", 200, `"code":0`},
			{get, instance[:len(instance)-1] + "/list?" + inWeb, 200, `"hosts":[]`},
			{get, "/v3/admin/ns/instance/list?" + inWeb, 200, `"enabled":false`},
		},
		"a change that would break the beats is refused": {
			{patch, instance + oneWeb + `&metadata={"preserved.heart.beat.interval":"90000"}`, 400, "heart beat interval"},
		},
		"metadata is changed in bulk": {
			{put, "/v1/ns/instance/metadata/batch?" + inWeb + "&metadata=b%3D2", 200, `{"updated":["10.0.0.1:80:unknown:DEFAULT:ephemeral"]}`},
			{del, "/v1/ns/instance/metadata/batch?" + inWeb + `&metadata={"a":""}&instances=[{"ip":"10.0.0.1","port":80}]`, 200, `DEFAULT:ephemeral`},
			{get, instance + oneWeb, 200, `"metadata":{"b":"2"}`},
			{put, "/v2/ns/instance/metadata/batch?" + inWeb + "&metadata=c%3D3&consistencyType=persist", 200, `"data":{"updated":[]}`},
			{put, "/v3/admin/ns/instance/metadata/batch?" + inWeb + "&metadata=c%3D3&instances=nonsense", 200, `"data":{"updated":[]}`},
			{put, "/v1/ns/instance/metadata/batch?" + inWeb, 400, "Param 'metadata' is required."},
		},
		"a service is described, changed and forgotten": {
			{post, service + "serviceName=made&protectThreshold=0.5&selector=" + `{"type":"label","expression":"x"}`, 200, "ok"},
			{get, service + "serviceName=made", 200, `"protectThreshold":0.5,"metadata":{},"selector":{"type":"label","expression":"x"`},
			{get, "/v3/admin/ns/service/list?serviceNameParam=ad", 200, `"totalCount":1,"pageNumber":1,"pagesAvailable":1`},
			{put, "/v2/ns/service?serviceName=made&metadata=k%3Dv", 200, `"data":"ok"`},
			{get, "/v2/ns/service?serviceName=made", 200, `"metadata":{"k":"v"},"protectThreshold":0.0`},
			{del, service + "serviceName=made", 200, "ok"},
			{get, "/v3/admin/ns/service?serviceName=made", 400, `"code":21008`},
		},
		"a threshold and a selector are checked": {
			{post, service + "serviceName=made&protectThreshold=2", 400, "between 0 and 1"},
			{post, "/v2/ns/service?serviceName=made&selector={}", 400, `"code":21006`},
			{post, service + `serviceName=made&selector={"type":"odd"}`, 400, "none or label"},
			{put, service + "serviceName=made", 400, "Param 'protectThreshold' is required."},
		},
		"a service with instances stays": {
			{post, "/v2/ns/service?" + inWeb, 400, `"code":21007`},
			{del, "/v2/ns/service?" + inWeb, 400, `"code":21009`},
		},
		"health is said from outside where nobody checks": {
			{put, health + oneWeb + "&healthy=false", 400, "health check is still working, service: g@@web"},
			{put, "/v2/ns/health?" + oneWeb + "&healthy=false", 400, `"code":21011`},
			{put, "/v1/ns/cluster?" + inWeb + `&clusterName=DEFAULT&checkPort=80&useInstancePort4Check=true&healthChecker={"type":"NONE"}`, 200, "ok"},
			{put, health + oneWeb + "&valid=false", 200, "ok"},
			{get, instance + oneWeb, 200, `"healthy":false`},
			{put, health + oneWeb, 400, "Param 'healthy' is required."},
			{put, "/v3/admin/ns/health/instance?" + oneWeb, 400, "Required parameter 'healthy' type Boolean is not present"},
			{put, health + "serviceName=nope&ip=a&port=1&healthy=true", 400, "service not found"},
		},
		"a cluster is checked": {
			{put, "/v1/ns/cluster?" + inWeb + "&clusterName=c&checkPort=80&useInstancePort4Check=true&healthChecker={}", 400, "TCP, HTTP, MYSQL or NONE"},
			{put, "/v3/admin/ns/cluster?" + inWeb + `&clusterName=c&checkPort=x&useInstancePort4Check=true&healthChecker={"type":"TCP"}`, 400, "'port'"},
			{put, "/v1/ns/cluster?" + inWeb, 400, "Param 'clusterName' is required."},
		},
		"the catalog of 1.x and 2.x": {
			{get, "/v1/ns/catalog/service?" + inWeb, 200, `"clusters":[{"serviceName":"g@@web","name":"DEFAULT","healthChecker":{"type":"TCP"}`},
			{get, "/v1/ns/catalog/service?serviceName=nope", gone, "service DEFAULT_GROUP@@nope is not found!"},
			{get, "/v1/ns/catalog/instances?" + inWeb + "&clusterName=DEFAULT&pageNo=1&pageSize=10", 200, `"count":1`},
			{get, "/v1/ns/catalog/instances?" + inWeb + "&clusterName=x&pageNo=1&pageSize=10", gone, "cluster x is not found!"},
			{get, "/v1/ns/catalog/services?withInstances=true&pageNo=1&pageSize=10", 200, `"clusterMap":{"DEFAULT":{"hosts":[{"valid":true`},
			{get, "/v1/ns/catalog/services?pageNo=1&pageSize=10&instance=10.0.0.1:8", 200, `"count":0`},
			{get, "/v1/ns/catalog/services?pageNo=1&pageSize=10&instance=10.0.0.1:80", 200, `"count":1`},
			{get, "/v1/ns/catalog/services?pageNo=1&pageSize=10&serviceNameParam=.*", 200, `"count":0`},
			{get, "/v2/ns/catalog/instances?" + inWeb + "&pageNo=2&pageSize=10", 200, `"count":1`},
		},
		"names of services": {
			{get, "/v1/ns/service/names?expr=we", 200, `"services":{"public":["web"]}`},
			{get, "/v1/ns/service/list?pageNo=1&pageSize=10&groupName=*", 200, `{"count":1,"doms":["g@@web"]}`},
			{get, "/v1/ns/service/list?pageNo=9&pageSize=10&groupName=g", 200, `{"count":1,"doms":[]}`},
			{get, "/v1/ns/service/selector/types", 200, `{"code":200,"message":null,"data":["none","label"]}`},
		},
		"clients": {
			{get, "/v2/ns/client?clientId=10.0.0.1:80%23true", 200, `"clientIp":"10.0.0.1","clientPort":"80","clientType":"ipPort"`},
			{get, "/v2/ns/client?clientId=x", gone, `"code":20004`},
			{get, "/v2/ns/client", 400, "Required parameter 'clientId' type String is not present"},
			{get, "/v2/ns/client/publish/list?clientId=10.0.0.1:80%23true", 200, `"registeredInstance":{"ip":"10.0.0.1","port":80,"cluster":"DEFAULT"}`},
			{get, "/v3/admin/ns/client/service/publisher/list?" + inWeb + "&ip=10.9.9.9", 200, `"data":[]`},
		},
		"namespaces": {
			{get, "/v1/console/namespaces?checkNamespaceIdExist=true&customNamespaceId=nope", 200, "false"},
			{get, "/v1/console/namespaces?show=all&namespaceId=dev", 200, `{"namespace":"dev"`},
			{post, "/v1/console/namespaces?customNamespaceId=dev", 501, "a namespace exists while"},
			{del, "/v3/admin/core/namespace?namespaceId=dev", 501, `"code":40001`},
			{get, "/v3/admin/core/namespace/check?namespaceId=public", 200, `"data":true`},
		},
		"switches are those of one member": {
			{put, "/v1/ns/operator/switches?entry=lightBeatEnabled&value=false", 501, "debug=true"},
			{put, "/v1/ns/operator/switches?entry=lightBeatEnabled&value=false&debug=true", 200, "ok"},
			{put, "/v2/ns/ops/switches?entry=clientBeatInterval&value=2000&debug=true", 200, `"data":"ok"`},
			{put, "/v1/ns/instance/beat?" + oneWeb, 200, `{"clientBeatInterval":2000,"code":10200,"lightBeatEnabled":false}`},
			{put, "/v1/ns/operator/switches?entry=clientBeatInterval&value=soon&debug=true", 400, "milliseconds from 1000"},
			{put, "/v1/ns/operator/switches?entry=odd&value=1&debug=true", 200, "ok"},
			{get, "/v3/admin/ns/ops/switches", 200, `"clientBeatInterval":2000`},
		},
		"configuration is as by a server that holds none": {
			{get, "/v1/cs/configs?dataId=a&group=b", gone, "config data not exist"},
			{get, "/v1/cs/configs?search=blur&dataId=a&pageNo=1&pageSize=10", 200, `{"totalCount":0,"pageNumber":1,"pagesAvailable":0,"pageItems":[]}`},
			{post, "/v1/cs/configs?dataId=a&group=b&content=c", 501, "it serves naming only"},
			{del, "/v1/cs/configs?dataId=a&group=b", 200, "true"},
			{get, "/v2/cs/config?dataId=a&group=b", gone, `"code":20004`},
			{get, "/v3/client/cs/config?dataId=a&groupName=b", gone, `"code":20004`},
			{post, "/v3/admin/cs/config?dataId=a", 501, `"code":40001`},
			{post, "/v1/cs/configs/listener?Listening-Configs=a%02b%02%01", 200, ""},
			{post, "/v1/cs/configs/listener?Listening-Configs=a%02b%02md5%02t%01", 200, "a%02b%02t%01"},
		},
		"everybody is let in": {
			{post, "/v1/auth/users/login?username=nacos&password=x", 200, `{"accessToken":"AUTH_DISABLED","tokenTtl":18000,"globalAdmin":true,"username":"nacos"}`},
			{post, "/v1/auth/login", 400, "Param 'username' is required."},
		},
		"methods and paths that are not there": {
			{post, "/v2/ns/service/list", 405, "Request method 'POST' not supported"},
			{del, "/v1/ns/instance/list", 501, "no such api:DELETE:/nacos/v1/ns/instance/list"},
			{get, "/v2/ns/instance/statuses/", 404, ""},
			{get, "/v2/ns/instance/statuses/g@@web", 200, `{"ips":["10.0.0.1:80_true"]}`},
		},
		"the console of 3.x": {
			{get, "/v3/console/ns/instance/list?" + inWeb, 200, `"pageItems":[{"instanceId"`},
			{get, "/v3/console/server/state", 200, `"version":"2.5.1"`},
			{get, "/v3/console/core/namespace/list", 200, `{"namespace":"public"`},
		},
	}
	for name, steps := range tests {
		t.Run(name, func(t *testing.T) {
			w := keeping()
			w.beating(t, "10.0.0.1")
			_, s := serve(t, w)
			for _, one := range steps {
				one.take(t, s.URL)
			}
		})
	}
}

func TestWhatOthersRegisteredIsOverridden(t *testing.T) {
	w := keeping()
	w.connected(t, "10.0.0.1")
	_, s := serve(t, w)
	step{put, "/v1/ns/instance?" + oneWeb + "&weight=3&enabled=false&metadata=a%3D1", 200, "ok"}.take(t, s.URL)
	weight, enabled := 3.0, false
	want := naming.Override{Weight: &weight, Enabled: &enabled, Metadata: map[string]string{"a": "1"}}
	if diff := cmp.Diff(want, w.overrides[naming.Endpoint{IP: "10.0.0.1", Port: 80, Cluster: "DEFAULT"}]); diff != "" {
		t.Errorf("override (-want +got):\n%s", diff)
	}
}

func TestWhatNeedsSettingsIsRefusedWithoutThem(t *testing.T) {
	w := newWorld()
	w.connected(t, "10.0.0.1")
	_, s := serve(t, w)
	for _, one := range []step{
		{post, "/v1/ns/service?serviceName=made", 501, "settings of services are not kept by this server"},
		{post, "/v3/admin/ns/service?serviceName=made", 501, `"code":40001`},
		{put, "/v2/ns/service?" + inWeb, 501, `"code":40001`},
		{put, "/v1/ns/instance?" + oneWeb, 501, "changed by their own client"},
		{put, "/v1/ns/instance/metadata/batch?" + inWeb + "&metadata=a%3D1", 200, `{"updated":[]}`},
		{get, "/v1/ns/service?" + inWeb, 200, `"protectThreshold":0.0`},
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

func TestBatchGoesToEveryOwner(t *testing.T) {
	here, owner, url := pair(t)
	here.registry = owner.registry // as after replication
	owner.beating(t, "10.0.0.1")
	owner.beating(t, "10.0.0.2")
	step{put, "/v2/ns/instance/metadata/batch?" + inWeb + "&metadata=b%3D2&consistencyType=ephemeral", 200, "10.0.0.2:80"}.take(t, strings.TrimSuffix(url, "/"))
	for _, i := range owner.View(web).Hosts {
		if i.Metadata["b"] != "2" || i.Metadata["a"] != "1" {
			t.Errorf("%s has %v", i.IP, i.Metadata)
		}
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
		"another's address":      {list + "5000&clientIP=10.0.0.1", "Nacos-Java-Client:v1.4.3", false},
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
			if told := len(w.asked) == 1; told != tc.told {
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
