package interop

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"testing"
)

// declare tells a Java server of the listed member that never runs, and of which
// version it is: a server of 2.1 replicates as Nacos 1.x does as long as that is
// what one of the members knows.
func (c *cluster) declare(ctx context.Context, to, version string) error {
	extend := map[string]any{"version": version}
	if version != "1.4.3" {
		extend["readyToUpgrade"] = true
	}
	body, err := json.Marshal(map[string]any{
		"ip": "127.0.0.1", "port": c.absent, "address": fmt.Sprintf("127.0.0.1:%d", c.absent), "state": "UP",
		"extendInfo": extend, "failAccessCnt": 0,
	})
	if err == nil {
		_, err = send(ctx, http.MethodPost, to, "/nacos/v1/core/cluster/report", nil, string(body))
	}
	return err
}

// turn has the Java servers replicate in a way, and waits until ours do so too.
func (c *cluster) turn(to, version string) {
	c.t.Helper()
	for _, j := range c.javas {
		until(c.t, j.name+" hears of a member of "+version, func() error {
			return c.declare(c.t.Context(), j.address(), version)
		})
	}
	for _, j := range c.javas {
		until(c.t, fmt.Sprintf("%s replicates by %s", j.name, to), func() error {
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
		return fmt.Errorf("it says that it is upgraded: %t; %s", upgraded, body)
	}
	return nil
}

// TestDowngradeAndUpgradeWhileInstancesLive turns a Java server from the
// replication of 2.x to that of 1.x and back. No instance is lost on the way, and
// none is left over.
func TestDowngradeAndUpgradeWhileInstancesLive(t *testing.T) {
	c := newCluster(t, "uoox")
	java, ours := c.javas[0], c.ours[0].Address()
	java.start(t)
	for _, o := range c.ours {
		must(t, o.Start(t.Context()))
	}
	c.requireAcquainted()
	c.turn("v2", "2.1.0")
	held := connect(t, ours)
	c.beats(at(81), java.address(), ours)
	c.beats(at(82), ours, java.address())
	for _, s := range spread {
		held.register(s, at(80))
	}
	c.requireSpread(at(80), at(81), at(82))

	c.turn("v1", "1.4.3")
	c.requireSpread(at(80), at(81), at(82))
	leaving := beat(t, spread[0], at(83), java.address())
	c.requireListed(spread[0], at(80), at(81), at(82), at(83))
	leaving.leave(ours)
	for _, s := range spread {
		held.register(s, at(80).changed())
	}
	c.requireSpread(at(80).changed(), at(81), at(82))

	c.turn("v2", "2.1.0")
	c.requireSpread(at(80).changed(), at(81), at(82))
	held.close()
	c.requireSpread(at(81), at(82))
}
