package clients

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"testing"

	"github.com/distro-naming/naming-operator/test/clients/drivers/line"
	"github.com/distro-naming/naming-operator/test/loopback"
)

// stage is three members and three clients of one kind, each a process. All
// clients know all members. A client of Nacos 2 publishes at most one instance
// of a service, or one batch, so that two publishers are needed.
type stage struct {
	*loopback.Cluster
	life    context.Context // of the members: scenarios end before
	kind    kind
	command []string
	secure  *line.TLS  // nil: plaintext
	writer  *line.User // nil: nobody logs in
	reader  *line.User // as whom the subscriber logs in, who may not register

	publisher, second, subscriber *driver
}

// open starts the clients and waits until all are served, as one that is told to
// connect may do so later. It returns errAbsent if they cannot do what the stage
// needs, and fails the test for any other error.
func (s *stage) open(t *testing.T) (err error) {
	t.Helper()
	for name, d := range map[string]**driver{"publisher": &s.publisher, "second": &s.second, "subscriber": &s.subscriber} {
		user := s.writer
		if d == &s.subscriber {
			user = s.reader
		}
		if *d, err = s.openOne(t, name, s.secure, user); errors.Is(err, errAbsent) {
			return err
		}
		must(t, err)
	}
	const service = "opened"
	retry(t, s.publisher, "register", service, one(80))
	retry(t, s.second, "register", service, one(81))
	requireFound(t, s.subscriber, line.Request{Service: service}, one(80), one(81))
	return nil
}

// openOne starts a client, and returns what that says when it is opened.
func (s *stage) openOne(t *testing.T, name string, secure *line.TLS, user *line.User) (*driver, error) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), name)
	var env []string
	if secure != nil && s.kind.authorities != "" {
		env = append(env, s.kind.authorities+"="+secure.CA)
	}
	var servers []string
	for _, m := range s.Members {
		servers = append(servers, m.Address())
	}
	d := startDriver(t, name, dir, s.command, env...)
	_, err := d.ask(line.Request{Op: "open", Servers: servers, Dir: dir, TLS: secure, User: user})
	return d, err
}

// requireOffered skips the rest of a scenario of which a client does not offer
// a part, and fails it for any other error.
func requireOffered(t *testing.T, err error) {
	t.Helper()
	if errors.Is(err, errAbsent) {
		t.Skip(err)
	}
	must(t, err)
}

// do has a client do something with instances of a service.
func do(t *testing.T, d *driver, op, service string, list ...line.Instance) {
	t.Helper()
	_, err := d.ask(line.Request{Op: op, Service: service, Instances: list})
	requireOffered(t, err)
}

// retry is do for a client that may be connecting again: it asks until the
// client does not say no.
func retry(t *testing.T, d *driver, op, service string, list ...line.Instance) {
	t.Helper()
	eventually(t, d.name+" can "+op, func() error {
		_, err := d.ask(line.Request{Op: op, Service: service, Instances: list})
		return err
	})
}

// watch subscribes to a service, or to clusters of it.
func watch(t *testing.T, d *driver, service string, clusters ...string) {
	t.Helper()
	_, err := d.ask(line.Request{Op: "subscribe", Service: service, Clusters: clusters})
	requireOffered(t, err)
}

// requireFound waits until a client finds exactly the instances.
func requireFound(t *testing.T, d *driver, query line.Request, want ...line.Instance) {
	t.Helper()
	query.Op = "query"
	eventually(t, fmt.Sprintf("%s finds %v", d.name, endpoints(want)), func() error {
		got, err := d.ask(query)
		if err != nil && len(want) > 0 { // some clients call an empty list an error
			return err
		}
		return same(want, got)
	})
}

// requirePushed waits until the newest list of a subscription is exactly want.
func requirePushed(t *testing.T, d *driver, service string, clusters []string, want ...line.Instance) {
	t.Helper()
	eventually(t, fmt.Sprintf("%s is told %v", d.name, endpoints(want)), func() error {
		lists := d.lists(service, clusters...)
		if len(lists) == 0 {
			return missing(endpoints(want), "nothing yet")
		}
		return same(want, lists[len(lists)-1])
	})
}

// requireNeverLost looks at every list of a subscription so far, from the first
// that had all that is alive.
func requireNeverLost(t *testing.T, d *driver, service string, alive ...line.Instance) {
	t.Helper()
	complete := false
	for _, list := range d.lists(service) {
		got := endpoints(list)
		lost := slices.DeleteFunc(endpoints(alive), func(e string) bool { return slices.Contains(got, e) })
		if complete && len(lost) > 0 {
			t.Errorf("%s was told %v, without %v, which is alive", d.name, got, lost)
		}
		complete = complete || len(lost) == 0
	}
}

// same compares what matters: endpoints, weights, and the cluster and metadata
// that were asked for.
func same(want, got []line.Instance) error {
	if !slices.Equal(endpoints(want), endpoints(got)) {
		return missing(endpoints(want), endpoints(got))
	}
	for _, w := range want {
		g := got[slices.IndexFunc(got, func(i line.Instance) bool { return endpoint(i) == endpoint(w) })]
		if g.Weight != w.Weight || w.Cluster != "" && g.Cluster != w.Cluster {
			return missing(w, g)
		}
		for k, v := range w.Metadata {
			if g.Metadata[k] != v {
				return missing(w, g)
			}
		}
	}
	return nil
}

// one returns an instance at 192.0.2.1.
func one(port int) line.Instance {
	return line.Instance{IP: "192.0.2.1", Port: port, Weight: 1, Healthy: true}
}
