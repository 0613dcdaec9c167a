package clients

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"testing"

	"github.com/distro-naming/naming-operator/test/clients/drivers/line"
	"github.com/distro-naming/naming-operator/test/loopback"
)

// publication is what hangs on the same client as an instance.
type publication struct {
	instance line.Instance
	owner    string   // the member that answers for the client
	services []string // in which it publishes, sorted
}

// requirePublications finds out, at a member, all that clients publish of which there
// is an instance of each.
func (s *stage) requirePublications(t *testing.T, service string, of ...line.Instance) (out []publication) {
	t.Helper()
	for _, i := range of {
		p, err := publicationAt(t, s.Members[0], service, i)
		must(t, err)
		out = append(out, p)
	}
	return out
}

// requirePublishedAnew waits until all that clients had published is published by
// them at members that run. From then on what they change must be listed, at once asked.
// Not so before: they may not be connected yet, and when it is connected again nacos-sdk-go renews one service after the
// other from a copy of what it had (redoRegisterEachService in its
// connection_event_listener.go), so that members were seen to be sent, on one
// connection, what its user has changed, and a millisecond later what was there before.
// It also keeps the latter as what to renew. Members list what is sent last.
//
// Clients without a connection renew nothing. Java clients begin with it within three
// seconds, nacos-sdk-python 3 within thirty (_execute_redo_task).
func (s *stage) requirePublishedAnew(t *testing.T, service string, list []publication) {
	t.Helper()
	if !s.kind.connects() {
		return
	}
	for _, had := range list {
		eventually(t, "the client of "+endpoint(had.instance)+" has published anew what it had", func() error {
			return s.publishedAnew(t, service, had)
		})
	}
}

func (s *stage) publishedAnew(t *testing.T, service string, had publication) error {
	t.Helper()
	for _, m := range s.Members {
		if !m.Running() {
			continue
		}
		p, err := publicationAt(t, m, service, had.instance)
		if err == nil && p.owner == m.Address() {
			if !slices.Equal(p.services, had.services) {
				err = missing(had.services, p.services)
			}
			return err
		}
	}
	return missing("a member that owns it", had.owner)
}

func publicationAt(t *testing.T, m *loopback.Member, service string, i line.Instance) (publication, error) {
	t.Helper()
	var instances []struct {
		line.Instance
		Client, Owner string
	}
	if err := askAdmin(t, m, "/v1/instances", url.Values{"namespace": {"public"}, "group": {"DEFAULT_GROUP"}, "service": {service}}, &instances); err != nil {
		return publication{}, err
	}
	for _, found := range instances {
		if endpoint(found.Instance) != endpoint(i) {
			continue
		}
		query := url.Values{"owner": {found.Owner}}
		for bucket := range 256 {
			query.Add("bucket", strconv.Itoa(bucket))
		}
		var records []struct {
			Client   string
			Services []string
		}
		if err := askAdmin(t, m, "/v1/records", query, &records); err != nil {
			return publication{}, err
		}
		for _, r := range records {
			if r.Client == found.Client {
				return publication{i, found.Owner, slices.Sorted(slices.Values(r.Services))}, nil
			}
		}
	}
	return publication{}, fmt.Errorf("%s at %s: %w", endpoint(i), m.Name, errNotListed)
}

// askAdmin asks the admin port, which is plaintext.
func askAdmin(t *testing.T, m *loopback.Member, path string, query url.Values, into any) error {
	t.Helper()
	body, err := exchange(t, http.DefaultClient, http.MethodGet, m.Admin()+path+"?"+query.Encode())
	if err != nil {
		return err
	}
	return json.Unmarshal(body, into)
}
