package clients

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"os"
	"strings"
	"testing"

	"github.com/distro-naming/naming-operator/test/clients/drivers/line"
	"github.com/distro-naming/naming-operator/test/loopback"
)

// requireListedEverywhere waits until every running member lists exactly want
// over plain HTTP.
func (s *stage) requireListedEverywhere(t *testing.T, service string, want ...line.Instance) {
	t.Helper()
	for _, m := range s.Members {
		if !m.Running() {
			continue
		}
		eventually(t, fmt.Sprintf("%s lists %v", m.Name, endpoints(want)), func() error { return s.lists(t, m, service, want) })
	}
}

// lists is nil if a member lists exactly want now.
func (s *stage) lists(t *testing.T, m *loopback.Member, service string, want []line.Instance) error {
	t.Helper()
	var answer struct {
		Hosts []struct {
			line.Instance
			ClusterName string
		}
	}
	if err := s.read(t, m, listPath, url.Values{"serviceName": {service}}, &answer); err != nil {
		return err
	}
	var got []line.Instance
	for _, h := range answer.Hosts {
		h.Cluster = h.ClusterName
		got = append(got, h.Instance)
	}
	return same(want, got)
}

// watchedAt returns how many watch the service at a member.
func (s *stage) watchedAt(t *testing.T, m *loopback.Member, service string) int {
	t.Helper()
	var answer struct{ Count int }
	must(t, s.read(t, m, "/nacos/v1/ns/service/subscribers", url.Values{"serviceName": {service}, "aggregation": {"false"}}, &answer))
	return answer.Count
}

// read asks a member and decodes its answer.
func (s *stage) read(t *testing.T, m *loopback.Member, path string, form url.Values, into any) error {
	t.Helper()
	body, err := s.send(t, http.MethodGet, m, path, form)
	if err != nil {
		return err
	}
	return json.Unmarshal(body, into)
}

// send makes a call of the HTTP API as members want it: by TLS, with a certificate
// and as a user.
func (s *stage) send(t *testing.T, method string, m *loopback.Member, path string, form url.Values) ([]byte, error) {
	t.Helper()
	client, scheme := http.DefaultClient, "http"
	if s.secure != nil {
		client, scheme = trusting(t, s.secure), "https"
		defer client.CloseIdleConnections()
	}
	if s.writer != nil {
		form = maps.Clone(form)
		form.Set("username", s.writer.Name)
		form.Set("password", s.writer.Password)
	}
	target := url.URL{Scheme: scheme, Host: m.Address(), Path: path, RawQuery: form.Encode()}
	return exchange(t, client, method, target.String())
}

// must is a call to the first member that has to succeed.
func (s *stage) must(t *testing.T, method, path string, form url.Values) {
	t.Helper()
	_, err := s.send(t, method, s.Members[0], path, form)
	must(t, err)
}

// exchange returns the body of an answer that says 200.
func exchange(t *testing.T, client *http.Client, method, target string) ([]byte, error) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, target, http.NoBody)
	if err != nil {
		return nil, err
	}
	resp, err := client.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode != http.StatusOK {
		err = fmt.Errorf("%w: %s %s: %s: %s", errRefused, method, target, resp.Status, body)
	}
	return body, err
}

var errRefused = errors.New("refused")

// trusting calls members by TLS, with a certificate if they ask for one.
func trusting(t *testing.T, secure *line.TLS) *http.Client {
	t.Helper()
	settings := trust(t, secure)
	if secure.Mutual {
		pair, err := tls.LoadX509KeyPair(secure.Cert, secure.Key)
		must(t, err)
		settings.Certificates = []tls.Certificate{pair}
	}
	return &http.Client{Transport: &http.Transport{TLSClientConfig: settings}}
}

func trust(t *testing.T, secure *line.TLS) *tls.Config {
	t.Helper()
	bundle, err := os.ReadFile(secure.CA)
	must(t, err)
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(bundle)
	return &tls.Config{RootCAs: roots}
}

// requireCertificatesAsked wants members to cut off who shows none, on both ports.
func (s *stage) requireCertificatesAsked(t *testing.T) {
	t.Helper()
	for _, m := range s.Members {
		for _, address := range []string{m.Address(), m.GRPCAddress()} {
			conn, err := tls.Dial("tcp", address, trust(t, s.secure)) //nolint:noctx // it ends by itself
			must(t, err)
			_, err = conn.Read(make([]byte, 1)) // since TLS 1.3 it is told after the handshake
			if err == nil || !strings.Contains(err.Error(), "certificate required") {
				t.Errorf("%s without a certificate: %v", address, err)
			}
			_ = conn.Close()
		}
	}
}
