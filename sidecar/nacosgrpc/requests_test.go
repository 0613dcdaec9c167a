package nacosgrpc

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/distro-naming/naming-operator/sidecar/wire"
	"github.com/distro-naming/naming-operator/test/golden"
)

// requests says of every request that is answered what it is for.
var requests = map[wire.Kind]string{
	wire.HealthCheckRequest:             "a sign of life",
	wire.InstanceRequest:                "register and deregister one ephemeral instance",
	wire.BatchInstanceRequest:           "register a whole list; an empty one ends it",
	wire.PersistentInstanceRequest:      "refused with its own response, 500/400: persistent instances are not kept",
	wire.ServiceQueryRequest:            "the instances of a service",
	wire.ServiceListRequest:             "a page of the services of a group",
	wire.SubscribeServiceRequest:        "watch a service, and no longer",
	wire.NamingFuzzyWatchRequest:        "watch all services that match a pattern, and no longer",
	wire.ConfigQueryRequest:             "as by a server that holds no configuration: 500/300",
	wire.ConfigBatchListenRequest:       "as by a server that holds none: changed is what the client says that it holds",
	wire.ConfigPublishRequest:           "refused with its own response, 500/501: " + wire.ConfigRefused,
	wire.ConfigRemoveRequest:            "as by a server that holds none: it is gone",
	wire.ConfigFuzzyWatchRequest:        "as by a server that holds none: all that matches is told at once",
	wire.DistroDataRequest:              "replication between members",
	wire.MemberReportRequest:            "members say how they are",
	wire.SettingsRequest:                "our own members compare overrides and settings of services; Nacos has no such request",
	wire.ServerLoaderInfoRequest:        "how many clients are connected",
	wire.ServerReloadRequest:            "move clients to another member",
	wire.ConfigChangeClusterSyncRequest: "taken and passed over: configuration is not kept",
}

// asked are the requests that a member makes of clients.
var asked = map[wire.Kind]string{
	wire.SetupAckRequest:                     "answers a set-up that tells abilities; of Nacos's, fuzzy watch is offered",
	wire.NotifySubscriberRequest:             "the newest list of a service that is watched",
	wire.NamingFuzzyWatchSyncRequest:         "services that match a pattern, part by part, and that this was all",
	wire.NamingFuzzyWatchChangeNotifyRequest: "a service that matches a pattern has come or gone",
	wire.ConfigFuzzyWatchSyncRequest:         "that no configuration matches a pattern",
	wire.ClientDetectionRequest:              "asks who has been silent whether it is there",
	wire.ConnectResetRequest:                 "asks to go to another member",
}

// Why requests of Nacos have no place here.
const (
	noChange = "Configuration is not kept: there is no change to tell of."
	noLocks  = "There are no distributed locks. The answer is `ErrorResponse` 302."
	noAI     = "The registry of AI servers and agents is no part of naming. The answer is `ErrorResponse` 302."
)

// unserved are requests of Nacos that nobody answers or makes here, and why.
var unserved = map[wire.Kind]string{
	"PushAckRequest":                      "Servers of Nacos have no answer either: a push is acknowledged on the stream. The answer is `ErrorResponse` 302.",
	"ConfigChangeNotifyRequest":           noChange,
	"ConfigFuzzyWatchChangeNotifyRequest": noChange,
	"ClientConfigMetricRequest":           "It is asked by Nacos's console for configuration.",
	"LockOperationRequest":                noLocks,
	"QueryMcpServerRequest":               noAI,
	"ReleaseMcpServerRequest":             noAI,
	"McpServerEndpointRequest":            noAI,
}

// nacosRequests are all requests of Nacos 2.0 to 3.0.3, and those of AI that came
// with 3.1, by the names of their classes.
var nacosRequests = []wire.Kind{
	"ServerCheckRequest", "HealthCheckRequest", "ConnectionSetupRequest", "SetupAckRequest", "ClientDetectionRequest",
	"ConnectResetRequest", "PushAckRequest", "ServerLoaderInfoRequest", "ServerReloadRequest", "MemberReportRequest",
	"InstanceRequest", "BatchInstanceRequest", "PersistentInstanceRequest", "ServiceQueryRequest", "ServiceListRequest",
	"SubscribeServiceRequest", "NotifySubscriberRequest", "DistroDataRequest", "NamingFuzzyWatchRequest",
	"NamingFuzzyWatchSyncRequest", "NamingFuzzyWatchChangeNotifyRequest",
	"ConfigQueryRequest", "ConfigPublishRequest", "ConfigRemoveRequest", "ConfigBatchListenRequest", "ConfigChangeNotifyRequest",
	"ClientConfigMetricRequest", "ConfigChangeClusterSyncRequest", "ConfigFuzzyWatchRequest", "ConfigFuzzyWatchSyncRequest",
	"ConfigFuzzyWatchChangeNotifyRequest",
	"LockOperationRequest", "QueryMcpServerRequest", "ReleaseMcpServerRequest", "McpServerEndpointRequest",
}

// TestEveryRequestOfNacosHasAPlace finds one that is in no table, or in two.
func TestEveryRequestOfNacosHasAPlace(t *testing.T) {
	answered := maps.Clone(requests)
	answered[wire.ServerCheckRequest], answered[wire.ConnectionSetupRequest] = first, setUp
	for _, kind := range nacosRequests {
		places := 0
		for _, table := range []map[wire.Kind]string{answered, asked, unserved} {
			if table[kind] != "" {
				places++
			}
		}
		if places != 1 {
			t.Errorf("%s is in %d tables", kind, places)
		}
	}
	const ours = 1 // wire.SettingsRequest
	if got, want := len(answered)+len(asked)+len(unserved), len(nacosRequests)+ours; got != want {
		t.Errorf("%d requests are in the tables, and Nacos and we have %d", got, want)
	}
}

// TestWhatIsNotServedIsAnsweredAsAnUnknownRequest also goes for the requests that
// only a server makes.
func TestWhatIsNotServedIsAnsweredAsAnUnknownRequest(t *testing.T) {
	s := start(t, nil)
	ports := map[string]*client{"clients": connect(t, s.sdk, namingSetup), "members": connect(t, s.cluster, clusterSetup)}
	for port, c := range ports {
		for _, kind := range slices.Concat(slices.Collect(maps.Keys(unserved)), slices.Collect(maps.Keys(asked))) {
			if r := c.call(kind, `{}`); r.kind != wire.ErrorResponse || r.ResultCode != 500 || r.ErrorCode != wire.CodeNoHandler {
				t.Errorf("%s on the port for %s was answered %+v", kind, port, r)
			}
		}
	}
}

// What is said of the two requests that have no handler.
const (
	first = "who is there; the first of every connection"
	setUp = "who calls, on the stream; answered by `SetupAckRequest` where abilities are told"
)

// TestPageOfRequestsIsWrittenFromTheTable keeps docs/reference/nacos-api-grpc.md
// honest: it is the table by which requests are answered.
func TestPageOfRequestsIsWrittenFromTheTable(t *testing.T) {
	s := &Server{}
	sdk, cluster := s.handlers(), s.clusterHandlers()
	var b strings.Builder
	b.WriteString("# Nacos's gRPC API\n\n" +
		"What is answered on port 9848, for clients, and 9849, for members. Tests write this page from the table by which requests are answered, and\n" +
		"compare it with all requests that Nacos has. The [HTTP API](nacos-api.md) has a page of its own; so has\n" +
		"[what frameworks ask of configuration](../how-to/frameworks.md).\n")
	var answered [][]string
	for _, kind := range slices.Sorted(maps.Keys(cluster)) {
		why, said := requests[kind]
		if !said {
			t.Errorf("nothing is said of %s", kind)
		}
		port := "members'"
		if sdk[kind] != nil {
			port = "both"
		}
		answered = append(answered, []string{"`" + string(kind) + "`", port, why})
	}
	answered = append(answered, []string{"`ServerCheckRequest`", "both", first}, []string{"`ConnectionSetupRequest`", "both", setUp})
	section(&b, "Requests that are answered", []string{"Request", "Port", "What it does"}, answered)
	section(&b, "Requests that the member makes of clients, on the stream", []string{"Request", "What it does"}, said(asked))
	var needs [][]string
	for _, kind := range slices.Sorted(maps.Keys(rules)) {
		needs = append(needs, []string{"`" + string(kind) + "`", rules[kind].right.String()})
	}
	section(&b, "What callers need where auth is on", []string{"Request", "Right"}, needs)
	b.WriteString("\n[Auth](../how-to/auth.md) says how users get rights. *open* is for everybody, *read* and *write* are rights in the namespace of the request, *member* is for members. Who has not the right is answered by\n" +
		"the failure of the request's own kind, with `resultCode` 500 and `errorCode` 403.\n")
	section(&b, "Error codes", []string{"Code", "In", "When"}, codeRows())
	section(&b, "Out of scope", []string{"Request", "Why"}, said(unserved))
	golden.Check(t, "../../docs/reference/nacos-api-grpc.md", []byte(b.String()))
}

func said(of map[wire.Kind]string) (rows [][]string) {
	for _, kind := range slices.Sorted(maps.Keys(of)) {
		rows = append(rows, []string{"`" + string(kind) + "`", of[kind]})
	}
	return rows
}
