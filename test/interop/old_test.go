package interop

import (
	"fmt"
	"net/http"
	"syscall"
	"testing"
)

// spread are services of which each member of a small cluster owns some, by the
// hashes of their names.
var spread = []string{"alpha", "beta", "gamma", "delta", "epsilon", "zeta"}

// requireSpread waits until all members list the same in all services, one
// instance of each client.
func (c *cluster) requireSpread(want ...instance) {
	c.t.Helper()
	for _, s := range spread {
		c.requireListed(s, want...)
	}
}

// TestAsOld joins a Java server that replicates as Nacos 1.x does with two of
// ours. Every step is done in services that either side owns.
func TestAsOld(t *testing.T) {
	c := startCluster(t, "voo")
	c.requireTransport("v1")
	java, first, second := c.javas[0].address(), c.ours[0].Address(), c.ours[1].Address()
	for _, step := range []struct {
		name string
		test func(c *cluster)
	}{
		{"HTTP clients of either side", func(c *cluster) { c.oldHTTPClients(java, first, second) }},
		{"connections to ours", func(c *cluster) { c.oldConnections(first, second) }},
		{"what was lost is repaired", func(c *cluster) { c.oldRepairs(java, first) }},
		{"a silent client", func(c *cluster) { c.oldSilence(java, first) }},
		{"a slow Java server", func(c *cluster) { c.oldSlow(c.javas[0].process.Process.Pid, first, second) }},
		{"a slow member of ours", func(c *cluster) { c.oldSlow(c.ours[0].PID(), java, second) }},
	} {
		if !t.Run(step.name, func(t *testing.T) { step.test(c.in(t)) }) {
			return
		}
	}
}

// in returns the cluster for a part of its test.
func (c *cluster) in(t *testing.T) *cluster {
	t.Helper()
	part := *c
	part.t = t
	return &part
}

// oldHTTPClients registers, changes and deregisters at every member: writes go to
// the owner wherever they arrive.
func (c *cluster) oldHTTPClients(members ...string) {
	c.t.Helper()
	var clients []beaters
	for i, m := range members {
		clients = append(clients, c.beats(at(80+i), m))
	}
	c.requireSpread(at(80), at(81), at(82))
	for i, all := range clients {
		for _, b := range all {
			b.change(members[(i+1)%len(members)], at(80+i).changed())
		}
	}
	c.requireSpread(at(80).changed(), at(81).changed(), at(82).changed())
	for i, all := range clients {
		all.leave(members[(i+2)%len(members)])
	}
	c.requireSpread()
}

// oldConnections has gRPC clients of ours publish, change, withdraw and die, and
// read what HTTP clients publish beside them.
func (c *cluster) oldConnections(first, second string) {
	c.t.Helper()
	reader := connect(c.t, second)
	reader.subscribe(spread[0])
	held, dying := connect(c.t, first), connect(c.t, second)
	beside := c.beats(at(82), c.javas[0].address())
	for _, s := range spread {
		held.register(s, at(80))
		dying.register(s, at(81))
	}
	c.requireSpread(at(80), at(81), at(82))
	reader.requirePushed(at(80), at(81), at(82))
	for _, s := range spread {
		held.register(s, at(80).changed())
	}
	c.requireSpread(at(80).changed(), at(81), at(82))
	dying.close()
	c.requireSpread(at(80).changed(), at(82))
	reader.requirePushed(at(80).changed(), at(82))
	moved := connect(c.t, second) // as an SDK does when its member leaves
	for _, s := range spread {
		moved.register(s, at(80).changed())
	}
	held.close()
	c.requireSpread(at(80).changed(), at(82))
	for _, s := range spread {
		moved.deregister(s, at(80))
	}
	c.requireSpread(at(82))
	beside.leave(first)
	c.requireSpread()
}

// oldRepairs tells each side something wrong in the name of the other, as if
// changes had been lost: the checksums of the owner repair it.
func (c *cluster) oldRepairs(java, ours string) {
	c.t.Helper()
	here, there := c.beats(at(80), java), c.beats(at(81), ours)
	c.requireSpread(at(80), at(81))
	for _, s := range spread {
		for _, m := range []string{java, ours} {
			key := "com.alibaba.nacos.naming.iplist.ephemeral.public##DEFAULT_GROUP@@" + s
			body := fmt.Sprintf(`{%q:{"key":%q,"value":{"instanceList":[]},"timestamp":1}}`, key, key)
			_, err := send(c.t.Context(), http.MethodPut, m, "/nacos/v1/ns/distro/datum", nil, body)
			must(c.t, err)
		}
	}
	c.requireSpread(at(80), at(81))
	here.leave(ours)
	there.leave(java)
	c.requireSpread()
}

// oldSilence has clients fall silent in services of either side.
func (c *cluster) oldSilence(members ...string) {
	c.t.Helper()
	for _, s := range spread {
		for i, m := range members {
			one := at(80 + i)
			one.Metadata = map[string]string{"preserved.heart.beat.timeout": "6000", "preserved.ip.delete.timeout": "12000"}
			write(c.t, http.MethodPost, m, one.form(s))
		}
	}
	c.requireSpread()
}

// oldSlow stops a member for a while. Clients of the others go on, in whosever
// services. Whoever was away owns services still when it goes on, and its lists, which
// have no versions, may be told before it hears of anything: one of ours that wakes up
// is seen to undo at once, in a server of 1.x, what a client changed there less than a
// second before. So clients say it again, as they do when they connect; then it holds.
func (c *cluster) oldSlow(pid int, members ...string) {
	c.t.Helper()
	clients := c.beats(at(80), members...)
	c.requireSpread(at(80))
	must(c.t, syscall.Kill(pid, syscall.SIGSTOP))
	for i, s := range spread {
		clients[i].change(members[0], at(80).changed())
		c.requireListedAt(members[0], s, at(80).changed())
	}
	must(c.t, syscall.Kill(pid, syscall.SIGCONT))
	c.requireAcquainted()
	for _, b := range clients {
		b.change(members[0], at(80).changed())
	}
	c.requireSpread(at(80).changed())
	clients.leave(members[1])
	c.requireSpread()
}
