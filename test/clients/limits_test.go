package clients

import (
	"fmt"
	"testing"

	"github.com/distro-naming/naming-operator/test/clients/sdk"
	"github.com/distro-naming/naming-operator/test/loopback"
)

// mostTries is how often an SDK may come again while this test runs. One that does
// not wait in between tries hundreds of times in a second.
const mostTries = 300

// TestClientOverTheLimitGoesElsewhereOrWaits: one that lists another member is served
// there, one that does not waits longer from try to try, and is let in when there is
// a place.
func TestClientOverTheLimitGoesElsewhereOrWaits(t *testing.T) {
	c := startCluster(t)
	m := c.Members[0]
	must(t, m.Kill())
	m.Flags = []string{"--limits=connections=1"}
	must(t, m.Start(t.Context()))
	requireReady(t, m)

	first := connect(t, m)
	must(t, first.Register(service, instances(1, 1)[0]))

	waiting, err := sdk.New(folder(t), m.Address())
	must(t, err)
	t.Cleanup(waiting.Close)
	if err := waiting.Register(service, instances(2, 1)[0]); err == nil {
		t.Error("one client too many was served")
	}
	must(t, connect(t, m, c.Members[1]).Register(service, instances(3, 1)[0]))

	eventually(t, "it has been refused some times", func() error {
		if n := refusals(t, m); n < 10 {
			return fmt.Errorf("refused %d times", n)
		}
		return nil
	})
	first.Close()
	eventually(t, "it is let in when there is a place", func() error { return waiting.Register(service, instances(2, 1)[0]) })
	if n := refusals(t, m); n > mostTries {
		t.Errorf("it came %d times", n)
	}
}

// refusals returns how many connections a member has refused.
func refusals(t *testing.T, m *loopback.Member) int {
	t.Helper()
	n, err := m.Metric(t.Context(), `naming_over_limit_total{limit="connections"}`)
	if err != nil {
		return 0 // none yet
	}
	return int(n)
}
