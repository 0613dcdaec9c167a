package clients

import (
	"slices"
	"strings"
	"testing"

	"github.com/distro-naming/naming-operator/test/clients/sdk"
	"github.com/distro-naming/naming-operator/test/loopback"
)

// TestLeavingMemberMovesItsClients asks a member to leave. Its SDK clients know
// all members and must have moved to others before the process ends, and no
// subscriber may ever miss what they publish, or see it twice. What they withdraw
// then is gone, although the member that had it first cannot say so any more.
func TestLeavingMemberMovesItsClients(t *testing.T) {
	c := startCluster(t)
	reader := connect(t, c.Members[1])
	holders, living := holdOnAll(t, c)
	requireListed(t, []*sdk.Client{reader}, service, slices.Clone(living)...)
	lists, err := reader.Watch(service)
	must(t, err)
	leaving := mostOwned(t, c)

	leaving.Leave()
	requireEnded(t, leaving)
	if text, err := leaving.Log(); err != nil || !strings.Contains(text, `"stayed":0`) {
		t.Errorf("%s ended before its clients had moved: %v", leaving.Name, err)
	}
	for _, m := range c.Members {
		if m.Running() && m != c.Members[1] {
			requireOwned(t, m, len(holders))
		}
	}
	requireAgreement(t, c)
	requireListed(t, []*sdk.Client{reader}, service, slices.Clone(living)...)
	requireNeverMissing(t, c.Members[1].Name, lists, living)
	requireWithdrawn(t, reader, holders, living)
}

// requireEnded waits until the process of a member has ended.
func requireEnded(t *testing.T, m *loopback.Member) {
	t.Helper()
	eventually(t, m.Name+" has ended", func() error {
		if m.Running() {
			return missing("an end", "still running")
		}
		return nil
	})
}

// holdOnAll publishes one instance from each of six clients, each of which may
// connect to any member but the second, on which the test watches.
func holdOnAll(t *testing.T, c *loopback.Cluster) (holders []*sdk.Client, living []string) {
	t.Helper()
	for i := range 6 {
		holder := connect(t, c.Members[0], c.Members[2])
		must(t, holder.Register(service, held(i)))
		holders, living = append(holders, holder), append(living, held(i).Endpoint())
	}
	return holders, living
}

// held is what the i-th client of holdOnAll publishes.
func held(i int) sdk.Instance { return instances(1000*(i+1), 1)[0] }

// requireWithdrawn lets all clients of holdOnAll withdraw, one after the other:
// each is gone at once, and nothing old of it comes back.
func requireWithdrawn(t *testing.T, reader *sdk.Client, holders []*sdk.Client, living []string) {
	t.Helper()
	lists, err := reader.Watch(service)
	must(t, err)
	for i, holder := range holders {
		must(t, holder.Deregister(service, held(i)))
		requireListed(t, []*sdk.Client{reader}, service, slices.Clone(living[i+1:])...)
	}
	before := living
	for len(lists) > 0 {
		got := sdk.Endpoints(<-lists)
		for _, endpoint := range got {
			if !slices.Contains(before, endpoint) {
				t.Errorf("%s came back: pushed %v after %v", endpoint, got, before)
			}
		}
		before = got
	}
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
