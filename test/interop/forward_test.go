package interop

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"testing"
)

// TestHTTPWritesGoToTheOwnerByTheSameRing writes everything at the wrong and at
// the right member alike: both must agree on who owns which client, or a write
// that was forwarded would be refused as one too many.
func TestHTTPWritesGoToTheOwnerByTheSameRing(t *testing.T) {
	c := startCluster(t, "jo")
	java, ours := c.javas[0].address(), c.ours[0].Address()
	const n = 12
	var published []instance
	for i := range n {
		one := at(80 + i).lasting()
		write(t, http.MethodPost, []string{java, ours}[i%2], one.form(service))
		published = append(published, one)
	}
	c.requireListed(service, published...)
	status, err := c.ours[0].Status(t.Context())
	must(t, err)
	if status.Owned == 0 || status.Owned == n {
		t.Errorf("ours owns %d of %d clients, want a share", status.Owned, n)
	}

	for i := range published { // each is changed where it was not registered
		published[i] = published[i].changed().lasting()
		write(t, http.MethodPost, []string{ours, java}[i%2], published[i].form(service))
	}
	c.requireListed(service, published...)
	for _, one := range published {
		for _, m := range c.members() {
			c.requireBeatTaken(m, one)
		}
	}
	for i, one := range published {
		write(t, http.MethodDelete, []string{ours, java}[i%2], one.form(service))
	}
	c.requireListed(service)
}

func (c *cluster) requireBeatTaken(address string, i instance) {
	c.t.Helper()
	until(c.t, fmt.Sprintf("%s takes a beat of %s", address, i), func() error {
		body, err := ask(c.t.Context(), http.MethodPut, address, beatPath, i.form(service))
		var answer struct{ Code int }
		if err == nil {
			err = json.Unmarshal([]byte(body), &answer)
		}
		if err == nil && answer.Code != 10200 {
			err = fmt.Errorf("answered %s", body)
		}
		return err
	})
}

// TestSilentHTTPClientsExpireWhoeverOwnsThem: instances that send no beats are
// shown as unhealthy and then removed by their owners, which tell the others.
func TestSilentHTTPClientsExpireWhoeverOwnsThem(t *testing.T) {
	c := startCluster(t, "jo")
	times := map[string]string{
		"preserved.heart.beat.interval": "500",
		"preserved.heart.beat.timeout":  "1000",
		"preserved.ip.delete.timeout":   "20000",
	}
	var published []instance
	for i := range 6 {
		one := at(80 + i)
		one.Metadata = maps.Clone(times)
		write(t, http.MethodPost, c.members()[i%2], one.form(service))
		one.Healthy = false
		published = append(published, one)
	}
	c.requireListed(service, published...)
	c.requireListed(service)
}

// TestEmptyNamespaceIsKeptApart as Java does it, once ours knows of a Java server.
func TestEmptyNamespaceIsKeptApart(t *testing.T) {
	c := startCluster(t, "jo")
	for i, m := range c.members() {
		publisher, one := connect(t, m), at(80)
		name := fmt.Sprintf("nameless-%d", i)
		publisher.instance("registerInstance", "", name, one)
		for _, reader := range c.members() {
			r := connect(t, reader)
			until(t, reader+" lists it in the namespace without a name", func() error {
				got, err := r.query("", name)
				if err == nil && fmt.Sprint(got) != fmt.Sprint(texts([]instance{one})) {
					err = fmt.Errorf("it lists %v", got)
				}
				return err
			})
		}
		c.requireListed(name) // in public
	}
}
