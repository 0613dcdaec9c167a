package clients

import (
	"net/http"
	"net/url"
	"slices"
	"testing"

	"github.com/distro-naming/naming-operator/test/clients/drivers/line"
)

// scenario is one row of the table. Scenarios of a part run in order, on one stage,
// each with a service of its own; the last ones end clients.
type scenario struct {
	name  string
	run   func(t *testing.T, s *stage)
	app   func(t *testing.T, a *application) // with an application on top of a client; nil: there is no such thing
	means string
}

var scenarios = []scenario{
	{"register", register, appRegisters, "every member lists the instance"},
	{"batch", batch, nil, "a list is published as a whole, and another one replaces it"},
	{"metadata", metadata, appRegisters, "what was registered is found, and what replaces it"},
	{"weight", weight, appRegisters, "the same"},
	{"query", query, appCalls, "what two clients registered is found, and nothing of a service that nobody registered"},
	{"healthy only", healthyOnly, appCallsHealthy, "an instance whose beats have stopped is found, and left out where only healthy ones are asked for"},
	{"cluster filters", clusterFilters, appCallsNear, "a query and a subscription for a cluster are told of that one only"},
	{"subscribe", subscribe, appFollows, "registration, change and withdrawal are told, nothing twice"},
	{lastLeaves, subscribeToTheLast, appSeesNone, "a subscriber is told that nobody is left"},
	{"unsubscribe", unsubscribe, nil, "nothing is told any more"},
	{"a member is killed", memberKilled, appMemberKilled, "the publisher, which was connected to it, changes and withdraws what it had registered; the subscriber misses nothing that is alive. The member comes back and lists the same"},
	{"a member is drained", memberDrained, appMemberDrained, "the same, and the subscriber was connected to it"},
	{"deregister", deregister, nil, "no member lists it any more"},
	{"graceful close", gracefulClose, appStops, "the client is closed: what it had registered is gone, also while its process goes on"},
	{"process kill", processKill, appDies, "the process of the client is killed: what it had registered goes; over HTTP, where clients live by beats, after 30 s"},
}

func register(t *testing.T, s *stage) {
	do(t, s.publisher, "register", "registered", one(80))
	s.requireListedEverywhere(t, "registered", one(80))
}

// batch publishes a list as a whole, which then replaces the one before.
func batch(t *testing.T, s *stage) {
	do(t, s.publisher, "batch", "batch", one(80), one(81), one(82))
	s.requireListedEverywhere(t, "batch", one(80), one(81), one(82))
	do(t, s.publisher, "batch", "batch", one(82), one(83))
	s.requireListedEverywhere(t, "batch", one(82), one(83))
}

func metadata(t *testing.T, s *stage) {
	i := one(80)
	i.Metadata = map[string]string{"zone": "a", "say": `"ü" & {}=`}
	do(t, s.publisher, "register", "metadata", i)
	requireFound(t, s.subscriber, line.Request{Service: "metadata"}, i)
	i.Metadata["zone"] = "b"
	do(t, s.publisher, "register", "metadata", i)
	requireFound(t, s.subscriber, line.Request{Service: "metadata"}, i)
	s.requireListedEverywhere(t, "metadata", i)
}

func weight(t *testing.T, s *stage) {
	i := one(80)
	i.Weight = 2.5
	do(t, s.publisher, "register", "weight", i)
	requireFound(t, s.subscriber, line.Request{Service: "weight"}, i)
	i.Weight = 7
	do(t, s.publisher, "register", "weight", i)
	requireFound(t, s.subscriber, line.Request{Service: "weight"}, i)
	s.requireListedEverywhere(t, "weight", i)
}

func query(t *testing.T, s *stage) {
	requireFound(t, s.subscriber, line.Request{Service: "nobody"})
	do(t, s.publisher, "register", "query", one(80))
	do(t, s.second, "register", "query", one(81))
	requireFound(t, s.subscriber, line.Request{Service: "query"}, one(80), one(81))
}

// withoutBeats asks for an instance to be unhealthy after two seconds without a
// beat, and not to be removed.
const withoutBeats = `{"preserved.heart.beat.interval":"1000","preserved.heart.beat.timeout":"2000","preserved.ip.delete.timeout":"3600000"}`

// healthyOnly has somebody else register by plain HTTP who sends no beats.
func healthyOnly(t *testing.T, s *stage) {
	sick := url.Values{"serviceName": {"health"}, "ip": {"192.0.2.1"}, "port": {"81"}, "metadata": {withoutBeats}}
	do(t, s.publisher, "register", "health", one(80))
	s.must(t, http.MethodPost, instancePath, sick)
	s.requireListedEverywhere(t, "health", one(80), one(81)) // some clients ask another member each time
	requireFound(t, s.subscriber, line.Request{Service: "health"}, one(80), one(81))
	requireFound(t, s.subscriber, line.Request{Service: "health", Healthy: true}, one(80))
	s.must(t, http.MethodDelete, instancePath, sick)
	requireFound(t, s.subscriber, line.Request{Service: "health"}, one(80))
}

func clusterFilters(t *testing.T, s *stage) {
	const service = "clusters"
	east, west, later := one(80), one(81), one(82)
	east.Cluster, west.Cluster, later.Cluster = "east", "west", "east"
	do(t, s.publisher, "register", service, east)
	do(t, s.second, "register", service, west)
	s.requireListedEverywhere(t, service, east, west)
	watch(t, s.subscriber, service, "east") // first: one client never asks again for what it has queried before
	requireFound(t, s.subscriber, line.Request{Service: service, Clusters: []string{"east"}}, east)
	requireFound(t, s.subscriber, line.Request{Service: service, Clusters: []string{"east", "west"}}, east, west)

	do(t, s.second, "deregister", service, west)
	do(t, s.second, "register", service, later)
	requirePushed(t, s.subscriber, service, []string{"east"}, east, later)
	for _, list := range s.subscriber.lists(service, "east") {
		if slices.Contains(endpoints(list), endpoint(west)) {
			t.Errorf("a subscription to the cluster east was told %v, which is in west", list)
		}
	}
}

// subscribe begins with an instance that is there, since one client tells
// nothing of what it finds first.
func subscribe(t *testing.T, s *stage) {
	const service = "watched"
	do(t, s.publisher, "register", service, one(80))
	s.requireListedEverywhere(t, service, one(80))
	watch(t, s.subscriber, service)
	changed := one(81)
	changed.Weight, changed.Metadata = 3, map[string]string{"zone": "c"}

	do(t, s.second, "register", service, one(81))
	requirePushed(t, s.subscriber, service, nil, one(80), one(81))
	do(t, s.second, "register", service, changed)
	requirePushed(t, s.subscriber, service, nil, one(80), changed)
	do(t, s.second, "deregister", service, one(81))
	requirePushed(t, s.subscriber, service, nil, one(80))
	requireNoneTwice(t, s.subscriber, service)
}

func requireNoneTwice(t *testing.T, d *driver, service string) {
	t.Helper()
	for _, list := range d.lists(service) {
		if got := endpoints(list); len(slices.Compact(slices.Clone(got))) < len(got) {
			t.Errorf("%s was told of something twice: %v", d.name, got)
		}
	}
}

// lastLeaves is named where a client is known to keep the last list.
const lastLeaves = "the last one leaves"

// subscribeToTheLast removes all that was there. Of clients that are said not to
// tell, a change of another service says when they have had their time.
func subscribeToTheLast(t *testing.T, s *stage) {
	const service, other = "emptied", "filled"
	for _, name := range []string{service, other} {
		do(t, s.publisher, "register", name, one(80))
		s.requireListedEverywhere(t, name, one(80))
		watch(t, s.subscriber, name)
		do(t, s.second, "register", name, one(81))
		requirePushed(t, s.subscriber, name, nil, one(80), one(81))
	}
	do(t, s.second, "deregister", service, one(81))
	requirePushed(t, s.subscriber, service, nil, one(80))
	do(t, s.publisher, "deregister", service, one(80))
	s.requireListedEverywhere(t, service)
	if _, keeps := s.kind.absent[lastLeaves]; keeps {
		do(t, s.second, "deregister", other, one(81))
		requirePushed(t, s.subscriber, other, nil, one(80))
		if lists := s.subscriber.lists(service); len(lists[len(lists)-1]) > 0 {
			t.Skip("it keeps the last list")
		}
	}
	requirePushed(t, s.subscriber, service, nil)
}

// unsubscribe lets a change of another service say when a change that must not
// be told has had its time.
func unsubscribe(t *testing.T, s *stage) {
	const service, other = "left", "kept"
	for _, name := range []string{service, other} {
		do(t, s.publisher, "register", name, one(80))
		s.requireListedEverywhere(t, name, one(80))
		watch(t, s.subscriber, name)
		do(t, s.second, "register", name, one(81))
		requirePushed(t, s.subscriber, name, nil, one(80), one(81))
	}
	do(t, s.subscriber, "unsubscribe", service)
	told := len(s.subscriber.lists(service))
	for _, name := range []string{service, other} {
		do(t, s.second, "deregister", name, one(81))
		s.requireListedEverywhere(t, name, one(80))
	}
	requirePushed(t, s.subscriber, other, nil, one(80))
	if lists := s.subscriber.lists(service); len(lists) > told {
		t.Errorf("after it had unsubscribed, %s was told %v", s.subscriber.name, lists[told:])
	}
}

func deregister(t *testing.T, s *stage) {
	const service = "withdrawn"
	do(t, s.publisher, "register", service, one(80))
	do(t, s.second, "register", service, one(81))
	s.requireListedEverywhere(t, service, one(80), one(81))
	do(t, s.publisher, "deregister", service, one(80))
	s.requireListedEverywhere(t, service, one(81))
	do(t, s.second, "deregister", service, one(81))
	s.requireListedEverywhere(t, service)
}

// gracefulClose has a client close and its process stay.
func gracefulClose(t *testing.T, s *stage) {
	const service = "closing"
	do(t, s.publisher, "register", service, one(80))
	do(t, s.second, "register", service, one(81))
	s.requireListedEverywhere(t, service, one(80), one(81))
	do(t, s.second, "close", "")
	s.requireListedEverywhere(t, service, one(80))
}

func processKill(t *testing.T, s *stage) {
	const service = "dying"
	do(t, s.publisher, "register", service, one(80))
	s.requireListedEverywhere(t, service, one(80))
	s.publisher.kill(t)
	s.requireListedEverywhere(t, service)
}
