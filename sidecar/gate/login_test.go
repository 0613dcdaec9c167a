package gate

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/distro-naming/naming-operator/sidecar/auth"
	"github.com/distro-naming/naming-operator/sidecar/wire"
)

func TestPermissiveLetsPassAndCounts(t *testing.T) {
	p := newPlace(t)
	g := p.mustOpen("# on the way\nauth=Permissive\n")
	pass, err := g.Judge(t.Context(), auth.Caller{}, auth.Need{Right: auth.Write})
	if err != nil || !pass.Excused {
		t.Fatalf("nobody: %+v, %v", pass, err)
	}
	if !g.Admits(func(string) string { return "" }) || g.Knows(func(string) string { return "" }) {
		t.Error("a member without a proof is refused, or known")
	}
	if err := g.Keeps(pass); err != nil {
		t.Errorf("who was excused is sent away: %v", err)
	}
	p.write("policy", "auth=Required")
	if !g.look() {
		t.Error("another mode is no change")
	}
	if err := g.Keeps(pass); err == nil {
		t.Error("who was excused stays when it is required")
	}
	if err := p.judge(g, auth.Caller{}, auth.Write); !errors.Is(err, auth.ErrMissing) {
		t.Errorf("nobody, when it is required: %v", err)
	}
	if g.Admits(func(string) string { return "guess" }) {
		t.Error("a member with a wrong proof is admitted when it is required")
	}
	if p.counts.all["denied missing"] != 2 || p.counts.all["denied member"] != 2 {
		t.Errorf("counted: %v", p.counts.all)
	}
}

func TestMembersProveThemselvesByTheKeyOrTheIdentity(t *testing.T) {
	p := newPlace(t)
	g := p.mustOpen("")
	g.shown = wire.Identity{Key: "who", Value: "us"}
	other := newPlace(t)
	other.write(KeysFile, keyOf("z"))
	for name, tc := range map[string]struct {
		header func(string) string
		want   bool
	}{
		"its own":             {shownBy(g), true},
		"of the identity":     {func(n string) string { return map[string]string{"who": "us"}[n] }, true},
		"of another identity": {func(n string) string { return map[string]string{"who": "them"}[n] }, false},
		"of another key":      {shownBy(other.mustOpen("")), false},
		"none":                {func(string) string { return "" }, false},
		"the user agent":      {func(n string) string { return map[string]string{"User-Agent": "Nacos-Server:v2"}[n] }, false},
	} {
		if got := g.Admits(tc.header); got != tc.want {
			t.Errorf("%s: %t", name, got)
		}
	}
}

func TestWrongPasswordsAreNotTriedForEver(t *testing.T) {
	p := newPlace(t)
	g := p.mustOpen("")
	clock := time.Now()
	g.now = func() time.Time { return clock }
	for i := range 50 {
		_, err := g.Login(t.Context(), "10.0.0.66", "alice", fmt.Sprint("guess ", i))
		if want := map[bool]error{true: auth.ErrPassword, false: auth.ErrPaced}[i < wrongAtOnce]; !errors.Is(err, want) {
			t.Fatalf("guess %d: %v, want %v", i, err, want)
		}
	}
	if _, err := g.Login(t.Context(), "10.0.0.66", "alice", "secret-of-alice"); !errors.Is(err, auth.ErrPaced) {
		t.Errorf("the right one, after so many wrong ones: %v", err)
	}
	if _, err := g.Login(t.Context(), "10.0.0.1", "alice", "secret-of-alice"); err != nil {
		t.Errorf("somebody else with that name: %v", err)
	}
	clock = clock.Add(wrongPause)
	if _, err := g.Login(t.Context(), "10.0.0.66", "root", "secret-of-root"); err != nil {
		t.Errorf("another name from there: %v", err)
	}
	if p.counts.all["login password"] != wrongAtOnce || p.counts.all["login paced"] != 41 {
		t.Errorf("counted: %v", p.counts.all)
	}
}

func TestNamesThatNobodyCanHaveAreNotRemembered(t *testing.T) {
	p := newPlace(t)
	g := p.mustOpen("")
	if _, err := g.Login(t.Context(), "10.0.0.1", strings.Repeat("x", 1<<20), "guess"); !errors.Is(err, auth.ErrPassword) {
		t.Errorf("login: %v", err)
	}
	for caller := range g.memory.wrong {
		if len(caller) > 2*auth.MostName {
			t.Errorf("it remembers %d bytes of one caller", len(caller))
		}
	}
}

// TestAPasswordIsKnownByTheFilesThatItWasRightBy has a check end after the files have
// changed: what was right before is not remembered for what they say now.
func TestAPasswordIsKnownByTheFilesThatItWasRightBy(t *testing.T) {
	was, is := &book{revision: "0123456789abcdef"}, &book{revision: "fedcba9876543210"}
	m := memory{most: 8}
	m.learn(was, "alice", "old")
	if !m.knows(was, "alice", "old") || m.knows(is, "alice", "old") {
		t.Errorf("known by the files before: %t, by the new ones: %t", m.knows(was, "alice", "old"), m.knows(is, "alice", "old"))
	}
}

func TestMemoryIsBounded(t *testing.T) {
	m := memory{most: 8}
	now := time.Now()
	for i := range 100 {
		m.erred(fmt.Sprint(i), "x", now)
		m.learn(&book{}, fmt.Sprint(i), "x")
		if len(m.wrong) > 8 || len(m.right) > 8 {
			t.Fatalf("it remembers %d callers and %d passwords", len(m.wrong), len(m.right))
		}
	}
}

// TestLoginsWaitInABoundedQueue has somebody hold the only place.
func TestLoginsWaitInABoundedQueue(t *testing.T) {
	p := newPlace(t)
	g := p.mustOpen("")
	g.queue = make(chan struct{}, 2)
	synctest.Test(t, func(t *testing.T) {
		g.checks = make(chan struct{}, 1)
		g.queue = make(chan struct{}, 2)
		g.checks <- struct{}{}
		ctx, cancel := context.WithCancel(t.Context())
		results := make(chan error, 2)
		for range 2 {
			go func() {
				_, err := g.Login(ctx, "10.0.0.1", "alice", "secret-of-alice")
				results <- err
			}()
		}
		synctest.Wait()
		if _, err := g.Login(ctx, "10.0.0.1", "alice", "secret-of-alice"); !errors.Is(err, auth.ErrBusy) {
			t.Errorf("a third: %v", err)
		}
		cancel()
		for range 2 {
			if err := <-results; !errors.Is(err, auth.ErrBusy) {
				t.Errorf("who gave up: %v", err)
			}
		}
	})
}

// TestNothingSecretIsLogged looks at all that was logged and counted.
func TestNothingSecretIsLogged(t *testing.T) {
	p := newPlace(t)
	g := p.mustOpen("auth=Permissive")
	token := p.login(g, "root")
	_, _ = g.Login(t.Context(), "10.0.0.1", "root", "wrong-password")
	_ = p.judge(g, auth.Caller{Token: token + "x"}, auth.Admin)
	p.write(UsersFile, "root:secret-of-root")
	g.look()
	p.write(KeysFile, "c2hvcnQta2V5")
	g.look()
	said := p.log.String() + fmt.Sprint(p.counts.all) + fmt.Sprint(g.Status())
	for what, secret := range map[string]string{
		"a password": "secret-of-root", "a wrong one": "wrong-password", "a token": token, "a hash": hash(t, "secret-of-root"),
		"a key": keyOf("a"), "a short key": "c2hvcnQta2V5", "the proof of members": g.Shown()[0].Value,
	} {
		if strings.Contains(said, secret) {
			t.Errorf("%s was logged:\n%s", what, said)
		}
	}
	if !strings.Contains(said, "level=ERROR") {
		t.Errorf("nothing was logged at all:\n%s", said)
	}
}

func TestPolicies(t *testing.T) {
	all, none := Policy{Required, Required}, Policy{Permissive, Permissive}
	for text, want := range map[string]Policy{
		"": all, "auth=Permissive": none, "# x\n\n auth = Required \r\n": all,
		"auth=Required\nmembers=Permissive": {Required, Permissive}, "members=Permissive": {Required, Permissive},
		"members=Required\nauth=Permissive": {Permissive, Required},
		"auth=off":                          {}, "mode=Required": {}, "auth": {}, "auth=Required\nauth=Permissive": {},
		"members=": {}, "members=Permissive\nmembers=Required": {},
	} {
		got, err := ParsePolicy(text)
		if got != want || (err == nil) == (want == Policy{}) {
			t.Errorf("%q: %+v, %v, want %+v", text, got, err, want)
		}
	}
}

// TestMembersThatCannotProveThemselves is for Java servers before 2.5.0: they show no
// identity over gRPC. Users need their rights all the same.
func TestMembersThatCannotProveThemselves(t *testing.T) {
	p := newPlace(t)
	g := p.mustOpen("auth=Required\nmembers=Permissive")
	g.shown = wire.Identity{Key: "who", Value: "us"}
	shows := func(value string) func(string) string {
		return func(name string) string { return map[string]string{"who": value}[name] }
	}
	for value, want := range map[string]bool{"": true, "us": true, "them": false} {
		if got := g.Admits(shows(value)); got != want {
			t.Errorf("who shows %q: %t, want %t", value, got, want)
		}
	}
	if err := p.judge(g, auth.Caller{}, auth.Read); !errors.Is(err, auth.ErrMissing) {
		t.Errorf("a user without a token: %v", err)
	}
	excused := &auth.Pass{Member: true, Excused: true}
	if err := g.Keeps(excused); err != nil {
		t.Errorf("a member that was excused is sent away: %v", err)
	}
	p.write("policy", "auth=Required")
	g.look()
	if g.Admits(shows("")) {
		t.Error("who shows nothing is admitted when it is required")
	}
	if err := g.Keeps(excused); !errors.Is(err, auth.ErrStranger) {
		t.Errorf("a member that was excused stays: %v", err)
	}
}
