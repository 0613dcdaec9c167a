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
	wire.DistroDataRequest:              "replication between members",
	wire.MemberReportRequest:            "members say how they are",
	wire.ServerLoaderInfoRequest:        "how many clients are connected",
	wire.ServerReloadRequest:            "move clients to another member",
	wire.ConfigChangeClusterSyncRequest: "taken and passed over: configuration is not kept",
}

// unasked are requests of Nacos that nobody answers here, and why.
var unasked = map[string]string{
	"NamingFuzzyWatchRequest": "Fuzzy watch is not offered. The answer is `ErrorResponse` 302, as from 2.5.1.",
	"ConfigQueryRequest, ConfigPublishRequest, ConfigRemoveRequest, ConfigBatchListenRequest": "Configuration is not kept. The answer is `ErrorResponse` 302.",
	"LockOperationRequest": "There are no distributed locks. The answer is `ErrorResponse` 302.",
}

// TestPageOfRequestsIsWrittenFromTheTable keeps docs/reference/nacos-api-grpc.md
// honest: it is the table by which requests are answered.
func TestPageOfRequestsIsWrittenFromTheTable(t *testing.T) {
	s := &Server{}
	sdk, cluster := s.handlers(), s.clusterHandlers()
	var b strings.Builder
	b.WriteString("# Nacos's gRPC API\n\n" +
		"What is answered on port 9848, for clients, and 9849, for members. A test writes this page from the table by which requests are answered. The\n" +
		"[HTTP API](nacos-api.md) has a page of its own.\n")
	var rows [][]string
	for _, kind := range slices.Sorted(maps.Keys(cluster)) {
		why, said := requests[kind]
		if !said {
			t.Errorf("nothing is said of %s", kind)
		}
		port := "members'"
		if sdk[kind] != nil {
			port = "both"
		}
		rows = append(rows, []string{"`" + string(kind) + "`", port, why})
	}
	rows = append(rows,
		[]string{"`ServerCheckRequest`", "both", "who is there; the first of every connection"},
		[]string{"`ConnectionSetupRequest`", "both", "who calls, on the stream; answered by `SetupAckRequest` where abilities are told"},
	)
	section(&b, "Requests that are answered", []string{"Request", "Port", "What it does"}, rows)
	section(&b, "Requests that the member makes of clients, on the stream", []string{"Request", "What it does"}, [][]string{
		{"`NotifySubscriberRequest`", "the newest list of a service that is watched"},
		{"`ClientDetectionRequest`", "asks who has been silent whether it is there"},
		{"`ConnectResetRequest`", "asks to go to another member"},
	})
	var needs [][]string
	for _, kind := range slices.Sorted(maps.Keys(rules)) {
		needs = append(needs, []string{"`" + string(kind) + "`", rules[kind].right.String()})
	}
	section(&b, "What callers need where auth is on", []string{"Request", "Right"}, needs)
	b.WriteString("\n[Auth](../how-to/auth.md) says how users get rights. *open* is for everybody, *read* and *write* are rights in the namespace of the request, *member* is for members. Who has not the right is answered by\n" +
		"the failure of the request's own kind, with `resultCode` 500 and `errorCode` 403.\n")
	var not [][]string
	for _, name := range slices.Sorted(maps.Keys(unasked)) {
		not = append(not, []string{"`" + strings.ReplaceAll(name, ", ", "`, `") + "`", unasked[name]})
		for one := range strings.SplitSeq(name, ", ") {
			if cluster[wire.Kind(one)] != nil {
				t.Errorf("%s is said not to be answered, and is", one)
			}
		}
	}
	section(&b, "Out of scope", []string{"Request", "Why"}, not)
	golden.Check(t, "../../docs/reference/nacos-api-grpc.md", []byte(b.String()))
}
