package clients

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/distro-naming/naming-operator/test/clients/sdk"
	"github.com/distro-naming/naming-operator/test/loopback"
)

// Paths of what is set by the API.
const (
	servicePath = "/nacos/v1/ns/service"
	adminPath   = "/nacos/v3/admin/ns/instance"
)

// TestSettingsSurviveRegistrationsAndRestarts sets a threshold, a weight and
// metadata at one member, restarts that member without warning and then every
// other, lets the client register anew, and wants the same answers of all.
func TestSettingsSurviveRegistrationsAndRestarts(t *testing.T) {
	c := startCluster(t)
	i := instances(8100, 1)[0]
	owner := connect(t, c.Members[1])
	must(t, owner.Register(service, i))
	requireHTTPListed(t, c, service, i.Endpoint())
	watcher := connect(t, c.Members[2])
	pushed, err := watcher.Watch(service)
	must(t, err)

	form := url.Values{"serviceName": {service}, "protectThreshold": {"0.75"}, "metadata": {"team=a"}}
	call(t, c.Members[0], http.MethodPut, servicePath, form, http.StatusOK)
	call(t, c.Members[0], http.MethodPut, instancePath, changing(i, "7", "set=yes"), http.StatusOK)
	requireShown(t, pushed, func(list []sdk.Instance) bool { return len(list) == 1 && list[0].Metadata["set"] == "yes" })

	requireSet := func() {
		t.Helper()
		for _, m := range c.Members {
			eventually(t, m.Name+" shows what was set", func() error { return showsSet(t, m, i) })
		}
	}
	requireSet()
	for _, m := range c.Members {
		must(t, m.Kill())
		must(t, m.Start(t.Context()))
		requireReady(t, m)
		if _, found := described(t, m); !found { // its first answer must be complete
			t.Errorf("%s is ready without the settings of the service", m.Name)
		}
	}
	requireOwned(t, c.Members[1], 1) // the SDK registered again by itself
	requireHTTPListed(t, c, service, i.Endpoint())
	requireSet()
	again := i
	again.Metadata = map[string]string{"set": "no", "own": "1"}
	must(t, owner.Register(service, again))
	for _, m := range c.Members {
		eventually(t, m.Name+" shows what was registered below what was set", func() error {
			h, err := shown(t, m, i)
			if err == nil && (h.Metadata["own"] != "1" || h.Metadata["set"] != "yes") {
				err = missing("own=1 and set=yes", h.Metadata)
			}
			return err
		})
	}
}

// TestWritersAtOnceAgreeOnOne lets all members be written to at once, again and
// again; every member must show the same in the end.
func TestWritersAtOnceAgreeOnOne(t *testing.T) {
	c := startCluster(t)
	i := instances(8200, 1)[0]
	must(t, connect(t, c.Members[0]).Register(service, i))
	requireHTTPListed(t, c, service, i.Endpoint())
	var writers sync.WaitGroup
	for n, m := range c.Members {
		writers.Go(func() {
			for round := range 20 {
				form := changing(i, strconv.Itoa(1+n*100+round), fmt.Sprintf("by=%d", n))
				form.Set("ephemeral", "true")
				call(t, m, http.MethodPut, adminPath, form, http.StatusOK)
				service := url.Values{"serviceName": {service}, "protectThreshold": {fmt.Sprint(float64(n) / 8)}}
				call(t, m, http.MethodPut, servicePath, service, http.StatusOK)
			}
		})
	}
	writers.Wait()
	eventually(t, "all members show the same", func() error {
		var first string
		for n, m := range c.Members {
			h, err := shown(t, m, i)
			if err != nil {
				return err
			}
			is, _ := described(t, m)
			text := fmt.Sprint(h.Weight, h.Metadata, is.ProtectThreshold)
			if n == 0 {
				first = text
			}
			if text != first {
				return fmt.Errorf("%s shows %s, %s shows %s", c.Members[0].Name, first, m.Name, text)
			}
		}
		return nil
	})
}

// TestDisabledInstancesAreHiddenUntilTheyAreForgotten takes an instance out of
// lists, as one does before an upgrade; what was said of it ends some time after
// the instance did, here very soon.
func TestDisabledInstancesAreHiddenUntilTheyAreForgotten(t *testing.T) {
	c := startCluster(t)
	for _, m := range c.Members {
		m.Flags = []string{"--override-lifetime=1s"}
		must(t, m.Kill())
		must(t, m.Start(t.Context()))
		requireReady(t, m)
	}
	list := instances(8300, 2)
	i, other := list[0], list[1].Endpoint()
	owner, readers := connect(t, c.Members[0]), []*sdk.Client{connect(t, c.Members[1]), connect(t, c.Members[2])}
	must(t, owner.RegisterAll(service, list))
	requireListed(t, readers, service, i.Endpoint(), other)
	form := changing(i, "1", "")
	form.Set("enabled", "false")
	call(t, c.Members[2], http.MethodPut, instancePath, form, http.StatusOK)
	requireListed(t, readers, service, other)
	must(t, owner.RegisterAll(service, list)) // which does not bring it back
	requireHTTPListed(t, c, service, other)
	must(t, owner.RegisterAll(service, list[1:]))
	for _, m := range c.Members {
		eventually(t, m.Name+" has forgotten what was said of it", func() error {
			of, err := m.Metric(t.Context(), `naming_settings{of="instance"}`)
			ends, err2 := m.Metric(t.Context(), `naming_settings{of="tombstone"}`)
			if err = errors.Join(err, err2); err == nil && (of != 0 || ends != 1) {
				err = missing("no instance and a tombstone", []float64{of, ends})
			}
			return err
		})
	}
	must(t, owner.RegisterAll(service, list))
	requireHTTPListed(t, c, service, i.Endpoint(), other)
}

// changing is a form that changes an instance.
func changing(i sdk.Instance, weight, metadata string) url.Values {
	return url.Values{
		"serviceName": {service}, "ip": {i.IP}, "port": {strconv.FormatUint(i.Port, 10)},
		"weight": {weight}, "metadata": {metadata},
	}
}

// host is an instance as a member lists it.
type host struct {
	IP       string
	Port     uint64
	Weight   float64
	Metadata map[string]string
}

var errNotListed = errors.New("not listed")

// shown returns an instance as a member lists it.
func shown(t *testing.T, m *loopback.Member, i sdk.Instance) (host, error) {
	t.Helper()
	body := call(t, m, http.MethodGet, listPath, url.Values{"serviceName": {service}}, http.StatusOK)
	var answer struct{ Hosts []host }
	if err := json.Unmarshal([]byte(body), &answer); err != nil {
		return host{}, err
	}
	n := slices.IndexFunc(answer.Hosts, func(h host) bool { return h.IP == i.IP && h.Port == i.Port })
	if n < 0 {
		return host{}, fmt.Errorf("%s: %w by %s", i.Endpoint(), errNotListed, m.Name)
	}
	return answer.Hosts[n], nil
}

// settings of a service as a member shows them.
type settings struct {
	ProtectThreshold float64
	Metadata         map[string]string
}

func described(t *testing.T, m *loopback.Member) (is settings, found bool) {
	t.Helper()
	status, body := send(t, m, http.MethodGet, servicePath, url.Values{"serviceName": {service}})
	if status != http.StatusOK {
		return is, false
	}
	must(t, json.Unmarshal([]byte(body), &is))
	return is, is.ProtectThreshold != 0
}

// showsSet complains unless a member shows what TestSettingsSurvive… sets.
func showsSet(t *testing.T, m *loopback.Member, i sdk.Instance) error {
	t.Helper()
	h, err := shown(t, m, i)
	if err != nil {
		return err
	}
	if h.Weight != 7 || h.Metadata["set"] != "yes" {
		return missing("weight 7 and set=yes", h)
	}
	if is, _ := described(t, m); is.ProtectThreshold != 0.75 || is.Metadata["team"] != "a" {
		return missing("threshold 0.75 and team=a", is)
	}
	return nil
}

// requireShown waits for a list that is as wanted.
func requireShown(t *testing.T, lists <-chan []sdk.Instance, wanted func([]sdk.Instance) bool) {
	t.Helper()
	late := time.After(patience)
	for {
		select {
		case list := <-lists:
			if wanted(list) {
				return
			}
		case <-late:
			t.Fatal("the change was not pushed")
		}
	}
}
