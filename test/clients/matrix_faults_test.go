package clients

import (
	"testing"

	"github.com/distro-naming/naming-operator/test/clients/drivers/line"
	"github.com/distro-naming/naming-operator/test/loopback"
)

// memberKilled kills the member that has most of what is published. Clients
// must be back elsewhere by themselves: what they change and withdraw then is
// seen, and no subscriber misses what is alive.
func memberKilled(t *testing.T, s *stage) {
	const service = "killed"
	s.publishAndWatch(t, service)
	victim := s.mostOwning(t)
	must(t, victim.Kill())
	s.requireStillServed(t, service)

	s.requireBack(t, victim)
	s.requireListedEverywhere(t, service, one(81))
}

// memberDrained asks the member to leave that pushes to the subscriber, or one
// that owns most where subscribers have no connection.
func memberDrained(t *testing.T, s *stage) {
	const service = "drained"
	s.publishAndWatch(t, service)
	leaving := s.pushing(t, service)
	leaving.Leave()
	eventually(t, leaving.Name+" has ended", func() error {
		if leaving.Running() {
			return missing("an end", "still running")
		}
		return nil
	})
	s.requireStillServed(t, service)

	s.requireBack(t, leaving)
	s.requireListedEverywhere(t, service, one(81))
}

func (s *stage) publishAndWatch(t *testing.T, service string) {
	t.Helper()
	do(t, s.publisher, "register", service, one(80))
	s.requireListedEverywhere(t, service, one(80))
	watch(t, s.subscriber, service)
	do(t, s.second, "register", service, one(81))
	requirePushed(t, s.subscriber, service, nil, one(80), one(81))
	s.requireListedEverywhere(t, service, one(80), one(81))
}

// requireStillServed changes and withdraws one of two instances while a member
// is away.
func (s *stage) requireStillServed(t *testing.T, service string) {
	t.Helper()
	changed := one(80)
	changed.Metadata = map[string]string{"moved": "true"}
	retry(t, s.publisher, "register", service, changed)
	requirePushed(t, s.subscriber, service, nil, changed, one(81))
	s.requireListedEverywhere(t, service, changed, one(81))
	requireNeverLost(t, s.subscriber, service, one(80), one(81))

	retry(t, s.publisher, "deregister", service, one(80))
	s.requireListedEverywhere(t, service, one(81))
	requirePushed(t, s.subscriber, service, nil, one(81))
	requireNeverLost(t, s.subscriber, service, one(81))
	requireFound(t, s.subscriber, line.Request{Service: service}, one(81))
}

// requireBack starts a member again.
func (s *stage) requireBack(t *testing.T, m *loopback.Member) {
	t.Helper()
	must(t, m.Start(s.life))
	requireReady(t, m)
	requireAgreement(t, s.Cluster)
}

// mostOwning returns the member that owns most clients.
func (s *stage) mostOwning(t *testing.T) (most *loopback.Member) {
	t.Helper()
	owned := -1
	for _, m := range s.Members {
		status, err := m.Status(t.Context())
		must(t, err)
		if status.Owned > owned {
			most, owned = m, status.Owned
		}
	}
	return most
}

// pushing returns the member at which somebody watches the service.
func (s *stage) pushing(t *testing.T, service string) *loopback.Member {
	t.Helper()
	for _, m := range s.Members {
		if s.watchedAt(t, m, service) > 0 {
			return m
		}
	}
	return s.mostOwning(t)
}
