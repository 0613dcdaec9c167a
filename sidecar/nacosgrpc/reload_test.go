package nacosgrpc

import (
	"encoding/json"
	"strconv"
	"strings"
	"testing"

	"github.com/distro-naming/naming-operator/sidecar/wire"
)

func TestLoadIsToldInTrueNumbers(t *testing.T) {
	s := start(t, nil)
	connect(t, s.sdk, namingSetup)
	connect(t, s.sdk, namingSetup)
	open(t, s.sdk).must(wire.ServerCheckRequest, `{}`) // which is not set up, and does not count
	c := connect(t, s.cluster, clusterSetup)
	p, err := c.calls.Request(t.Context(), wire.Payload(wire.ServerLoaderInfoRequest, wire.Internal()))
	if err != nil {
		t.Fatal(err)
	}
	var got struct {
		Metrics struct{ ConCount, SDKConCount, Load, CPU string } `json:"loaderMetrics"`
	}
	if err := json.Unmarshal(wire.Body(p), &got); err != nil || got.Metrics.ConCount != "3" || got.Metrics.SDKConCount != "2" {
		t.Errorf("got %s, %v, want 3 connections, 2 of clients", wire.Body(p), err)
	}
	load, err := strconv.ParseFloat(got.Metrics.Load, 64)
	if err != nil || load != unknown && load < 0 {
		t.Errorf("load %q: %v", got.Metrics.Load, err)
	}
	if share, err := strconv.ParseFloat(got.Metrics.CPU, 64); err != nil || share != unknown && (share < 0 || share > 1) {
		t.Errorf("processors %q: %v", got.Metrics.CPU, err)
	}
}

func TestProcessorsAreReadFromTheirTicks(t *testing.T) {
	idle, time := ticks([]byte("cpu  10 1 9 60 20 0 0 0\ncpu0 1 1 1 1\n"))
	if idle != 80 || time != 100 {
		t.Errorf("idle %d of %d, want 80 of 100", idle, time)
	}
}

func TestReloadSendsTheSurplusAway(t *testing.T) {
	tests := map[string]struct {
		request string
		word    string
		moves   bool
	}{
		"to a member":                       {`{"reloadCount":1,"reloadServer":"` + string(callerAddress) + `"}`, wire.ReloadOK, true},
		"to whichever the client lists":     {`{"reloadCount":1}`, wire.ReloadOK, true},
		"not when there is none":            {`{"reloadCount":2}`, wire.ReloadIgnored, false},
		"not to a server that is no member": {`{"reloadCount":1,"reloadServer":"10.9.9.9:8848"}`, wire.ReloadIgnored, false},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			s := start(t, nil)
			s.world.do(func() { s.world.stranger = "10.9.9.9:8848" })
			oldest, second := connect(t, s.sdk, namingSetup), connect(t, s.sdk, namingSetup)
			peer := connect(t, s.cluster, clusterSetup)
			if r := peer.must(wire.ServerReloadRequest, tc.request); r.Message != tc.word {
				t.Fatalf("answered %+v, want %q", r, tc.word)
			}
			if !tc.moves {
				if r := oldest.must(wire.HealthCheckRequest, `{}`); r.kind != wire.HealthCheckResponse {
					t.Errorf("got %+v", r)
				}
				return
			}
			p := oldest.acknowledge(wire.ConnectResetResponse)
			told := strings.Contains(string(wire.Body(p)), `"serverIp":"127.0.0.1","serverPort":"38848"`)
			if wire.KindOf(p) != wire.ConnectResetRequest || told != strings.Contains(tc.request, "reloadServer") {
				t.Errorf("asked by %s %s", wire.KindOf(p), wire.Body(p))
			}
			second.must(wire.HealthCheckRequest, `{}`) // it may stay
		})
	}
}

func TestClientThatWasSentAwayIsExpectedElsewhere(t *testing.T) {
	s := start(t, nil)
	c := connect(t, s.sdk, namingSetup)
	c.must(wire.InstanceRequest, registration("s", `{"ip":"a","port":1}`))
	sent := make(chan int, 1)
	go func() { sent <- s.ResetClients(t.Context(), 1, callerAddress) }()
	c.acknowledge(wire.ConnectResetResponse)
	if n := <-sent; n != 1 {
		t.Fatalf("%d said that they go", n)
	}
	_ = c.conn.Close() // it has gone
	if !s.world.until(func() bool { return len(s.world.departed) == 1 }) {
		t.Error("it did not depart")
	}
	s.world.see(func() {
		if len(s.world.disconnected) > 0 {
			t.Errorf("disconnected as if it were lost: %v", s.world.disconnected)
		}
	})
}

func TestNoMoreThanATenthIsSentAwayAtOnce(t *testing.T) {
	tests := map[string]struct{ count, clients, want int }{
		"a tenth":            {0, 100, 10},
		"only the surplus":   {95, 100, 5},
		"nobody":             {100, 100, 0},
		"fewer than the aim": {200, 100, 0},
		"of one":             {0, 1, 1},
		"of nine":            {0, 9, 1},
		"below nothing":      {-5, 100, 10},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			if got := (wire.Reload{Count: tc.count}).Surplus(tc.clients); got != tc.want {
				t.Errorf("Surplus = %d, want %d", got, tc.want)
			}
		})
	}
}
