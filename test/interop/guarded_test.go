package interop

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/distro-naming/naming-operator/test/loopback"
)

// What members of a cluster with auth are told: one user, who may do everything, and
// a key so long that Java signs by HS512.
const (
	user     = "mover"
	password = "moving-house"
	hashed   = "$2a$10$sAAYL5y.yDMw1sSxUo6.supY2OQtUkESpo06Os/j3HC3JKLBKKWoK" // of password
	key      = "krDPdITBJgkEBcLir1A4+2l+g4+jUdQey++OR4ynX6wqxFSsEdP8vOUDPTTFQ2nbluG8HaZf5lBWTWhAs4xk2g=="

	identity = "who-is-there: a-member"
)

// moving is the policy of ours while a cluster moves here: of users as ever.
const moving = "auth=Required\nmembers=Permissive"

// newGuarded lays out members as newCluster does, with auth on. Of ours, policy says
// how it is insisted on; Java servers insist on it.
func newGuarded(t *testing.T, kinds, policy string) *cluster {
	t.Helper()
	c := newCluster(t, kinds)
	for name, text := range map[string]string{
		"signing-keys": key, "users": user + ":" + hashed, "permissions": user + " admin",
		"policy": policy, "identity": identity, "another": "who-is-there: somebody",
	} {
		c.write(name, text)
	}
	name, value, _ := strings.Cut(identity, ": ")
	for _, j := range c.javas {
		j.settings = map[string]string{
			"nacos.core.auth.enabled": "true", "nacos.core.auth.system.type": "nacos",
			"nacos.core.auth.server.identity.key": name, "nacos.core.auth.server.identity.value": value,
			"nacos.core.auth.plugin.nacos.token.secret.key": key,
			"interop.user": user, "interop.password": password,
		}
	}
	for _, o := range c.ours {
		c.guard(o, "identity")
	}
	return c
}

// guard has a member of ours insist on auth when it starts next, and show the
// identity of a file.
func (c *cluster) guard(o *loopback.Member, identity string) {
	o.Flags = []string{
		"--auth=" + c.dir, "--auth-policy=" + filepath.Join(c.dir, "policy"), "--server-identity=" + filepath.Join(c.dir, identity),
	}
}

// write replaces a file of the cluster at once, as a kubelet does.
func (c *cluster) write(name, text string) {
	c.t.Helper()
	path := filepath.Join(c.dir, name)
	must(c.t, os.WriteFile(path+".new", []byte(text+"\n"), 0o600))
	must(c.t, os.Rename(path+".new", path))
}

// login returns the token that a member gives.
func (c *cluster) login(address string) string {
	c.t.Helper()
	var answer struct{ AccessToken string }
	until(c.t, address+" logs in", func() error {
		body, err := ask(c.t.Context(), http.MethodPost, address, "/nacos/v1/auth/users/login",
			url.Values{"username": {user}, "password": {password}})
		if err != nil {
			return err
		}
		return json.Unmarshal([]byte(body), &answer)
	})
	return answer.AccessToken
}

// held connects a client that shows the cluster's token.
func (c *cluster) held(address string) *client {
	c.t.Helper()
	out := connect(c.t, address)
	out.token = c.token
	return out
}

// form is that of an instance whose client need not beat, and shows the token.
func (c *cluster) form(service string, i instance) url.Values {
	return shown(c.token, i.lasting().form(service))
}

// requireLogged waits until a member of ours has logged the words.
func (c *cluster) requireLogged(o *loopback.Member, words string) {
	c.t.Helper()
	until(c.t, fmt.Sprintf("%s logs %q", o.Name, words), func() error {
		text, err := os.ReadFile(filepath.Join(c.dir, o.Name+".log"))
		if err == nil && !bytes.Contains(text, []byte(words)) {
			err = errNotLogged
		}
		return err
	})
}

// requireCounted waits until a counter of a member of ours has risen above 0.
func (c *cluster) requireCounted(o *loopback.Member, metric string) {
	c.t.Helper()
	until(c.t, o.Name+" counts "+metric, func() error {
		_, err := o.Metric(c.t.Context(), metric) // which is there from 1 on
		return err
	})
}
