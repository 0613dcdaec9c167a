package clients

import (
	"testing"

	"github.com/distro-naming/naming-operator/test/clients/drivers/line"
	"github.com/distro-naming/naming-operator/test/loopback"
)

// memberKilled kills the member that the publisher is connected to. The client
// must be back elsewhere by itself: what it changes and withdraws then is seen,
// and no subscriber misses what is alive.
func memberKilled(t *testing.T, s *stage) {
	const service = "killed"
	s.publishAndWatch(t, service)
	victim := s.memberOf(t, s.publisher)
	had := s.requirePublications(t, service, one(80), one(81))
	must(t, victim.Kill())
	s.requireAllKnowDead(t, victim)
	s.requirePublishedAnew(t, service, had)
	s.requireStillServed(t, service)

	s.requireListedBy(t, victim, service, one(81))
}

// memberDrained asks the member to leave that the subscriber is connected to.
func memberDrained(t *testing.T, s *stage) {
	const service = "drained"
	s.publishAndWatch(t, service)
	leaving := s.memberOf(t, s.subscriber)
	had := s.requirePublications(t, service, one(80), one(81))
	s.leave(t, leaving)
	s.requirePublishedAnew(t, service, had)
	s.requireStillServed(t, service)

	s.requireListedBy(t, leaving, service, one(81))
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
	s.requireListedEverywhere(t, service, changed, one(81))
	requirePushed(t, s.subscriber, service, nil, changed, one(81))
	requireNeverLost(t, s.subscriber, service, one(80), one(81))

	retry(t, s.publisher, "deregister", service, one(80))
	s.requireListedEverywhere(t, service, one(81))
	requirePushed(t, s.subscriber, service, nil, one(81))
	requireNeverLost(t, s.subscriber, service, one(81))
	requireFound(t, s.subscriber, line.Request{Service: service}, one(81))
}

// requireAllKnowDead waits until the others take a member for dead: what is
// withdrawn before may be listed again (docs/explanation/promises-and-limits.md).
func (s *stage) requireAllKnowDead(t *testing.T, victim *loopback.Member) {
	t.Helper()
	for _, m := range s.Members {
		if m != victim {
			requireKnownDead(t, m, victim)
		}
	}
}

// leave asks a member to leave, and waits until it has.
func (s *stage) leave(t *testing.T, m *loopback.Member) {
	t.Helper()
	m.Leave()
	requireEnded(t, m)
}

// requireListedBy starts a member again. What it lists when it has just become
// ready is what lives.
func (s *stage) requireListedBy(t *testing.T, m *loopback.Member, service string, living ...line.Instance) {
	t.Helper()
	s.requireBack(t, m)
	must(t, s.lists(t, m, service, living))
	s.requireListedEverywhere(t, service, living...)
}

// requireBack starts a member again.
func (s *stage) requireBack(t *testing.T, m *loopback.Member) {
	t.Helper()
	must(t, m.Start(s.life))
	requireReady(t, m)
	requireAgreement(t, s.Cluster)
}

// memberOf returns the member that a client is connected to: it is the one at
// which a subscription of the client is known. Clients that have no connection
// ask any; of these it is the member that owns most of what is published.
func (s *stage) memberOf(t *testing.T, d *driver) (most *loopback.Member) {
	t.Helper()
	owned := -1
	for _, m := range s.Members {
		status, err := m.Status(t.Context())
		must(t, err)
		if status.Owned > owned {
			most, owned = m, status.Owned
		}
	}
	service := "where-" + d.name + "-is"
	watch(t, d, service)
	defer do(t, d, "unsubscribe", service)
	for _, m := range s.Members {
		if s.kind.connects() && s.watchedAt(t, m, service) > 0 {
			return m
		}
	}
	return most
}
