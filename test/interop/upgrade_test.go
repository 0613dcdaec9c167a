package interop

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"sync/atomic"
	"testing"
	"time"
)

// mute is a listed member that does nothing but say of which version it is: as
// long as it is one of 1.x, Java servers of 2.1 replicate as that does.
type mute struct {
	address string
	port    int
	old     atomic.Bool
}

// startMute runs one until the test ends.
func startMute(t *testing.T, port int) *mute {
	t.Helper()
	m := &mute{address: "127.0.0.1:" + strconv.Itoa(port), port: port}
	var open net.ListenConfig
	l, err := open.Listen(t.Context(), "tcp", m.address)
	must(t, err)
	s := &http.Server{Handler: m, ReadHeaderTimeout: time.Second}
	go func() { _ = s.Serve(l) }() // ends when it is closed
	t.Cleanup(func() { _ = s.Close() })
	return m
}

func (m *mute) node() map[string]any {
	extend := map[string]any{"raftPort": strconv.Itoa(m.port - 1000), "version": "2.5.1", "readyToUpgrade": true}
	if m.old.Load() {
		extend = map[string]any{"raftPort": strconv.Itoa(m.port - 1000), "version": "1.4.3"}
	}
	return map[string]any{
		"ip": "127.0.0.1", "port": m.port, "address": m.address, "state": "UP", "extendInfo": extend, "failAccessCnt": 0,
	}
}

// ServeHTTP takes everything.
func (m *mute) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	_, _ = io.Copy(io.Discard, r.Body) // whatever it says
	switch r.URL.Path {
	case "/nacos/v1/core/cluster/self":
		_ = json.NewEncoder(w).Encode(map[string]any{"code": 200, "data": m.node()})
	case "/nacos/v1/core/cluster/report":
		_, _ = w.Write([]byte(`{"code":200,"data":"true"}`))
	case "/nacos/v1/ns/distro/datum", "/nacos/v1/ns/distro/datums":
		_, _ = w.Write([]byte(`{}`))
	default:
		_, _ = w.Write([]byte("ok"))
	}
}

// report tells a Java server that it is there.
func (m *mute) report(ctx context.Context, to string) error {
	body, err := json.Marshal(m.node())
	if err == nil {
		_, err = send(ctx, http.MethodPost, to, "/nacos/v1/core/cluster/report", nil, string(body))
	}
	return err
}

// TestDowngradeAndUpgradeWhileInstancesLive turns a Java server from the
// replication of 2.x to that of 1.x and back. No instance is lost on the way, and
// none is left over.
func TestDowngradeAndUpgradeWhileInstancesLive(t *testing.T) {
	c := newCluster(t, "uoom")
	java, ours := c.javas[0], c.ours[0].Address()
	java.start(t)
	for _, o := range c.ours {
		must(t, o.Start(t.Context()))
	}
	c.requireAcquainted()
	c.turn("v2")
	held := connect(t, ours)
	for _, s := range spread {
		held.register(s, at(80))
		beat(t, s, at(81), java.address(), ours)
		beat(t, s, at(82), ours, java.address())
	}
	c.requireSpread(at(80), at(81), at(82))

	c.turn("v1")
	c.requireSpread(at(80), at(81), at(82))
	leaving := beat(t, spread[0], at(83), java.address())
	c.requireListed(spread[0], at(80), at(81), at(82), at(83))
	leaving.leave(ours)
	for _, s := range spread {
		held.register(s, at(80).changed())
	}
	c.requireSpread(at(80).changed(), at(81), at(82))

	c.turn("v2")
	c.requireSpread(at(80).changed(), at(81), at(82))
	held.close()
	c.requireSpread(at(81), at(82))
}

// turn has the Java servers replicate in a way, and waits until ours do so too.
func (c *cluster) turn(to string) {
	c.t.Helper()
	c.muted.old.Store(to == "v1")
	for _, j := range c.javas {
		until(c.t, fmt.Sprintf("%s replicates by %s", j.name, to), func() error {
			if err := c.muted.report(c.t.Context(), j.address()); err != nil {
				return err
			}
			return j.replicates(c.t.Context(), to)
		})
	}
	c.requireTransport(to)
}

// replicates checks in which way a Java server says that it replicates.
func (j *javaMember) replicates(ctx context.Context, way string) error {
	body, err := ask(ctx, http.MethodGet, j.address(), "/nacos/v1/ns/upgrade/ops/metrics", nil)
	if err != nil {
		return err
	}
	var upgraded bool
	if _, err := fmt.Sscanf(body, "upgraded = %t", &upgraded); err != nil {
		return fmt.Errorf("read %q: %w", body, err)
	}
	if upgraded != (way == "v2") {
		return fmt.Errorf("it says that it is upgraded: %t", upgraded)
	}
	return nil
}
