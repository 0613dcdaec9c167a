//go:build e2e

package e2e

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/bcrypt"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/distro-naming/naming-operator/api/v1alpha1"
	"github.com/distro-naming/naming-operator/sidecar/auth"
	"github.com/distro-naming/naming-operator/sidecar/report"
)

// guarded is a cluster of three with users: "writer", who may register, and
// "reader", who may not. Each has its name as its password.
type guarded struct {
	key     client.ObjectKey
	users   *corev1.Secret
	members []string // where they serve
}

// The lines of the Secret's files.
const (
	mayRead  = "reader public r\n"
	mayWrite = "writer public rw\n"
)

// TestAuthIsTurnedOnAndLivedWith goes through what the page about auth says, step by
// step: turn it on under running members, rotate the signing key, make a mistake,
// correct it and withdraw a right. No pod is replaced but to get users at all.
func TestAuthIsTurnedOnAndLivedWith(t *testing.T) {
	t.Parallel()
	g := &guarded{key: client.ObjectKey{Namespace: "guarded", Name: "three"}}
	found(t, g.key, members, nil)
	permitSecrets(t, g.key.Namespace)
	g.makeUsers(t)

	g.set(t, "Permissive")
	g.members = addressesOf(t, g.key, members)
	startHelper(t, "hold", "-service", "stranger", "-member", serviceOf(t, g.key), "-count", "1", "-clients", "1")
	pods := uidsOf(t, g.key, members)
	g.set(t, "Required")
	token := login(t, g.members[0], "writer", "writer")
	g.requireRights(t, token)

	l := &load{service: "guarded-grown", token: token, helper: startHelper(t, "grow", "-service", "guarded-grown",
		"-member", serviceOf(t, g.key), "-clients", "3", "-user", "writer", "-password", "writer")}
	g.rotate(t, token)
	g.blunder(t, token)
	l.settle(t, g.members...)
	if said := l.helper.said(); strings.Contains(said, "error code: 403") {
		t.Errorf("a client that was logged in had no right any more:\n%s", said)
	}
	g.withdraw(t, token)
	requireListedTo(t, token, "stranger", 0, g.members...) // who never logged in is gone
	if now := uidsOf(t, g.key, members); !slices.Equal(now, pods) {
		t.Errorf("pods were replaced after they had users: %v, before %v", now, pods)
	}
}

// makeUsers makes the Secret, with a hash of each password as htpasswd writes it.
func (g *guarded) makeUsers(t *testing.T) {
	t.Helper()
	g.users = &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Namespace: g.key.Namespace, Name: "naming-users"},
		StringData: map[string]string{"signing-keys": signingKey("a"), "permissions": mayRead + mayWrite},
	}
	for _, name := range []string{"writer", "reader"} {
		hash, err := bcrypt.GenerateFromPassword([]byte(name), bcrypt.DefaultCost)
		if err != nil {
			t.Fatal(err)
		}
		g.users.StringData["users"] += name + ":" + string(hash) + "\n"
	}
	if err := k8s.Create(t.Context(), g.users); err != nil {
		t.Fatal(err)
	}
}

// signingKey is a line of the file of that name.
func signingKey(letter string) string { return strings.Repeat(letter, 64) + "\n" } // letters are base64

// write changes a file of the Secret.
func (g *guarded) write(t *testing.T, file, text string) {
	t.Helper()
	g.users.StringData = map[string]string{file: text}
	if err := k8s.Update(t.Context(), g.users); err != nil {
		t.Fatal(err)
	}
}

// set changes the mode and waits until all members follow.
func (g *guarded) set(t *testing.T, mode v1alpha1.AuthMode) {
	t.Helper()
	patch(fmt.Sprintf(`{"spec":{"auth":{"mode":%q,"secretName":%q}}}`, mode, g.users.Name))(t, g.key)
	g.reaches(t, metav1.ConditionTrue, v1alpha1.ReasonAuthApplied)
	if s := settle(t, g.key, members).Status.Auth; s == nil || s.Mode != mode || s.ReadyMembers != members {
		t.Errorf("status.auth = %+v, want %s on all members", s, mode)
	}
}

// reaches waits until AuthReady is as it is wanted, and returns what it says.
func (g *guarded) reaches(t *testing.T, status metav1.ConditionStatus, reason string) (message string) {
	t.Helper()
	eventually(t, fmt.Sprintf("AuthReady is %s: %s", status, reason), func(ctx context.Context) error {
		var c v1alpha1.NamingCluster
		if err := k8s.Get(ctx, g.key, &c); err != nil {
			return err
		}
		found := meta.FindStatusCondition(c.Status.Conditions, v1alpha1.AuthReady)
		if found == nil || found.Status != status || found.Reason != reason || found.ObservedGeneration != c.Generation {
			return notYet("%+v", found)
		}
		message = found.Message
		return nil
	})
	return message
}

// requireRights wants each port of each member to let those through who may.
func (g *guarded) requireRights(t *testing.T, token string) {
	t.Helper()
	for i, m := range g.members {
		mine := login(t, m, "reader", "reader")
		for _, other := range g.members { // a token is good on all
			requireAnswer(t, other, http.MethodGet, listPath, listing(mine), http.StatusOK, "hosts")
		}
		requireAnswer(t, m, http.MethodPost, instancePath, registering(token), http.StatusOK, "ok")
		requireAnswer(t, m, http.MethodPost, instancePath, registering(mine), http.StatusForbidden, "authorization failed!")
		requireAnswer(t, m, http.MethodGet, listPath, listing(""), http.StatusForbidden, "user not found!")
		requireAnswer(t, m, http.MethodPost, loginPath, url.Values{"username": {"writer"}, "password": {"guess"}}, http.StatusForbidden, "password is right!")

		hold := []string{"hold", "-service", fmt.Sprintf("held-%d", i), "-count", "1", "-clients", "1"}
		requireSDKRefused(t, "authorization failed!", append(hold, "-member", m, "-user", "reader", "-password", "reader")...)
		requireSDKRefused(t, "user not found!", append(hold, "-member", m)...)
		peers := strings.Replace(m, ":8848", ":8849", 1) // to which an SDK adds 1000
		requireSDKRefused(t, "This port is for members of the list", append(hold, "-member", peers, "-user", "writer", "-password", "writer")...)
	}
}

func listing(token string) url.Values {
	return url.Values{"serviceName": {"guarded"}, "accessToken": {token}}
}

func registering(token string) url.Values {
	return url.Values{"serviceName": {"guarded"}, "ip": {"192.0.2.9"}, "port": {"80"}, "accessToken": {token}}
}

// rotate puts a new signing key before the old one. Tokens of both are good then,
// whichever a member signs by, and a client may show either.
func (g *guarded) rotate(t *testing.T, old string) {
	t.Helper()
	g.write(t, "signing-keys", signingKey("b")+signingKey("a"))
	for _, m := range g.members {
		eventually(t, m+" has the new key", func(ctx context.Context) error {
			var said report.Report
			if err := read(ctx, "http://"+adminOf(m)+"/v1/status", &said); err != nil {
				return err
			}
			if said.Auth == nil || said.Auth.Keys != 2 || said.Auth.Fault != "" {
				return notYet("it says %+v", said.Auth)
			}
			return nil
		})
	}
	keys, err := auth.ParseKeys(signingKey("b"))
	if err != nil {
		t.Fatal(err)
	}
	newest, err := keys[0].Issue("writer", time.Now(), time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range g.members {
		for _, token := range []string{old, newest} {
			requireAnswer(t, m, http.MethodPost, instancePath, registering(token), http.StatusOK, "ok")
		}
	}
}

// blunder writes a line that is none: status names it, and members go on with what
// they have.
func (g *guarded) blunder(t *testing.T, token string) {
	t.Helper()
	began := time.Now()
	g.write(t, "permissions", mayRead+"writer public maybe\n")
	said := g.reaches(t, metav1.ConditionFalse, v1alpha1.ReasonSecretInvalid)
	t.Logf("a line that is none was shown after %s: %s", time.Since(began).Round(time.Second/10), said)
	for _, word := range []string{g.users.Name, "permissions", "line 2"} {
		if !strings.Contains(said, word) {
			t.Errorf("the condition says %q, without %q", said, word)
		}
	}
	shown(t, g.key, v1alpha1.ReasonAuthNotReady, []string{"permissions", "line 2"})
	for _, m := range g.members {
		eventually(t, m+" has seen the new files and refuses them", func(ctx context.Context) error {
			if fault, err := metric(ctx, m, "naming_auth_fault "); err != nil || fault != 1 {
				return notYet("naming_auth_fault is %v: %w", fault, err)
			}
			return nil
		})
		requireAnswer(t, m, http.MethodGet, listPath, listing(token), http.StatusOK, "hosts")
		login(t, m, "reader", "reader")
	}
	settle(t, g.key, members) // it is Ready
}

// withdraw corrects the line, and takes the right to register away: the next call is refused, over HTTP and
// to the SDK, and reading goes on.
func (g *guarded) withdraw(t *testing.T, token string) {
	t.Helper()
	g.write(t, "permissions", mayRead+"writer public r\n")
	for _, m := range g.members {
		eventually(t, m+" has the new rights", func(ctx context.Context) error {
			if said, err := call(ctx, m, http.MethodPost, instancePath, registering(token)); err != nil || said.status != http.StatusForbidden {
				return notYet("it says %+v: %w", said, err)
			}
			return nil
		})
		requireAnswer(t, m, http.MethodPost, instancePath, registering(token), http.StatusForbidden, "authorization failed!")
		requireAnswer(t, m, http.MethodGet, listPath, listing(token), http.StatusOK, "hosts")
		requireSDKRefused(t, "authorization failed!", "hold", "-service", "guarded", "-count", "1", "-clients", "1",
			"-member", m, "-user", "writer", "-password", "writer")
	}
	g.reaches(t, metav1.ConditionTrue, v1alpha1.ReasonAuthApplied)
}
