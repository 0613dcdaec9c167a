package clients

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/distro-naming/naming-operator/sidecar/tlsfiles/tlstest"
	"github.com/distro-naming/naming-operator/test/clients/drivers/line"
)

// part is rows of the table that run on one stage.
type part struct {
	name      string
	prepare   func(t *testing.T, s *stage) (flags []string) // says what clients need, and how members are started
	scenarios []scenario
}

var parts = []part{
	{"plaintext", plaintext, scenarios},
	{"TLS", secured, secureScenarios},
	{"certificate", mutual, mutualScenarios},
	{"auth", guarded, guardedScenarios},
}

const (
	bySecure  = "as above, by members that take nothing but TLS from clients"
	byMutual  = "as above, by members that take nothing but TLS from clients, and ask them for a certificate"
	byGuarded = "as above, by members with auth, where clients log in"
)

var secureScenarios = []scenario{
	{"TLS: register", register, appRegisters, bySecure},
	{"TLS: subscribe", subscribe, appFollows, bySecure},
	{"TLS: a member is killed", memberKilled, appMemberKilled, bySecure},
	{"TLS: another authority", anotherAuthority, nil, "a client that trusts another authority than the members' does not speak with them"},
}

var mutualScenarios = []scenario{
	{"certificate: register", registerShowing, appRegistersShowing, byMutual + "; who shows none is cut off"},
	{"certificate: subscribe", subscribe, appFollows, byMutual},
}

var guardedScenarios = []scenario{
	{"auth: register", register, appRegisters, byGuarded},
	{"auth: query", query, appCalls, byGuarded},
	{"auth: subscribe", subscribe, appFollows, byGuarded + "; the subscriber may only read"},
	{"auth: no right", withoutRight, appWithoutRight, "who may only read is told no when it registers, and is not listed"},
	{"auth: deregister", deregister, appStops, byGuarded},
}

// every is all rows, in order.
func every() (out []scenario) {
	for _, p := range parts {
		out = slices.Concat(out, p.scenarios)
	}
	return out
}

func names(list []scenario) (out []string) {
	for _, sc := range list {
		out = append(out, sc.name)
	}
	return out
}

func plaintext(*testing.T, *stage) []string { return nil }

// secured has members take nothing but TLS.
func secured(t *testing.T, s *stage) []string {
	t.Helper()
	return []string{"--tls-clients=" + s.certify(t, false)}
}

// mutual has members ask clients for a certificate besides.
func mutual(t *testing.T, s *stage) []string {
	t.Helper()
	return []string{"--tls-clients=" + s.certify(t, true)}
}

// certify makes an authority with a certificate for clients and one for members, and
// returns the folder of these. With a bundle in it members ask for the clients'.
func (s *stage) certify(t *testing.T, mutual bool) (members string) {
	t.Helper()
	dir := t.TempDir()
	authority := tlstest.New(t, "clients")
	members, clients := filepath.Join(dir, "members"), filepath.Join(dir, "clients")
	asked := authority.Bundle
	if !mutual {
		asked = nil
	}
	tlstest.Write(t, members, authority.Issue([]string{"127.0.0.1"}), asked)
	tlstest.Write(t, clients, authority.Issue([]string{"client"}), authority.Bundle)
	s.secure = &line.TLS{
		CA: filepath.Join(clients, "ca.crt"), Cert: filepath.Join(clients, "tls.crt"), Key: filepath.Join(clients, "tls.key"),
		Mutual: mutual,
	}
	return members
}

// anotherAuthority opens a client that must not believe members.
func anotherAuthority(t *testing.T, s *stage) {
	const service = "betrayed"
	secure := *s.secure
	secure.CA = filepath.Join(t.TempDir(), "ca.crt")
	must(t, os.WriteFile(secure.CA, tlstest.New(t, "another").Bundle, 0o600))
	stranger, err := s.openOne(t, "stranger", &secure, nil)
	if err == nil {
		_, err = stranger.ask(line.Request{Op: "register", Service: service, Instances: []line.Instance{one(80)}})
	}
	if err == nil {
		t.Skip("it does not look whose certificate it is shown")
	}
	if !errors.Is(err, errClient) {
		t.Error(err)
	}
	s.requireListedEverywhere(t, service)
}

func registerShowing(t *testing.T, s *stage) {
	s.requireCertificatesAsked(t)
	register(t, s)
}

func appRegistersShowing(t *testing.T, a *application) {
	a.requireCertificatesAsked(t)
	appRegisters(t, a)
}

// guarded has members know two users.
func guarded(t *testing.T, s *stage) []string {
	t.Helper()
	s.writer, s.reader = &line.User{Name: "writer", Password: "writer"}, &line.User{Name: "reader", Password: "reader"}
	return []string{"--auth=" + authFolder(t, t.TempDir())}
}

// withoutRight has a user register who may only read.
func withoutRight(t *testing.T, s *stage) {
	const service = "refused"
	if _, err := s.subscriber.ask(line.Request{Op: "register", Service: service, Instances: []line.Instance{one(80)}}); !errors.Is(err, errClient) {
		t.Errorf("the reader registers, and is told: %v", err)
	}
	do(t, s.publisher, "register", service, one(81)) // when this is listed, the one before had its time
	s.requireListedEverywhere(t, service, one(81))
}
