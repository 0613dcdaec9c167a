package sidecar

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/bcrypt"

	"github.com/distro-naming/naming-operator/sidecar/gate"
)

// guarded is a house whose members have users and keys.
type guarded struct {
	*house
	dir, policy string
}

// hashOf makes the hash of a password.
func hashOf(t *testing.T, password string) string {
	t.Helper()
	hash, err := bcrypt.GenerateFromPassword([]byte(password), 10)
	if err != nil {
		t.Fatal(err)
	}
	return string(hash)
}

func keyOf(letter string) string {
	return base64.StdEncoding.EncodeToString([]byte(strings.Repeat(letter, 48)))
}

// guard starts members with users root, writer and reader, whose passwords are their
// names; open are those of the members that have no auth.
func guard(t *testing.T, mode string, without []string, ips ...string) *guarded {
	t.Helper()
	dir := t.TempDir()
	g := &guarded{dir: filepath.Join(dir, "auth"), policy: filepath.Join(dir, "policy")}
	if err := os.Mkdir(g.dir, 0o700); err != nil {
		t.Fatal(err)
	}
	var users strings.Builder
	for _, name := range []string{"root", "writer", "reader"} {
		fmt.Fprintf(&users, "%s:%s\n", name, hashOf(t, name))
	}
	write(t, filepath.Join(g.dir, gate.KeysFile), keyOf("a"))
	write(t, filepath.Join(g.dir, gate.UsersFile), users.String())
	write(t, filepath.Join(g.dir, gate.PermissionsFile), "root admin\nwriter public rw\nreader public r\n")
	write(t, g.policy, "auth="+mode)
	g.house = open(t, func(ip string, cfg *Config) {
		if !slices.Contains(without, ip) {
			cfg.Auth, cfg.AuthPolicy, cfg.AuthTokenTTL = g.dir, g.policy, time.Hour
		}
	}, ips...)
	return g
}

// write replaces a file at once.
func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path+".new", []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(path+".new", path); err != nil {
		t.Fatal(err)
	}
}

// login returns the token of a user, from a member.
func (g *guarded) login(ip, name string) string {
	g.t.Helper()
	status, body := g.call(http.MethodPost, "http://"+ip+":8848/nacos/v1/auth/login?username="+name+"&password="+name)
	var said struct{ AccessToken string }
	if err := json.Unmarshal([]byte(body), &said); err != nil || status != http.StatusOK {
		g.t.Fatalf("login of %s: %d %s", name, status, body)
	}
	return said.AccessToken
}

func with(token string) string { return "&accessToken=" + url.QueryEscape(token) }

func TestNothingIsDoneWithoutTheRight(t *testing.T) {
	a, b, c := loopback(90), loopback(91), loopback(92)
	g := guard(t, "Required", nil, a, b, c)
	g.ready(a, b, c)
	g.meet(a, b, c)
	writer, reader := g.login(a, "writer"), g.login(b, "reader")
	for i := range 6 { // whoever owns them
		if got := g.instances(a, "POST", fmt.Sprintf("?serviceName=web&ip=10.0.0.%d&port=80", i)+with(writer)); got != "ok" {
			t.Fatalf("register: %s", got)
		}
	}
	for _, ip := range []string{a, b, c} {
		g.eventually(ip+" lists all", func() bool {
			return strings.Count(g.instances(ip, "GET", "/list?serviceName=web"+with(reader)), `"ip":`) == 6
		})
	}
	for name, tc := range map[string]struct{ method, rest, says string }{
		"no token":            {"GET", "/list?serviceName=web", "user not found!"},
		"a right to read":     {"POST", "?serviceName=web&ip=10.0.0.9&port=80" + with(reader), "authorization failed!"},
		"another namespace":   {"POST", "?serviceName=web&ip=10.0.0.9&port=80&namespaceId=prod" + with(writer), "authorization failed!"},
		"a token of nobody":   {"DELETE", "?serviceName=web&ip=10.0.0.1&port=80" + with("AUTH_DISABLED"), "token invalid!"},
		"a token that is cut": {"GET", "/list?serviceName=web" + with(reader[:len(reader)-4]), "token invalid!"},
	} {
		if got := g.instances(c, tc.method, tc.rest); !strings.Contains(got, tc.says) {
			t.Errorf("with %s: %s, want %q", name, got, tc.says)
		}
	}
	for _, path := range []string{"/nacos/v1/ns/distro/datums", "/nacos/v1/ns/operator/switches", "/nacos/v2/ns/client/list"} {
		if status, body := g.call("GET", "http://"+a+":8848"+path+"?x=1"+with(writer)); status != http.StatusForbidden {
			t.Errorf("%s for a writer: %d %s", path, status, body)
		}
	}
	if _, metrics := g.get(c, "/metrics"); !strings.Contains(metrics, `naming_auth_denied_total{reason="missing"} 1`) || !strings.Contains(metrics, "naming_auth_required 1") {
		t.Error("refusals are not counted")
	}
}

// TestMembersWithoutTheKeyAreStrangers has one that is listed, and knows nothing.
func TestMembersWithoutTheKeyAreStrangers(t *testing.T) {
	a, b, c := loopback(93), loopback(94), loopback(95)
	g := guard(t, "Required", []string{c}, a, b, c)
	g.ready(a, b)
	if got := g.instances(a, "POST", "?serviceName=web&ip=10.0.0.1&port=80"+with(g.login(a, "root"))); got != "ok" {
		t.Fatalf("register: %s", got)
	}
	g.eventually("c is told that it is none", func() bool {
		peers := g.report(c).Peers
		return strings.Contains(peers[0].Error, unidentified) && strings.Contains(peers[1].Error, unidentified)
	})
	if status, _ := g.get(c, "/readyz"); status == http.StatusOK {
		t.Error("c is ready, and has loaded from nobody")
	}
	write(t, g.policy, "auth=Permissive") // as while auth is being turned on
	g.eventually("c is let in meanwhile", func() bool {
		status, _ := g.get(c, "/readyz")
		return status == http.StatusOK && g.report(c).Instances == 1
	})
}

// unidentified is how members refuse who is none.
const unidentified = "This is not a member of the cluster"

// TestAuthIsTurnedOnWhileClientsGoOn goes from Permissive to Required: who has a
// token by then is not seen to move, and who has none is out.
func TestAuthIsTurnedOnWhileClientsGoOn(t *testing.T) {
	a, b := loopback(96), loopback(97)
	g := guard(t, "Permissive", nil, a, b)
	g.ready(a, b)
	token := g.login(b, "writer")
	known, stranger := connectTo(t, a, "10.0.0.1", nil), connectTo(t, a, "10.0.0.2", nil)
	watcher := connectTo(t, b, "", nil)
	g.eventually("all pass", func() bool { return watcher.lists(2) })
	for _, c := range []*sdk{known, watcher} { // they log in, and show it when they connect anew
		c.mu.Lock()
		c.token = token
		c.mu.Unlock()
	}
	g.eventually("who showed nothing is counted", func() bool {
		_, metrics := g.get(a, "/metrics")
		return strings.Contains(metrics, `naming_auth_denied_total{reason="missing"} 2`)
	})
	write(t, g.policy, "auth=Required")
	g.eventually("who showed nothing is refused", func() bool {
		stranger.mu.Lock()
		defer stranger.mu.Unlock()
		return stranger.refused > 0
	})
	g.eventually("those that have a token connected anew", func() bool {
		first, _, _ := known.count()
		second, _, _ := watcher.count()
		return first > 1 && second > 1
	})
	if _, _, lost := watcher.count(); slices.Contains(lost, "10.0.0.1") {
		t.Errorf("the watcher saw vanish: %v", lost)
	}
	if got := g.report(a).Auth; got == nil || got.Mode != "Required" || got.Users != 3 || got.Fault != "" {
		t.Errorf("status says %+v", got)
	}
}

func TestCheckLogsIn(t *testing.T) {
	a, b := loopback(98), loopback(99)
	g := guard(t, "Required", nil, a, b)
	g.ready(a, b)
	folder := t.TempDir()
	write(t, filepath.Join(folder, "username"), "writer\n")
	write(t, filepath.Join(folder, "password"), "writer\n")
	members := "--members=" + a + ":8848," + b + ":8848"
	if err := Main(t.Context(), []string{"check", members, "--login=" + folder}, io.Discard, io.Discard); err != nil {
		t.Errorf("check = %v", err)
	}
	for says, login := range map[string]string{
		"user not found!": "", "check: --login": "/nowhere", "check user exist or password is": wrong(t),
	} {
		patient := time.Second // a password takes long to check on a machine that is busy
		g.eventually("check says: "+says, func() bool {
			err := Main(t.Context(), []string{"check", members, "--login=" + login, "--timeout=" + patient.String()}, io.Discard, io.Discard)
			patient *= 2
			return err != nil && strings.Contains(err.Error(), says)
		})
	}
}

// wrong is a folder with a wrong password.
func wrong(t *testing.T) string {
	t.Helper()
	folder := t.TempDir()
	write(t, filepath.Join(folder, "username"), "writer")
	write(t, filepath.Join(folder, "password"), "reader")
	return folder
}
