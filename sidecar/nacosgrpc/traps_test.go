package nacosgrpc

import (
	"context"
	"errors"
	"maps"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/distro-naming/naming-operator/sidecar/member"
	"github.com/distro-naming/naming-operator/sidecar/naming"
	"github.com/distro-naming/naming-operator/sidecar/wire"
	"github.com/distro-naming/naming-operator/sidecar/wire/nacospb"
)

// trap is something that captured traffic showed Java to do, and what must be
// done here because of it.
type trap = map[string]func(t *testing.T)

func spring(t *testing.T, traps trap) {
	t.Helper()
	for name, run := range traps {
		t.Run(name, run)
	}
}

// javaWith starts a server that has the Java peer of these tests in its list, and
// connects as that peer.
func javaWith(t *testing.T) (*running, *client) {
	t.Helper()
	s := start(t, nil)
	s.world.do(func() { s.world.java = callerAddress })
	return s, connect(t, s.cluster, clusterSetup)
}

func verifyOf(c naming.ClientID, revision int32) *nacospb.Payload {
	return wire.Payload(wire.DistroDataRequest, wire.VerifyRequest(naming.Mark{Client: c, Stamp: naming.Stamp{Revision: revision}}))
}

func changeOf(r *naming.Record) *nacospb.Payload {
	return wire.Payload(wire.DistroDataRequest, wire.NewChange(r).Request(selfAddress))
}

// refusedTyped fails unless the answer is the only one after which Java resends.
func refusedTyped(t *testing.T, r reply) {
	t.Helper()
	if r.kind != wire.DistroDataResponse || r.ResultCode != wire.CodeServerError {
		t.Errorf("answered %+v, want a DistroDataResponse with 500", r)
	}
}

const theirs = naming.ClientID("1_10.0.0.1_1")

func TestTrapsThatDecideTheDesign(t *testing.T) {
	spring(t, trap{
		"a listed member answers five kinds of requests, and is not dialed first": func(t *testing.T) {
			_, c := javaWith(t) // the stream is the second
			c.must(wire.ServerCheckRequest, `{}`)
			c.must(wire.HealthCheckRequest, `{}`)
			c.must(wire.MemberReportRequest, `{"node":{"ip":"127.0.0.1","port":38848,"state":"UP","address":"127.0.0.1:38848"}}`)
			c.must(wire.DistroDataRequest, string(wire.SnapshotRequest()))
		},
		"no Raft is claimed to run here, whose vote would be missed": func(t *testing.T) {
			if body := string(wire.ReportResult(newWorld(selfAddress).self)); strings.Contains(body, "raftMetaData") {
				t.Errorf("the report has Raft groups: %s", body)
			}
		},
		"a booting Java takes the first snapshot for all there is": func(t *testing.T) {
			s, c := javaWith(t)
			s.world.do(func() { s.world.loaded = false })
			refusedTyped(t, c.distro(wire.Payload(wire.DistroDataRequest, wire.SnapshotRequest())))
		},
		"after our restart Java only verifies what it had sent": func(t *testing.T) {
			s, c := javaWith(t)
			refusedTyped(t, c.distro(verifyOf(theirs, 3)))
			c.distro(changeOf(naming.Normal(theirs, naming.Stamp{Revision: 3}, nil)))
			if r := c.distro(verifyOf(theirs, 3)); r.ResultCode != wire.CodeSuccess || s.world.record(theirs) == nil {
				t.Errorf("after the change: %+v", r)
			}
			refusedTyped(t, c.distro(verifyOf(theirs, 4)))
		},
		"nothing but a typed 500 makes Java resend": verifiesThatFail,
		"a DELETE may never come, and one that comes twice is well": func(t *testing.T) {
			s, c := javaWith(t) // that it expires without one is shown in package distro
			c.distro(changeOf(naming.Normal(theirs, naming.Stamp{Revision: 3}, nil)))
			for range 2 {
				in := wire.Payload(wire.DistroDataRequest, wire.DeleteRequest(theirs, selfAddress))
				if r := c.distro(in); r.ResultCode != wire.CodeSuccess || s.world.record(theirs) != nil {
					t.Errorf("answered %+v", r)
				}
			}
		},
		"an ErrorResponse costs an SDK four calls and a health check": typedRefusals,
		"the empty namespace is apart where Java is":                  emptyNamespace,
		"3.x asks for the identity of members only":                   TestMembersPortAsksForTheIdentity,
		"no Distro message differs between 2.5.1 and 3.0.3": func(t *testing.T) {
			shapes := map[string]map[string]shape{"2.5.1": {}, "3.0.3": {}}
			for _, m := range recordings(t) {
				if strings.HasPrefix(m.name, "distro-") {
					shapes[m.version][m.name] = shapeOf(t, m.Body)
				}
			}
			if diff := cmp.Diff(shapes["2.5.1"], shapes["3.0.3"]); diff != "" {
				t.Error(diff)
			}
		},
	})
}

// verifiesThatFail are all ways in which a VERIFY can go wrong here: unreadable,
// unknown, different, by a defect, because this member stops.
func verifiesThatFail(t *testing.T) {
	s, c := javaWith(t)
	for _, content := range []string{"", `,"content":""`, `,"content":"e2JhZA=="`, `,"content":"e30="`} {
		refusedTyped(t, c.call(wire.DistroDataRequest, `{"distroData":{"distroKey":{"resourceKey":"1_a_1",`+
			`"resourceType":"Nacos:Naming:v2:ClientData"},"type":"VERIFY"`+content+`},"dataOperation":"VERIFY"}`))
	}
	for _, fault := range []error{naming.ErrStopped, naming.ErrLoading, context.DeadlineExceeded, errors.New("any")} {
		s.world.do(func() { s.world.fault = fault })
		refusedTyped(t, c.distro(verifyOf(theirs, 3)))
	}
	s.world.do(func() { s.world.panics = true })
	refusedTyped(t, c.distro(verifyOf(theirs, 3)))
}

func emptyNamespace(t *testing.T) {
	for _, java := range []member.Address{"", callerAddress} {
		s := start(t, nil)
		s.world.do(func() { s.world.java = java })
		c := connect(t, s.sdk, namingSetup)
		c.must(wire.InstanceRequest, strings.Replace(registration("s", `{"ip":"a","port":1}`), `"public"`, `""`, 1))
		got := s.world.registry.Services()
		want := map[member.Address]string{"": "public", callerAddress: ""}[java]
		if len(got) != 1 || got[0].Namespace != want {
			t.Errorf("with Java %q it is in %v, want %q", java, got, want)
		}
	}
}

func TestTrapsThatCorrectThePages(t *testing.T) {
	spring(t, trap{
		"acknowledgements are judged by their code alone": func(t *testing.T) {
			for ack, good := range map[string]bool{
				`{"resultCode":200,"errorCode":0,"success":true,"message":"","requestId":"1"}`: true,  // Go 2.3.5
				`{"resultCode": 200, "errorCode": 0, "message": "", "requestId": "1"}`:         true,  // Python
				`{"resultCode":200,"success":false,"requestId":"1"}`:                           true,  // older ones
				`{"resultCode":500,"success":true,"requestId":"1"}`:                            false, // nobody, but it says so
			} {
				m := recorded{Type: wire.NotifySubscriberResponse, Body: ack}
				if err := m.acknowledges(t, start(t, nil)); (err == nil) != good {
					t.Errorf("%s: %v", ack, err)
				}
			}
		},
		"who names no abilities gets no SetupAck, who names none of them does": func(t *testing.T) {
			for _, setup := range []string{`{"labels":{"module":"naming"}}`, `{"labels":{"module":"naming"},"abilityTable":{}}`} {
				recorded{name: "sdk-", Body: setup}.replaySetUp(t, start(t, nil))
			}
		},
		"no ability is announced that is not there": func(t *testing.T) {
			for _, port := range []string{"sdk-", "cluster-"} {
				c := open(t, recorded{name: port}.address(start(t, nil)))
				c.setUp(namingSetup)
				if got := string(wire.Body(c.receive())); got != string(wire.Abilities()) {
					t.Errorf("announced %s", got)
				}
			}
		},
		"a query without namespace or group finds nothing": func(t *testing.T) {
			c := connect(t, start(t, nil).sdk, namingSetup)
			for _, body := range []string{`{"serviceName":"s","groupName":"g"}`, `{"serviceName":"s","namespace":"public"}`, `{}`} {
				if r := c.must(wire.ServiceQueryRequest, body); r.ServiceInfo == nil || len(r.ServiceInfo.Hosts) != 0 {
					t.Errorf("%s was answered %+v", body, r)
				}
			}
		},
		"reports are taken over gRPC, so Java never alternates with HTTP": func(t *testing.T) {
			_, c := javaWith(t)
			c.must(wire.MemberReportRequest, string(wire.ReportRequest(member.Node{Address: callerAddress})))
			if body := string(wire.HTTPReportResult(newWorld(selfAddress).self)); !strings.Contains(body, `\"grpcReportEnabled\":true`) {
				t.Errorf("over HTTP it says %s", body)
			}
		},
		"a changed configuration is told for ever unless it is acknowledged": func(t *testing.T) {
			_, c := javaWith(t)
			r := c.must(wire.ConfigChangeClusterSyncRequest, `{"dataId":"d","group":"g","tenant":"","lastModified":1,"module":"config"}`)
			if r.kind != wire.ConfigChangeClusterSyncResponse {
				t.Errorf("answered %+v", r)
			}
		},
	})
}

// TestEveryRecordingHasAPlace finds a file that would be left out for its name.
func TestEveryRecordingHasAPlace(t *testing.T) {
	places := map[string]bool{}
	for _, m := range recordings(t) {
		prefix, _, _ := strings.Cut(m.name, "-")
		places[prefix] = true
	}
	want := map[string]bool{"cluster": true, "distro": true, "sdk": true, "udp": true}
	if !maps.Equal(places, want) {
		t.Errorf("recordings begin with %v, want %v (%s)", places, want, filepath.Join("..", "wire", "testdata"))
	}
}

func typedRefusals(t *testing.T) {
	c := connect(t, start(t, nil).sdk, namingSetup)
	for _, body := range []string{
		registration("", `{"ip":"a"}`), registration("a b", `{"ip":"a"}`), registration("s", `{"ip":""}`),
		registration("s", `{"ip":"a","port":70000}`), registration("s", `{"ip":"a","clusterName":"a_b"}`),
		registration("s", `{"ip":"a","weight":"x"}`), registration("s", `{"ip":"a","ephemeral":false}`),
	} {
		if r := c.call(wire.InstanceRequest, body); r.kind != wire.InstanceResponse || r.ResultCode == wire.CodeSuccess {
			t.Errorf("%s was answered %+v", body, r)
		}
	}
}
