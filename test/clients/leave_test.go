package clients

import (
	"strings"
	"testing"

	"github.com/distro-naming/naming-operator/test/clients/sdk"
	"github.com/distro-naming/naming-operator/test/loopback"
)

// TestLeavingMemberMovesItsClients asks a member to leave. Its SDK clients know
// all members and must have moved to others before the process ends, and no
// subscriber may ever miss what they publish.
func TestLeavingMemberMovesItsClients(t *testing.T) {
	c := startCluster(t)
	reader := connect(t, c.Members[1])
	living := holdOnAll(t, c)
	requireListed(t, []*sdk.Client{reader}, service, living...)
	lists, err := reader.Watch(service)
	must(t, err)
	leaving := mostOwned(t, c)

	leaving.Leave()
	eventually(t, leaving.Name+" has no clients any more", func() error {
		connections, err := leaving.Metric(t.Context(), "naming_connections")
		if err != nil {
			return err // it would have to be seen before the process ends
		}
		if connections > 0 {
			return missing("0 connections", connections)
		}
		return nil
	})
	eventually(t, leaving.Name+" has ended", func() error {
		if leaving.Running() {
			return missing("an end", "still running")
		}
		return nil
	})
	requireAgreement(t, c)
	requireListed(t, []*sdk.Client{reader}, service, living...)
	requireNeverMissing(t, c.Members[1].Name, lists, living)
}

// holdOnAll publishes two instances from each of six clients, each of which may
// connect to any member but the second, on which the test watches.
func holdOnAll(t *testing.T, c *loopback.Cluster) []string {
	t.Helper()
	addresses := []string{c.Members[0].Address(), c.Members[2].Address()}
	var endpoints []string
	for i := range 6 {
		holder, err := sdk.Open(t.TempDir(), strings.Join(addresses, ","))
		must(t, err)
		t.Cleanup(holder.Close)
		list := instances(1000*(i+1), 2)
		must(t, holder.RegisterAll(service, list))
		endpoints = append(endpoints, sdk.Endpoints(list)...)
	}
	return endpoints
}

// mostOwned returns the member, other than the second, that owns most clients.
func mostOwned(t *testing.T, c *loopback.Cluster) *loopback.Member {
	t.Helper()
	first, err := c.Members[0].Status(t.Context())
	must(t, err)
	last, err := c.Members[2].Status(t.Context())
	must(t, err)
	if first.Owned >= last.Owned {
		return c.Members[0]
	}
	return c.Members[2]
}
