package sidecar

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

// TestEveryVersionOfTheHTTPAPIWritesToTheOwner registers, changes and deregisters
// by each version at each of three members; all list the same.
func TestEveryVersionOfTheHTTPAPIWritesToTheOwner(t *testing.T) {
	members := []string{loopback(11), loopback(12), loopback(13)}
	h := newHouse(t, members...)
	ways := []string{"/nacos/v1/ns/instance", "/nacos/v2/ns/instance", "/nacos/v3/client/ns/instance", "/nacos/v3/admin/ns/instance"}
	call := func(member, method, path, query string) (int, string) {
		return h.call(method, "http://"+member+":8848"+path+"?"+query)
	}
	each := func(do func(member, way, endpoint string)) {
		for w, way := range ways {
			for m, member := range members {
				do(member, way, fmt.Sprintf("serviceName=g@@web&ip=10.0.%d.%d&port=80", w, m))
			}
		}
	}
	listing := func(member string) string {
		_, body := call(member, "GET", "/nacos/v1/ns/instance/list", "serviceName=g@@web")
		return body
	}
	each(func(member, way, endpoint string) {
		if status, body := call(member, "POST", way, endpoint+"&metadata=a%3D1"); status != http.StatusOK || !strings.Contains(body, "ok") {
			t.Errorf("POST %s at %s: %d %s", way, member, status, body)
		}
	})
	for _, member := range members {
		h.eventually(member+" lists what was registered anywhere", func() bool { return strings.Count(listing(member), `"ip":`) == 12 })
	}
	changes := "serviceName=g@@web&consistencyType=ephemeral&metadata=" + url.QueryEscape(`{"b":"2"}`)
	if _, body := call(members[0], "PUT", "/nacos/v1/ns/instance/metadata/batch", changes); strings.Count(body, ":ephemeral") != 12 {
		t.Errorf("changed in bulk: %s, want all 12", body)
	}
	for _, member := range members {
		h.eventually(member+" lists what was changed in bulk", func() bool { return strings.Count(listing(member), `"b":"2"`) == 12 })
	}
	each(func(member, way, endpoint string) {
		if strings.Contains(way, "client") { // which has no way to change
			return
		}
		if status, body := call(member, "PUT", way, endpoint+"&weight=3&metadata=c%3D3"); status != http.StatusOK {
			t.Errorf("PUT %s at %s: %d %s", way, member, status, body)
		}
	})
	for _, member := range members {
		h.eventually(member+" lists what was changed", func() bool {
			body := listing(member)
			return strings.Count(body, `"b":"2"`) == 3 && strings.Count(body, `"weight":3.0`) == 9 && strings.Count(body, `"c":"3"`) == 9
		})
	}
	each(func(member, way, endpoint string) {
		if status, body := call(member, "DELETE", way, endpoint); status != http.StatusOK {
			t.Errorf("DELETE %s at %s: %d %s", way, member, status, body)
		}
	})
	for _, member := range members {
		h.eventually(member+" lists nothing", func() bool { return strings.Count(listing(member), `"ip":`) == 0 })
	}
}

// TestClientsOf1xArePushedOverUDP subscribes as Java 1.4 does, at one member, and
// registers at another.
func TestClientsOf1xArePushedOverUDP(t *testing.T) {
	a, b := loopback(14), loopback(15)
	h := newHouse(t, a, b)
	client, err := (&net.ListenConfig{}).ListenPacket(t.Context(), "udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	port := client.LocalAddr().(*net.UDPAddr).Port
	subscribe(t, a, port)
	if body := h.instances(b, "POST", "?serviceName=pushed&ip=10.0.0.1&port=80"); body != "ok" {
		t.Fatal(body)
	}
	packet := make([]byte, 64<<10)
	if err := client.SetReadDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	n, from, err := client.ReadFrom(packet)
	if err != nil {
		t.Fatalf("nothing was pushed: %v", err)
	}
	pushed := readPush(t, packet[:n])
	if !strings.Contains(pushed.Data, `"name":"DEFAULT_GROUP@@pushed"`) || !strings.Contains(pushed.Data, `"ip":"10.0.0.1"`) {
		t.Errorf("pushed %+v", pushed)
	}
	acknowledged := fmt.Sprintf(`{"type":"push-ack","lastRefTime":"%d","data":""}`, pushed.Ref)
	if _, err := client.WriteTo([]byte(acknowledged), from); err != nil {
		t.Fatal(err)
	}
	h.eventually("the push counts as done", func() bool {
		_, body := h.call("GET", "http://"+a+":8848/nacos/v1/ns/operator/push/state")
		return strings.Contains(body, `"succeed":1,`)
	})
	if body := h.instances(b, "PUT", "?serviceName=pushed&ip=10.0.0.1&port=80&weight=3"); body != "ok" {
		t.Fatal(body)
	}
	for !strings.Contains(pushed.Data, `"weight":3.0`) { // what is set is pushed as well
		if n, _, err = client.ReadFrom(packet); err != nil {
			t.Fatalf("what was set was not pushed: %v", err)
		}
		pushed = readPush(t, packet[:n])
	}
	for _, m := range []string{a, b} {
		_, body := h.call("GET", "http://"+m+":8848/nacos/v1/ns/service/subscribers?serviceName=pushed")
		if !strings.Contains(body, fmt.Sprintf(`"addrStr":"127.0.0.1:%d","agent":"Nacos-Java-Client:v1.4.3"`, port)) {
			t.Errorf("%s says that there watch %s", m, body)
		}
	}
}

// subscribe asks for a list as Java 1.4 does, which wants to be told of changes.
func subscribe(t *testing.T, member string, port int) {
	t.Helper()
	path := fmt.Sprintf("http://%s:8848/nacos/v1/ns/instance/list?serviceName=DEFAULT_GROUP@@pushed&udpPort=%d&clientIP=127.0.0.1", member, port)
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, path, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("User-Agent", "Nacos-Java-Client:v1.4.3")
	from := http.Transport{DialContext: (&net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)}}).DialContext}
	defer from.CloseIdleConnections()
	answer, err := from.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		t.Fatalf("list: %d", answer.StatusCode)
	}
}

// pushedList is a packet as a client reads it.
type pushedList struct {
	Data string
	Ref  int64 `json:"lastRefTime"`
}

func readPush(t *testing.T, packet []byte) (out pushedList) {
	t.Helper()
	if bytes.HasPrefix(packet, []byte{0x1f, 0x8b}) {
		z, err := gzip.NewReader(bytes.NewReader(packet))
		if err != nil {
			t.Fatal(err)
		}
		if packet, err = io.ReadAll(z); err != nil {
			t.Fatal(err)
		}
	}
	if err := json.Unmarshal(packet, &out); err != nil {
		t.Fatalf("%v: %s", err, packet)
	}
	return out
}

// TestWhatToolsAskIsAnsweredByAMember reads a running member as consoles, tools and
// Prometheus do.
func TestWhatToolsAskIsAnsweredByAMember(t *testing.T) {
	a, b := loopback(16), loopback(17)
	h := newHouse(t, a, b)
	if body := h.instances(a, "POST", "?serviceName=web&ip=10.0.0.1&port=80&metadata=team%3Dred"); body != "ok" {
		t.Fatal(body)
	}
	h.eventually("both list it", func() bool { return h.lists(a, "web", "10.0.0.1") && h.lists(b, "web", "10.0.0.1") })
	for path, says := range map[string]string{
		"/prometheus": `[{"targets":["10.0.0.1:80"],"labels":{"__meta_clusterName":"DEFAULT","team":"red"}}]`,
		"/prometheus/namespaceId/public/service/web": `"10.0.0.1:80"`,
		"/v1/core/cluster/nodes":                     `"address":"` + b + `:8848"`,
		"/v3/admin/core/cluster/node/list":           `"state":"UP"`,
		"/serverlist":                                a + ":8848\n" + b + ":8848\n",
		"/v1/ns/operator/metrics?onlyStatus=false":   `"serviceCount":1,"instanceCount":1`,
		"/v1/ns/catalog/services?pageNo=1&pageSize=10": `{"count":1,"serviceList":[{"name":"web","groupName":"DEFAULT_GROUP",` +
			`"clusterCount":1,"ipCount":1,"healthyInstanceCount":1,"triggerFlag":"false"}]}`,
		"/v2/ns/client/list": `"data":["10.0.0.1:80#true"]`,
		"/v2/ns/client/service/publisher/list?serviceName=web": `{"ip":"10.0.0.1","port":80,"cluster":"DEFAULT","clientId":"10.0.0.1:80#true"}`,
		"/v3/admin/ns/client?clientId=10.0.0.1:80%23true":      `"clientType":"ipPort"`,
		"/v1/ns/operator/distro/client?ip=10.0.0.1&port=80":    `{"responsibleServer":"127.`,
	} {
		for _, m := range []string{a, b} {
			if _, body := h.call("GET", "http://"+m+":8848/nacos"+path); !strings.Contains(body, says) {
				t.Errorf("%s: %s, want %s in it", path, body, says)
			}
		}
	}
}
