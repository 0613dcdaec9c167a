package clients

import (
	"testing"

	"github.com/distro-naming/naming-operator/test/clients/sdk"
	"github.com/distro-naming/naming-operator/test/loopback"
)

// TestWithdrawnIsNotListedByAMemberThatIsBack moves a client to another member,
// where it withdraws. The member that it was on first, once it is back, loads
// what the others hold of its former life, and must not list it.
func TestWithdrawnIsNotListedByAMemberThatIsBack(t *testing.T) {
	gone := map[string]func(*testing.T, *loopback.Cluster, *loopback.Member){"killed": killed, "drained": drained}
	for name, goes := range gone {
		t.Run(name, func(t *testing.T) {
			c := startCluster(t)
			former, other, watching := c.Members[0], c.Members[1], c.Members[2]
			holder := connect(t, former, other)
			must(t, holder.Register(service, held(0)))
			if owned(t, former) == 0 {
				former, other = other, former
			}
			goes(t, c, former)
			requireOwned(t, other, 1)
			must(t, holder.Deregister(service, held(0)))
			requireListed(t, []*sdk.Client{connect(t, watching)}, service)

			must(t, former.Start(t.Context()))
			requireReady(t, former)
			for _, m := range []*loopback.Member{former, other, watching} {
				list, err := connect(t, m).List(service)
				must(t, err)
				if len(list) > 0 {
					t.Errorf("%s lists %v, which was withdrawn", m.Name, sdk.Endpoints(list))
				}
			}
			requireAgreement(t, c)
		})
	}
}

// killed kills a member, and waits until the others know.
func killed(t *testing.T, c *loopback.Cluster, victim *loopback.Member) {
	t.Helper()
	must(t, victim.Kill())
	for _, m := range c.Members {
		if m != victim {
			requireKnownDead(t, m, victim)
		}
	}
}

// drained asks a member to leave, and waits until it has.
func drained(t *testing.T, _ *loopback.Cluster, m *loopback.Member) {
	t.Helper()
	m.Leave()
	requireEnded(t, m)
}

func owned(t *testing.T, m *loopback.Member) int {
	t.Helper()
	status, err := m.Status(t.Context())
	must(t, err)
	return status.Owned
}
