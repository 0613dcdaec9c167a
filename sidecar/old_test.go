package sidecar

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/protobuf/types/known/anypb"

	"github.com/distro-naming/naming-operator/sidecar/naming"
	"github.com/distro-naming/naming-operator/sidecar/wire/nacospb"
)

// names are services of which every member of a cluster of three owns some.
var names = []string{"alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta"}

func service(name string) naming.ServiceKey {
	return naming.ServiceKey{Namespace: "public", Group: "DEFAULT_GROUP", Name: name}
}

// mixed is two of our members and one of Nacos 1.x.
type mixed struct {
	*house
	t         *testing.T
	a, b, old string
	o         *oldMember
}

func newMixed(t *testing.T, first int) *mixed {
	t.Helper()
	m := &mixed{t: t, a: loopback(first), b: loopback(first + 1), old: loopback(first + 2)}
	m.house = newHouse(t, m.a, m.b)
	m.setList(2, m.a, m.b, m.old)
	m.join()
	return m
}

// join starts the old member and waits until all know how it replicates.
func (m *mixed) join() {
	m.t.Helper()
	m.o = startOld(m.t, m.old, m.a, m.b, m.old)
	m.requireTransport("v1")
}

func (m *mixed) requireTransport(want string) {
	m.t.Helper()
	for ip := range m.stop {
		m.eventually(ip+" tells the old member by "+want, func() bool {
			for _, p := range m.report(ip).Peers {
				if p.Member == m.old+":8848" {
					return p.Transport == want && p.State == "UP"
				}
			}
			return false
		})
	}
}

// requireListed waits until every member lists exactly these instances in every
// service.
func (m *mixed) requireListed(want ...string) {
	m.t.Helper()
	slices.Sort(want)
	for _, name := range names {
		for ip := range m.stop {
			m.eventually(fmt.Sprintf("%s lists %v in %s", ip, want, name), func() bool {
				return slices.Equal(m.hosts(ip, name), want)
			})
		}
		if m.o != nil {
			m.eventually(fmt.Sprintf("the old member lists %v in %s", want, name), func() bool {
				return slices.Equal(m.o.lists(service(name)), want)
			})
		}
	}
}

// hosts returns the IPs that a member lists.
func (m *mixed) hosts(ip, name string) []string {
	var answer struct{ Hosts []struct{ IP string } }
	text := m.instances(ip, http.MethodGet, "/list?serviceName="+name)
	if json.Unmarshal([]byte(text), &answer) != nil {
		return nil
	}
	out := []string{}
	for _, h := range answer.Hosts {
		out = append(out, h.IP)
	}
	slices.Sort(out)
	return out
}

// beating is an HTTP client that registers an instance in every service and
// beats for it at the first of its members that answers, until it is stopped.
func (m *mixed) beating(instance string, members ...string) (stop func()) {
	m.t.Helper()
	ctx, cancel := context.WithCancel(m.t.Context())
	done := make(chan struct{})
	for _, name := range names {
		query := "?serviceName=" + name + "&port=80&ip=" + instance
		m.eventually(instance+" is registered", func() bool { return m.instances(members[0], http.MethodPost, query) == "ok" })
	}
	go func() {
		defer close(done)
		tick := time.NewTicker(time.Second)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
			for _, name := range names {
				beat := fmt.Sprintf(`{"ip":%q,"port":80,"weight":1,"cluster":"DEFAULT","metadata":{}}`, instance)
				query := "/beat?serviceName=" + name + "&beat=" + url.QueryEscape(beat)
				for _, ip := range members {
					if status, _ := m.call(http.MethodPut, "http://"+ip+":8848/nacos/v1/ns/instance"+query); status == http.StatusOK {
						break
					}
				}
			}
		}
	}()
	stop = func() { cancel(); <-done }
	m.t.Cleanup(stop)
	return stop
}

// connection is a gRPC client of one of our members.
type connection struct {
	m    *mixed
	conn *grpc.ClientConn
	call nacospb.RequestClient
}

func (m *mixed) connect(ip string) *connection {
	m.t.Helper()
	conn, err := grpc.NewClient(ip+":9848", grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		m.t.Fatal(err)
	}
	c := &connection{m: m, conn: conn, call: nacospb.NewRequestClient(conn)}
	m.t.Cleanup(c.close)
	stream, err := nacospb.NewBiRequestStreamClient(conn).RequestBiStream(context.WithoutCancel(m.t.Context()))
	if err == nil {
		err = stream.Send(payload("ConnectionSetupRequest", map[string]any{
			"clientVersion": "Test:v0", "abilities": map[string]any{}, "labels": map[string]string{"source": "sdk", "module": "naming"},
		}))
	}
	if err != nil {
		m.t.Fatal(err)
	}
	m.eventually("the connection is known", func() bool { return c.try("HealthCheckRequest", map[string]any{}) })
	return c
}

func (c *connection) close() { _ = c.conn.Close() } // it may be closed already

func payload(kind string, body map[string]any) *nacospb.Payload {
	text, _ := json.Marshal(body) // plain values
	return &nacospb.Payload{
		Metadata: &nacospb.Metadata{Type: kind, ClientIp: "127.0.0.1", Headers: map[string]string{}},
		Body:     &anypb.Any{Value: text},
	}
}

func (c *connection) try(kind string, body map[string]any) bool {
	out, err := c.call.Request(c.m.t.Context(), payload(kind, body))
	var result struct{ ResultCode int }
	return err == nil && json.Unmarshal(out.GetBody().GetValue(), &result) == nil && result.ResultCode == 200
}

// publish registers or deregisters an instance in every service.
func (c *connection) publish(verb, instance string) {
	c.m.t.Helper()
	for _, name := range names {
		done := c.try("InstanceRequest", map[string]any{
			"namespace": "public", "serviceName": name, "groupName": "DEFAULT_GROUP", "type": verb, "module": "naming",
			"instance": map[string]any{
				"ip": instance, "port": 80, "weight": 1.0, "healthy": true, "enabled": true, "ephemeral": true,
				"clusterName": "DEFAULT", "metadata": map[string]string{},
			},
		})
		if !done {
			c.m.t.Fatalf("%s of %s was refused", verb, instance)
		}
	}
}

func TestOldMemberAndOursConverge(t *testing.T) {
	m := newMixed(t, 20)
	m.beating("10.0.0.1", m.a)
	stop := m.beating("10.0.0.2", m.old)
	held, dying := m.connect(m.a), m.connect(m.b)
	held.publish("registerInstance", "10.0.0.3")
	dying.publish("registerInstance", "10.0.0.4")
	m.requireListed("10.0.0.1", "10.0.0.2", "10.0.0.3", "10.0.0.4")
	dying.close()
	m.requireListed("10.0.0.1", "10.0.0.2", "10.0.0.3")
	held.publish("deregisterInstance", "10.0.0.3")
	m.requireListed("10.0.0.1", "10.0.0.2")
	stop()
	for _, name := range names {
		m.instances(m.b, http.MethodDelete, "?serviceName="+name+"&port=80&ip=10.0.0.2")
	}
	m.requireListed("10.0.0.1")
}

func TestChecksumsRepairWhatAnOldMemberLost(t *testing.T) {
	m := newMixed(t, 23)
	m.o.setDeaf(true)
	held := m.connect(m.a)
	held.publish("registerInstance", "10.0.0.3")
	m.requireListed("10.0.0.3") // it hears nothing, and asks
}

func TestOldMemberDiesAndReturns(t *testing.T) {
	m := newMixed(t, 26)
	m.beating("10.0.0.1", m.a)
	m.beating("10.0.0.2", m.old, m.b)
	held := m.connect(m.b)
	held.publish("registerInstance", "10.0.0.3")
	m.requireListed("10.0.0.1", "10.0.0.2", "10.0.0.3")
	m.o.kill()
	m.o = nil
	leaving := m.connect(m.a)
	leaving.publish("registerInstance", "10.0.0.4")
	m.requireListed("10.0.0.1", "10.0.0.2", "10.0.0.3", "10.0.0.4")
	leaving.close()
	m.requireListed("10.0.0.1", "10.0.0.2", "10.0.0.3")
	m.join()
	m.requireListed("10.0.0.1", "10.0.0.2", "10.0.0.3")
}

func TestOneOfOursLeavesAnOldMember(t *testing.T) {
	m := newMixed(t, 29)
	m.beating("10.0.0.1", m.a, m.b)
	m.beating("10.0.0.2", m.old)
	held := m.connect(m.b)
	held.publish("registerInstance", "10.0.0.3")
	m.requireListed("10.0.0.1", "10.0.0.2", "10.0.0.3")
	m.leave(m.a)
	m.requireListed("10.0.0.1", "10.0.0.2", "10.0.0.3")
	m.start(m.a)
	m.eventually("it is back", func() bool { status, _ := m.get(m.a, "/readyz"); return status == http.StatusOK })
	m.requireListed("10.0.0.1", "10.0.0.2", "10.0.0.3")
}

func TestOldMemberIsUpgraded(t *testing.T) {
	m := newMixed(t, 32)
	m.beating("10.0.0.1", m.a)
	m.beating("10.0.0.2", m.old, m.b)
	m.requireListed("10.0.0.1", "10.0.0.2")
	m.o.says("2.2.0") // and so must be told over gRPC, which this one does not take
	for ip := range m.stop {
		m.eventually(ip+" knows", func() bool { return m.report(ip).Peers[1].Transport == "" })
	}
	m.o.kill()
	m.o = nil
	m.requireListed("10.0.0.1", "10.0.0.2")
}

func TestSlowOldMemberKeepsWhatWasWrittenMeanwhile(t *testing.T) {
	m := newMixed(t, 35)
	stop := m.beating("10.0.0.1", m.a, m.b)
	m.requireListed("10.0.0.1")
	stop() // its beats would say what it was
	m.o.stalled.Lock()
	for _, name := range names {
		query := "?serviceName=" + name + "&port=80&ip=10.0.0.1&weight=7"
		m.eventually("the change is taken", func() bool { return m.instances(m.a, http.MethodPost, query) == "ok" })
	}
	m.o.stalled.Unlock()
	for _, name := range names {
		m.eventually("all list the change in "+name, func() bool {
			for _, ip := range []string{m.a, m.b} {
				if !strings.Contains(m.instances(ip, http.MethodGet, "/list?serviceName="+name), `"weight":7.0`) {
					return false
				}
			}
			return m.o.weight(service(name), "10.0.0.1") == 7
		})
		m.instances(m.b, http.MethodPut, "/beat?serviceName="+name+"&ip=10.0.0.1&port=80") // it lives on
	}
}
