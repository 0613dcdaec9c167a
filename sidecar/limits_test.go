package sidecar

import (
	"context"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"

	"github.com/distro-naming/naming-operator/sidecar/limits"
	"github.com/distro-naming/naming-operator/sidecar/wire"
	"github.com/distro-naming/naming-operator/sidecar/wire/nacospb"
)

// A whole member with limits refuses what is too much on each port, counts it by
// name, and its members go on with each other.
func TestMemberKeepsToItsLimits(t *testing.T) {
	a, b := loopback(90), loopback(91)
	few, err := limits.Parse("connections=1,http-connections=4,services=1")
	if err != nil {
		t.Fatal(err)
	}
	h := open(t, func(_ string, c *Config) { c.Limits = few }, a, b)
	h.ready(a, b)
	h.eventually("the members know each other", func() bool {
		r := h.report(b)
		return len(r.Peers) == 1 && r.Peers[0].State == "UP"
	})
	for i, want := range []int{http.StatusOK, http.StatusServiceUnavailable} {
		service := string('a' + rune(i))
		code, body := h.call(http.MethodPost, "http://"+a+":8848/nacos/v1/ns/instance?ip=10.0.0.1&port=80&serviceName="+service)
		if code != want {
			t.Errorf("service %s: %d %s", service, code, body)
		}
	}
	http.DefaultClient.CloseIdleConnections()

	var d net.Dialer
	h.eventually("one connection more is refused over HTTP", func() bool {
		held, err := d.DialContext(t.Context(), "tcp", a+":8848") // it has a place, as soon as one is free
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = held.Close() }) // who has none is cut off before
		code, body := h.call(http.MethodGet, "http://"+a+":8848/nacos/v1/ns/operator/metrics")
		http.DefaultClient.CloseIdleConnections()
		return code == http.StatusServiceUnavailable && strings.Contains(body, "--limits http-connections=")
	})

	connectTo(t, a, "10.0.0.2", nil)
	h.eventually("a client is served", func() bool { return h.report(a).Connections == 1 })
	conn, err := grpc.NewClient(a+":9848", grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	_, err = nacospb.NewRequestClient(conn).Request(ctx, wire.Payload(wire.ServerCheckRequest, []byte(`{}`)))
	if status.Code(err) != codes.ResourceExhausted || !strings.Contains(err.Error(), "--limits connections=") {
		t.Errorf("a second connection over gRPC is told %v", err)
	}
	_, text := h.get(a, "/metrics")
	_, other := h.get(b, "/metrics") // which may own the client that beats
	for _, limit := range []string{"connections", "http-connections", "services"} {
		if !strings.Contains(text+other, `naming_over_limit_total{limit="`+limit+`"}`) {
			t.Errorf("%s is not counted", limit)
		}
	}
	if r := h.report(b); len(r.Peers) != 1 || r.Peers[0].State != "UP" {
		t.Errorf("the other member lost it: %+v", r.Peers)
	}
}
