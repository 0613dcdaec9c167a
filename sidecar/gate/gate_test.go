package gate

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/distro-naming/naming-operator/sidecar/auth"
)

func TestFilesThatAreWrongAtStartAreRefusedWithTheReason(t *testing.T) {
	for name, tc := range map[string]struct {
		file, text, want string
	}{
		"a key that is published": {KeysFile, "SecretKey012345678901234567890123456789012345678901234567890123456789", "published in Nacos's own files"},
		"no users":                {UsersFile, "", "there is no user"},
		"rights of nobody":        {PermissionsFile, "bob * r", `no user "bob"`},
	} {
		t.Run(name, func(t *testing.T) {
			p := newPlace(t)
			p.write(tc.file, tc.text)
			if _, err := p.open(""); err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("New: %v, want %q", err, tc.want)
			}
		})
	}
	p := newPlace(t)
	if err := os.Remove(filepath.Join(p.dir, UsersFile)); err != nil {
		t.Fatal(err)
	}
	if _, err := p.open(""); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("New without users: %v", err)
	}
	if _, err := newPlace(t).open("auth=required"); err == nil || !strings.Contains(err.Error(), "auth=Permissive or auth=Required") {
		t.Errorf("New with an odd policy: %v", err)
	}
}

func TestWhoPasses(t *testing.T) {
	p := newPlace(t)
	g := p.mustOpen("")
	alice, root := p.login(g, "alice"), p.login(g, "root")
	gone := func() string {
		token, err := g.book.Load().keys[0].Issue("bob", time.Now(), time.Hour)
		if err != nil {
			t.Fatal(err)
		}
		return token
	}()
	for name, tc := range map[string]struct {
		caller auth.Caller
		right  auth.Right
		want   error
	}{
		"who has the right":                {auth.Caller{Token: alice}, auth.Read, nil},
		"who has another":                  {auth.Caller{Token: alice}, auth.Write, auth.ErrRight},
		"an admin":                         {auth.Caller{Token: root}, auth.Admin, nil},
		"who is none":                      {auth.Caller{Token: alice}, auth.Admin, auth.ErrRight},
		"anybody where it is open":         {auth.Caller{}, auth.Open, nil},
		"nobody":                           {auth.Caller{}, auth.Login, auth.ErrMissing},
		"a token that is none":             {auth.Caller{Token: "AUTH_DISABLED"}, auth.Login, auth.ErrInvalid},
		"two tokens":                       {auth.Caller{Token: alice, Ambiguous: true}, auth.Read, auth.ErrTwice},
		"who is no user any more":          {auth.Caller{Token: gone}, auth.Login, auth.ErrNobody},
		"a password":                       {auth.Caller{Name: "alice", Password: "secret-of-alice"}, auth.Read, nil},
		"a wrong one":                      {auth.Caller{Name: "alice", Password: "secret"}, auth.Read, auth.ErrPassword},
		"a wrong one beside a token":       {auth.Caller{Token: alice, Name: "alice", Password: "no"}, auth.Read, nil},
		"an admin where members speak":     {auth.Caller{Token: root}, auth.Member, auth.ErrRight},
		"an admin where nobody said":       {auth.Caller{Token: root}, 0, auth.ErrRight},
		"who was seen, and shows the same": {auth.Caller{Token: alice, Seen: mustPass(t, g, alice)}, auth.Read, nil},
		"who was seen, and shows another":  {auth.Caller{Token: alice + "x", Seen: mustPass(t, g, alice)}, auth.Read, auth.ErrInvalid},
	} {
		if err := p.judge(g, tc.caller, tc.right); !errors.Is(err, tc.want) {
			t.Errorf("%s: %v, want %v", name, err, tc.want)
		}
	}
}

func mustPass(t *testing.T, g *Gate, token string) *auth.Pass {
	t.Helper()
	pass, err := g.Judge(t.Context(), auth.Caller{Token: token}, auth.Need{Right: auth.Login})
	if err != nil {
		t.Fatal(err)
	}
	return pass
}

// TestRotationLogsNobodyOut puts a new key first, and looks from two members of which
// only one has it yet.
func TestRotationLogsNobodyOut(t *testing.T) {
	p, late := newPlace(t), newPlace(t)
	g, behind := p.mustOpen(""), late.mustOpen("")
	clock := time.Now()
	g.now = func() time.Time { return clock }
	before := p.login(g, "alice")

	p.write(KeysFile, keyOf("b")+"\n"+keyOf("a"))
	if !g.look() {
		t.Fatal("new keys are no change")
	}
	meanwhile := p.login(g, "alice")
	clock = clock.Add(g.cfg.Settle / 2)
	p.write(PermissionsFile, "alice public rw")
	g.look() // which does not begin the time anew
	clock = clock.Add(-g.cfg.Settle / 2)
	for name, token := range map[string]string{"before": before, "meanwhile": meanwhile} {
		if p.judge(g, auth.Caller{Token: token}, auth.Read) != nil || late.judge(behind, auth.Caller{Token: token}, auth.Read) != nil {
			t.Errorf("a token of %s is refused where there are both keys, or where the new one is late", name)
		}
	}
	if !behind.Knows(shownBy(g)) || !g.Knows(shownBy(behind)) {
		t.Error("members do not know each other while one lacks the new key")
	}

	clock = clock.Add(g.cfg.Settle)
	after := p.login(g, "alice")
	if err := late.judge(behind, auth.Caller{Token: after}, auth.Read); !errors.Is(err, auth.ErrInvalid) {
		t.Errorf("when it had settled the new key did not sign: %v", err)
	}
	p.write(KeysFile, keyOf("b"))
	g.look()
	if err := p.judge(g, auth.Caller{Token: after}, auth.Read); err != nil {
		t.Errorf("without the old key a token of the new one is refused: %v", err)
	}
	if err := p.judge(g, auth.Caller{Token: before, Seen: &auth.Pass{Name: "alice", Token: before, Until: clock.Add(time.Hour)}}, auth.Read); !errors.Is(err, auth.ErrInvalid) {
		t.Errorf("without the old key a token of it is taken: %v", err)
	}
}

// TestMembersKnowEachOtherThroughANewKeyAlone has the old key gone at once: its tokens
// are over, and members that learn of it one after the other stay together.
func TestMembersKnowEachOtherThroughANewKeyAlone(t *testing.T) {
	p, late := newPlace(t), newPlace(t)
	g, behind := p.mustOpen(""), late.mustOpen("")
	clock := time.Now()
	g.now = func() time.Time { return clock }
	behind.now = g.now
	token := p.login(g, "alice")
	together := func(when string) {
		t.Helper()
		if !behind.Knows(shownBy(g)) || !g.Knows(shownBy(behind)) {
			t.Errorf("%s members do not know each other", when)
		}
	}
	p.write(KeysFile, keyOf("b"))
	g.look()
	if err := p.judge(g, auth.Caller{Token: token}, auth.Read); !errors.Is(err, auth.ErrInvalid) {
		t.Errorf("a token of the old key: %v", err)
	}
	together("while one is behind")
	clock = clock.Add(g.cfg.Settle - time.Second)
	late.write(KeysFile, keyOf("b"))
	behind.look()
	together("when it has followed")
	clock = clock.Add(2 * time.Second)
	together("when the first shows what is new")
	clock = clock.Add(3 * g.cfg.Settle)
	together("at last")
	old := newPlace(t)
	if g.Knows(shownBy(old.mustOpen(""))) {
		t.Error("who has the old key alone is known for ever")
	}
}

// shownBy are the headers that a member shows.
func shownBy(g *Gate) func(string) string {
	return func(name string) string {
		for _, i := range g.Shown() {
			if strings.EqualFold(i.Key, name) {
				return i.Value
			}
		}
		return ""
	}
}

func TestBadFilesAreNotTaken(t *testing.T) {
	p := newPlace(t)
	g := p.mustOpen("auth=Required")
	token := p.login(g, "alice")
	for file, text := range map[string]string{KeysFile: "short", UsersFile: "alice:secret-of-alice", "policy": "auth=Off"} {
		good, err := os.ReadFile(filepath.Join(p.dir, file))
		if err != nil {
			t.Fatal(err)
		}
		p.write(file, text)
		for range 2 {
			if g.look() {
				t.Errorf("%s: what is wrong was taken", file)
			}
		}
		if s := g.Status(); s.Fault == "" || s.Users != 2 || s.Mode != Required {
			t.Errorf("%s: status is %+v", file, s)
		}
		if err := p.judge(g, auth.Caller{Token: token}, auth.Read); err != nil {
			t.Errorf("%s: what was good before does not go on: %v", file, err)
		}
		p.write(file, string(good))
		if g.look(); g.Status().Fault != "" {
			t.Errorf("%s: put right, the fault stays: %+v", file, g.Status())
		}
	}
	if n := strings.Count(p.log.String(), "level=ERROR"); n != 3 {
		t.Errorf("%d faults were logged, want each once:\n%s", n, p.log.String())
	}
}

func TestRightsChangeWhileRunning(t *testing.T) {
	p := newPlace(t)
	g := p.mustOpen("")
	pass := mustPass(t, g, p.login(g, "alice"))
	p.write(PermissionsFile, "alice public w")
	g.look()
	again := auth.Caller{Token: pass.Token, Seen: pass}
	if err := p.judge(g, again, auth.Read); !errors.Is(err, auth.ErrRight) {
		t.Errorf("a right that is gone: %v", err)
	}
	if err := p.judge(g, again, auth.Write); err != nil {
		t.Errorf("a right that is new: %v", err)
	}
	if err := g.Keeps(pass); err != nil {
		t.Errorf("a user that is still there is sent away: %v", err)
	}
	p.write(UsersFile, "alice:"+hash(t, "another")+"\nroot:"+hash(t, "secret-of-root"))
	g.look()
	if _, err := g.Login(t.Context(), "10.0.0.1", "alice", "secret-of-alice"); !errors.Is(err, auth.ErrPassword) {
		t.Errorf("the old password: %v", err)
	}
	p.write(UsersFile, "root:"+hash(t, "secret-of-root"))
	p.write(PermissionsFile, "")
	g.look()
	if err := g.Keeps(pass); !errors.Is(err, auth.ErrNobody) {
		t.Errorf("who is no user any more keeps its connection: %v", err)
	}
}
