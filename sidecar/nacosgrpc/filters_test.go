package nacosgrpc

import (
	"slices"
	"strings"
	"testing"

	"github.com/distro-naming/naming-operator/sidecar/naming"
	"github.com/distro-naming/naming-operator/sidecar/wire"
)

// mixed registers instances of two clusters, one of them unhealthy and one
// disabled.
func mixed(t *testing.T) (*running, *client) {
	t.Helper()
	s := start(t, nil)
	c := connect(t, s.sdk, namingSetup)
	c.must(wire.BatchInstanceRequest, `{"namespace":"public","serviceName":"s","groupName":"g","type":"batchRegisterInstance","instances":[`+
		`{"ip":"a1","port":1,"clusterName":"A"},{"ip":"a2","port":1,"clusterName":"A","healthy":false},`+
		`{"ip":"b1","port":1,"clusterName":"B"},{"ip":"b2","port":1,"clusterName":"B","enabled":false},{"ip":"d","port":1}]}`)
	return s, c
}

func (r reply) addresses() string {
	var out []string
	for _, h := range r.ServiceInfo.Hosts {
		out = append(out, h.IP)
	}
	slices.Sort(out)
	return strings.Join(out, " ")
}

func TestQueriesAndSubscriptionsAreFiltered(t *testing.T) {
	_, c := mixed(t)
	for members, want := range map[string]string{
		`"cluster":""`:                       "a1 a2 b1 d",
		`"healthyOnly":false`:                "a1 a2 b1 d",
		`"healthyOnly":true`:                 "a1 b1 d",
		`"healthOnly":true`:                  "a1 a2 b1 d", // as Python writes it, and Nacos does not read it
		`"cluster":"A"`:                      "a1 a2",
		`"cluster":"A, B"`:                   "a1 a2 b1",
		`"cluster":"A,B","healthyOnly":true`: "a1 b1",
		`"cluster":"C"`:                      "",
		`"cluster":"DEFAULT","selector":"{\"a\":\"b\"}"`: "d",
	} {
		body := `{"namespace":"public","serviceName":"s","groupName":"g",` + members + `}`
		if got := c.must(wire.ServiceQueryRequest, body).addresses(); got != want {
			t.Errorf("%s gives %q, want %q", members, got, want)
		}
	}
	for clusters, want := range map[string]string{"": "a1 a2 b1 d", "B": "b1", "B,A": "a1 a2 b1", "C": ""} {
		body := `{"namespace":"public","serviceName":"s","groupName":"g","subscribe":true,"clusters":"` + clusters + `"}`
		if got := c.must(wire.SubscribeServiceRequest, body).addresses(); got != want {
			t.Errorf("subscribing to %q gives %q, want %q", clusters, got, want)
		}
	}
}

// TestPushesAreFilteredAsWasSubscribed: subscribing again changes the filter.
func TestPushesAreFilteredAsWasSubscribed(t *testing.T) {
	s, c := mixed(t)
	key := naming.ServiceKey{Namespace: "public", Group: "g", Name: "s"}
	for _, tc := range []struct{ clusters, has, lacks string }{{"A", `"ip":"a2"`, `"ip":"b1"`}, {"B", `"ip":"b1"`, `"ip":"a2"`}} {
		c.must(wire.SubscribeServiceRequest,
			`{"namespace":"public","serviceName":"s","groupName":"g","subscribe":true,"clusters":"`+tc.clusters+`"}`)
		done := make(chan error, 1)
		go func() { done <- s.world.subscriber(key)(t.Context(), s.world.View(key)) }()
		body := string(wire.Body(c.acknowledge(wire.NotifySubscriberResponse)))
		if !strings.Contains(body, tc.has) || strings.Contains(body, tc.lacks) {
			t.Errorf("who subscribed to %s was pushed %s", tc.clusters, body)
		}
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
}

// TestListsAreOfAGroupAndPassSelectorsOver: Nacos has no selectors of services yet.
func TestListsAreOfAGroupAndPassSelectorsOver(t *testing.T) {
	_, c := mixed(t)
	c.must(wire.InstanceRequest, strings.Replace(registration("t", anInstance), `"groupName":"g"`, `"groupName":"h"`, 1))
	c.must(wire.InstanceRequest, registration("u", anInstance))
	const list = `{"namespace":"public","groupName":"g","pageNo":1,"pageSize":1,"selector":"{\"type\":\"label\",\"expression\":\"x\"}"}`
	r := c.must(wire.ServiceListRequest, list)
	if r.Count != 2 || !slices.Equal(r.ServiceNames, []string{"s"}) {
		t.Errorf("the first page has %d of %v", r.Count, r.ServiceNames)
	}
	r = c.must(wire.ServiceListRequest, strings.Replace(list, `"pageNo":1`, `"pageNo":2`, 1))
	if r.Count != 2 || !slices.Equal(r.ServiceNames, []string{"u"}) {
		t.Errorf("the second page has %d of %v", r.Count, r.ServiceNames)
	}
}
