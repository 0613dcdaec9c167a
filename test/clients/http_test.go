package clients

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"testing"

	"github.com/distro-naming/naming-operator/test/loopback"
)

// Paths of the HTTP API of Nacos 1.x, which every later server still has.
const (
	instancePath = "/nacos/v1/ns/instance"
	beatPath     = "/nacos/v1/ns/instance/beat"
	listPath     = "/nacos/v1/ns/instance/list"

	beatAccepted = 10200 // the code of a beat that renewed an instance
)

func TestHTTPRegistrationBeatsAndLeaves(t *testing.T) {
	c := startCluster(t)
	form := url.Values{"serviceName": {service}, "ip": {"192.0.2.7"}, "port": {"80"}, "ephemeral": {"true"}}

	if body := call(t, c.Members[0], http.MethodPost, instancePath, form, http.StatusOK); body != "ok" {
		t.Errorf("register answered %q, want ok", body)
	}
	requireHTTPListed(t, c, service, "192.0.2.7:80")

	beat := call(t, c.Members[1], http.MethodPut, beatPath, form, http.StatusOK)
	var answer struct{ Code int }
	must(t, json.Unmarshal([]byte(beat), &answer))
	if answer.Code != beatAccepted {
		t.Errorf("beat answered %s, want code %d", beat, beatAccepted)
	}

	if body := call(t, c.Members[2], http.MethodDelete, instancePath, form, http.StatusOK); body != "ok" {
		t.Errorf("deregister answered %q, want ok", body)
	}
	requireHTTPListed(t, c, service)
}

// TestHTTPWritesGoToTheOwner sends every registration to one member; the ring
// decides which member keeps each client.
func TestHTTPWritesGoToTheOwner(t *testing.T) {
	c := startCluster(t)
	const n = 30
	var want []string
	for i := range n {
		form := url.Values{"serviceName": {service}, "ip": {"192.0.2.9"}, "port": {fmt.Sprint(1000 + i)}}
		call(t, c.Members[0], http.MethodPost, instancePath, form, http.StatusOK)
		want = append(want, "192.0.2.9:"+form.Get("port"))
	}
	requireHTTPListed(t, c, service, want...)
	requireAgreement(t, c)

	total := 0
	for _, m := range c.Members {
		status, err := m.Status(t.Context())
		must(t, err)
		if status.Owned == 0 || status.Owned == n {
			t.Errorf("%s owns %d of %d clients, want a share", m.Name, status.Owned, n)
		}
		total += status.Owned
	}
	if total != n {
		t.Errorf("all members together own %d clients, want %d", total, n)
	}
}

func TestHTTPRefusesWrongInput(t *testing.T) {
	c := startCluster(t)
	good := url.Values{"serviceName": {service}, "ip": {"192.0.2.7"}, "port": {"80"}}
	tests := map[string]struct{ key, value string }{
		"no service name":          {"serviceName", ""},
		"no ip":                    {"ip", ""},
		"a port that is no number": {"port", "http"},
		"a port out of range":      {"port", "70000"},
		"a negative weight":        {"weight", "-1"},
		"a persistent instance":    {"ephemeral", "false"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			form := maps.Clone(good)
			form.Set(tc.key, tc.value)
			status, body := send(t, c.Members[0], http.MethodPost, instancePath, form)
			if status < 400 || status == http.StatusNotFound || body == "" {
				t.Errorf("%s=%q answered %d %q, want a refusal that says why", tc.key, tc.value, status, body)
			}
		})
	}
	requireHTTPListed(t, c, service)
}

func requireHTTPListed(t *testing.T, c *loopback.Cluster, service string, endpoints ...string) {
	t.Helper()
	slices.Sort(endpoints)
	for _, m := range c.Members {
		eventually(t, fmt.Sprintf("%s lists %v", m.Name, endpoints), func() error {
			body := call(t, m, http.MethodGet, listPath, url.Values{"serviceName": {service}}, http.StatusOK)
			var answer struct {
				Hosts []struct {
					IP   string
					Port int
				}
			}
			if err := json.Unmarshal([]byte(body), &answer); err != nil {
				return err
			}
			var got []string
			for _, h := range answer.Hosts {
				got = append(got, fmt.Sprintf("%s:%d", h.IP, h.Port))
			}
			slices.Sort(got)
			if !slices.Equal(got, endpoints) {
				return missing(endpoints, got)
			}
			return nil
		})
	}
}

// call sends a request that must be answered with the status.
func call(t *testing.T, m *loopback.Member, method, path string, form url.Values, want int) string {
	t.Helper()
	status, body := send(t, m, method, path, form)
	if status != want {
		t.Fatalf("%s %s?%s at %s: status %d: %s", method, path, form.Encode(), m.Name, status, body)
	}
	return body
}

func send(t *testing.T, m *loopback.Member, method, path string, form url.Values) (status int, body string) {
	t.Helper()
	target := "http://" + m.Address() + path + "?" + form.Encode()
	req, err := http.NewRequestWithContext(t.Context(), method, target, http.NoBody)
	must(t, err)
	resp, err := http.DefaultClient.Do(req)
	must(t, err)
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	must(t, err)
	return resp.StatusCode, string(text)
}
