package clients

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/distro-naming/naming-operator/test/clients/sdk"
	"github.com/distro-naming/naming-operator/test/loopback"
)

func missing(want, got any) error { return fmt.Errorf("%w: %v, got %v", errMissing, want, got) }

var errMissing = errors.New("missing")

// TestCrashOfOneMember kills a member without warning. Subscribers of the
// others must never be shown a list without the clients that are alive, and
// the member must know everything again before it says that it is ready.
func TestCrashOfOneMember(t *testing.T) {
	c := startCluster(t)
	victim := c.Members[2]
	living := publishOn(t, c.Members[:2])
	readers := []*sdk.Client{connect(t, c.Members[0]), connect(t, c.Members[1])}
	requireListed(t, readers, service, living...)
	lists := make([]<-chan []sdk.Instance, len(readers))
	for i, r := range readers {
		var err error
		lists[i], err = r.Watch(service)
		must(t, err)
	}

	must(t, victim.Kill())
	visitor := connect(t, c.Members[0]) // a change while one member is away
	extra := instances(9000, 1)[0]
	must(t, visitor.Register(service, extra))
	requireListed(t, readers, service, append(slices.Clone(living), extra.Endpoint())...)

	must(t, victim.Start(t.Context()))
	requireReady(t, victim)
	returned := connect(t, victim)
	list, err := returned.List(service) // the first answer must be complete
	must(t, err)
	if got, want := sdk.Endpoints(list), append(slices.Clone(living), extra.Endpoint()); !sameSet(got, want) {
		t.Errorf("first answer after the restart = %v, want %v", got, want)
	}
	requireAgreement(t, c)
	for i, pushed := range lists {
		requireNeverMissing(t, readers[i].Member, pushed, living)
	}
}

// TestClientsOfACrashedMemberComeBack kills the very member that clients are
// connected to; the SDK reconnects and registers again by itself.
func TestClientsOfACrashedMemberComeBack(t *testing.T) {
	c := startCluster(t)
	victim := c.Members[0]
	living := publishOn(t, []*loopback.Member{victim})
	reader := connect(t, c.Members[1])
	requireListed(t, []*sdk.Client{reader}, service, living...)

	must(t, victim.Kill())
	must(t, victim.Start(t.Context()))
	requireReady(t, victim)

	requireOwned(t, victim, 1)
	requireListed(t, []*sdk.Client{reader, connect(t, victim), connect(t, c.Members[2])}, service, living...)
	requireAgreement(t, c)
}

// TestClientsOfACrashedMemberMoveUnseen kills the member of clients that know
// another one. No subscriber may miss them while they move, or see them twice,
// and what they withdraw then is gone for good: the dead member's copy does not
// come back.
func TestClientsOfACrashedMemberMoveUnseen(t *testing.T) {
	c := startCluster(t)
	reader := connect(t, c.Members[1])
	holders, living := holdOnAll(t, c)
	requireListed(t, []*sdk.Client{reader}, service, slices.Clone(living)...)
	lists, err := reader.Watch(service)
	must(t, err)

	victim, other := mostOwned(t, c), c.Members[0]
	if victim == other {
		other = c.Members[2]
	}
	must(t, victim.Kill())
	requireOwned(t, other, len(holders))
	for _, m := range []*loopback.Member{c.Members[1], other} {
		requireKnownDead(t, m, victim)
	}
	requireListed(t, []*sdk.Client{reader}, service, slices.Clone(living)...)
	requireNeverMissing(t, reader.Member, lists, living)
	requireWithdrawn(t, reader, holders, living)
	status, err := c.Members[1].Status(t.Context())
	must(t, err)
	if status.Clients == 0 {
		t.Error("nothing is held of the dead member any more: only that has emptied the list")
	}
}

// requireOwned waits until a member owns as many clients: that they are listed tells
// nothing, since members list what they hold of another one's clients. Only then has
// an SDK that connected again also published anew what it had, from a copy that would
// undo what its user changes meanwhile (redoRegisterEachService in its
// connection_event_listener.go), and only then do its calls succeed.
func requireOwned(t *testing.T, m *loopback.Member, clients int) {
	t.Helper()
	eventually(t, fmt.Sprintf("%s owns %d clients", m.Name, clients), func() error {
		status, err := m.Status(t.Context())
		if err == nil && status.Owned != clients {
			err = missing(clients, status.Owned)
		}
		return err
	})
}

// requireKnownDead waits until m takes victim for dead.
func requireKnownDead(t *testing.T, m, victim *loopback.Member) {
	t.Helper()
	eventually(t, m.Name+" takes "+victim.Name+" for dead", func() error {
		status, err := m.Status(t.Context())
		if err != nil {
			return err
		}
		for _, p := range status.Peers {
			if p.Member == victim.Address() && p.State != "DOWN" {
				return missing("DOWN", p.State)
			}
		}
		return nil
	})
}

// publishOn registers five instances on each member and returns all endpoints.
func publishOn(t *testing.T, members []*loopback.Member) []string {
	t.Helper()
	var endpoints []string
	for i, m := range members {
		list := instances(1000*(i+1), 5)
		must(t, connect(t, m).RegisterAll(service, list))
		endpoints = append(endpoints, sdk.Endpoints(list)...)
	}
	return endpoints
}

func requireReady(t *testing.T, m *loopback.Member) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	must(t, m.WaitReady(ctx))
}

func requireAgreement(t *testing.T, c *loopback.Cluster) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	_, err := c.WaitAgreed(ctx)
	must(t, err)
}

// requireNeverMissing looks at every list pushed so far.
func requireNeverMissing(t *testing.T, member string, lists <-chan []sdk.Instance, living []string) {
	t.Helper()
	for {
		select {
		case list := <-lists:
			got := sdk.Endpoints(list)
			if once := slices.Compact(slices.Sorted(slices.Values(got))); len(once) < len(got) {
				t.Errorf("%s pushed a list that shows something twice: %v", member, got)
			}
			for _, endpoint := range living {
				if !slices.Contains(got, endpoint) {
					t.Errorf("%s pushed a list without %s, which is alive: %v", member, endpoint, got)
				}
			}
		default:
			return
		}
	}
}

func sameSet(a, b []string) bool {
	return slices.Equal(slices.Sorted(slices.Values(a)), slices.Sorted(slices.Values(b)))
}
