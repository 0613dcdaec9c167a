package nacoshttp

import "net/http"

const (
	instancePath = "/v1/ns/instance?"
	servicePath  = "/v1/ns/service?"
	healthPath   = "/v1/ns/health?"
)

// stories are calls that were not recorded, in steps, where settings are kept.
var stories = map[string][]step{
	"a patch changes what it names, and nothing else": {
		{http.MethodPatch, instancePath + oneWeb + "&weight=7", 200, "ok"},
		{get, instancePath + oneWeb, 200, `"weight":7.0,"healthy":true`},
		{http.MethodPatch, instancePath + oneWeb + "&healthy=false&metadata=b%3D2", 200, "ok"},
		{get, instancePath + oneWeb, 200, `"weight":7.0,"healthy":false,"instanceId":"id","metadata":{"a":"1","b":"2"}`},
	},
	"a patch of v2 wants the group in the name": {
		{http.MethodPatch, "/v2/ns/instance?serviceName=web&ip=10.0.0.1&port=80&weight=7", 400, "groupName@@serviceName"},
		{http.MethodPatch, "/v2/ns/instance?" + oneWeb + "&weight=7", 200, "ok"},
	},
	"v3 changes in part": {
		{put, "/v3/admin/ns/instance/partial?" + oneWeb + "&enabled=false", 200, `"code":0`},
		{get, instancePath[:len(instancePath)-1] + "/list?" + inWeb, 200, `"hosts":[]`},
		{get, "/v3/admin/ns/instance/list?" + inWeb, 200, `"enabled":false`},
	},
	"a change that would break the beats is refused": {
		{http.MethodPatch, instancePath + oneWeb + `&metadata={"preserved.heart.beat.interval":"90000"}`, 400, "heart beat interval"},
	},
	"metadata is changed in bulk": {
		{put, "/v1/ns/instance/metadata/batch?" + inWeb + "&metadata=b%3D2", 200, `{"updated":["10.0.0.1:80:unknown:DEFAULT:ephemeral"]}`},
		{del, "/v1/ns/instance/metadata/batch?" + inWeb + `&metadata={"a":""}&instances=[{"ip":"10.0.0.1","port":80}]`, 200, `DEFAULT:ephemeral`},
		{get, instancePath + oneWeb, 200, `"metadata":{"b":"2"}`},
		{put, "/v2/ns/instance/metadata/batch?" + inWeb + "&metadata=c%3D3&consistencyType=persist", 200, `"data":{"updated":[]}`},
		{put, "/v3/admin/ns/instance/metadata/batch?" + inWeb + "&metadata=c%3D3&instances=nonsense", 200, `"data":{"updated":[]}`},
		{put, "/v1/ns/instance/metadata/batch?" + inWeb, 400, "Param 'metadata' is required."},
	},
	"a service is described, changed and forgotten": {
		{post, servicePath + "serviceName=made&protectThreshold=0.5&selector=" + `{"type":"label","expression":"x"}`, 200, "ok"},
		{get, servicePath + "serviceName=made", 200, `"protectThreshold":0.5,"metadata":{},"selector":{"type":"label","expression":"x"`},
		{get, "/v3/admin/ns/service/list?serviceNameParam=ad", 200, `"totalCount":1,"pageNumber":1,"pagesAvailable":1`},
		{put, "/v2/ns/service?serviceName=made&metadata=k%3Dv", 200, `"data":"ok"`},
		{get, "/v2/ns/service?serviceName=made", 200, `"metadata":{"k":"v"},"protectThreshold":0.0`},
		{del, servicePath + "serviceName=made", 200, "ok"},
		{get, "/v3/admin/ns/service?serviceName=made", 400, `"code":21008`},
	},
	"a threshold and a selector are checked": {
		{post, servicePath + "serviceName=made&protectThreshold=2", 400, "between 0 and 1"},
		{post, "/v2/ns/service?serviceName=made&selector={}", 400, `"code":21006`},
		{post, servicePath + `serviceName=made&selector={"type":"odd"}`, 400, "none or label"},
		{put, servicePath + "serviceName=made", 400, "Param 'protectThreshold' is required."},
	},
	"a service with instances stays": {
		{post, "/v2/ns/service?" + inWeb, 400, `"code":21007`},
		{del, "/v2/ns/service?" + inWeb, 400, `"code":21009`},
	},
	"health is said from outside where nobody checks": {
		{put, healthPath + oneWeb + "&healthy=false", 400, "health check is still working, service: g@@web"},
		{put, "/v2/ns/health?" + oneWeb + "&healthy=false", 400, `"code":21011`},
		{put, "/v1/ns/cluster?" + inWeb + `&clusterName=DEFAULT&checkPort=80&useInstancePort4Check=true&healthChecker={"type":"NONE"}`, 200, "ok"},
		{put, healthPath + oneWeb + "&valid=false", 200, "ok"},
		{get, instancePath + oneWeb, 200, `"healthy":false`},
		{put, healthPath + oneWeb, 400, "Param 'healthy' is required."},
		{put, "/v3/admin/ns/health/instance?" + oneWeb, 400, "Required parameter 'healthy' type Boolean is not present"},
		{put, healthPath + "serviceName=nope&ip=a&port=1&healthy=true", 400, "service not found"},
	},
	"a cluster is checked": {
		{put, "/v1/ns/cluster?" + inWeb + "&clusterName=c&checkPort=80&useInstancePort4Check=true&healthChecker={}", 400, "TCP, HTTP, MYSQL or NONE"},
		{put, "/v3/admin/ns/cluster?" + inWeb + `&clusterName=c&checkPort=x&useInstancePort4Check=true&healthChecker={"type":"TCP"}`, 400, "'port'"},
		{put, "/v1/ns/cluster?" + inWeb, 400, "Param 'clusterName' is required."},
	},
	"the catalog of 1.x and 2.x": {
		{get, "/v1/ns/catalog/service?" + inWeb, 200, `"clusters":[{"serviceName":"g@@web","name":"DEFAULT","healthChecker":{"type":"TCP"}`},
		{get, "/v1/ns/catalog/service?serviceName=nope", 404, "service DEFAULT_GROUP@@nope is not found!"},
		{get, "/v1/ns/catalog/instances?" + inWeb + "&clusterName=DEFAULT&pageNo=1&pageSize=10", 200, `"count":1`},
		{get, "/v1/ns/catalog/instances?" + inWeb + "&clusterName=x&pageNo=1&pageSize=10", 404, "cluster x is not found!"},
		{get, "/v1/ns/catalog/services?withInstances=true&pageNo=1&pageSize=10", 200, `"clusterMap":{"DEFAULT":{"hosts":[{"valid":true`},
		{get, "/v1/ns/catalog/services?pageNo=1&pageSize=10&instance=10.0.0.1:8", 200, `"count":0`},
		{get, "/v1/ns/catalog/services?pageNo=1&pageSize=10&instance=10.0.0.1:80", 200, `"count":1`},
		{get, "/v1/ns/catalog/services?pageNo=1&pageSize=10&serviceNameParam=.*", 200, `"count":0`},
		{get, "/v2/ns/catalog/instances?" + inWeb + "&pageNo=2&pageSize=10", 200, `"count":1`},
	},
	"an id is of the kind that metadata asks for": {
		{post, instancePath + `serviceName=s&ip=a&port=1&metadata={"preserved.instance.id.generator":"snowflake"}`, 200, "ok"},
		{get, instancePath[:len(instancePath)-1] + "/list?serviceName=s", 200, `"instanceId":"1000#DEFAULT#DEFAULT_GROUP@@s"`},
		{http.MethodPatch, instancePath + "serviceName=s&ip=a&port=1&weight=2", 200, "ok"},
		{get, instancePath[:len(instancePath)-1] + "/list?serviceName=s", 200, `"instanceId":"1000#`},
		{post, instancePath + `serviceName=s&ip=b&port=1&metadata={"preserved.instance.id.generator":"dice"}`, 400, "InstanceIdGenerator"},
	},
	"names of clusters are checked": {
		{get, instancePath[:len(instancePath)-1] + "/list?" + inWeb + "&clusters=a,b%20c", 400, "Param 'cluster' is illegal"},
	},
	"names of services": {
		{get, "/v1/ns/service/names?expr=we", 200, `"services":{"public":["web"]}`},
		{get, "/v1/ns/service/list?pageNo=1&pageSize=10&groupName=*", 200, `{"count":1,"doms":["g@@web"]}`},
		{get, "/v1/ns/service/list?pageNo=9&pageSize=10&groupName=g", 200, `{"count":1,"doms":[]}`},
		{get, "/v1/ns/service/selector/types", 200, `{"code":200,"message":null,"data":["none","label"]}`},
	},
	"clients": {
		{get, "/v2/ns/client?clientId=10.0.0.1:80%23true", 200, `"clientIp":"10.0.0.1","clientPort":"80","clientType":"ipPort"`},
		{get, "/v2/ns/client?clientId=x", 404, `"code":20004`},
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
		{get, "/v1/cs/configs?dataId=a&group=b", 404, "config data not exist"},
		{get, "/v1/cs/configs?search=blur&dataId=a&pageNo=1&pageSize=10", 200, `{"totalCount":0,"pageNumber":1,"pagesAvailable":0,"pageItems":[]}`},
		{post, "/v1/cs/configs?dataId=a&group=b&content=c", 501, "it serves naming only"},
		{del, "/v1/cs/configs?dataId=a&group=b", 200, "true"},
		{get, "/v2/cs/config?dataId=a&group=b", 404, `"code":20004`},
		{get, "/v3/client/cs/config?dataId=a&groupName=b", 404, `"code":20004`},
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
