package gate

import (
	"bytes"
	"encoding/base64"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/go-logr/logr"
	"golang.org/x/crypto/bcrypt"

	"github.com/distro-naming/naming-operator/sidecar/auth"
	"github.com/distro-naming/naming-operator/sidecar/wire"
)

// counts is an Observer.
type counts struct {
	mu  sync.Mutex
	all map[string]int
}

func (c *counts) add(what string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.all == nil {
		c.all = map[string]int{}
	}
	c.all[what]++
}

func (c *counts) Login(result string)  { c.add("login " + result) }
func (c *counts) Denied(reason string) { c.add("denied " + reason) }

// place is a directory of files, and all that was logged of it.
type place struct {
	t      testing.TB
	dir    string
	log    bytes.Buffer
	counts counts
}

func keyOf(letter string) string {
	return base64.StdEncoding.EncodeToString([]byte(strings.Repeat(letter, 32)))
}

var hashes sync.Map // of passwords: a hash takes long to make

func hash(tb testing.TB, password string) string {
	tb.Helper()
	if made, found := hashes.Load(password); found {
		return made.(string)
	}
	made, err := bcrypt.GenerateFromPassword([]byte(password), 10)
	if err != nil {
		tb.Fatal(err)
	}
	hashes.Store(password, string(made))
	return string(made)
}

func newPlace(tb testing.TB) *place {
	tb.Helper()
	p := &place{t: tb, dir: tb.TempDir()}
	p.write(KeysFile, keyOf("a"))
	p.write(UsersFile, "alice:"+hash(tb, "secret-of-alice")+"\nroot:"+hash(tb, "secret-of-root"))
	p.write(PermissionsFile, "alice public r\nroot admin")
	return p
}

func (p *place) write(name, text string) {
	p.t.Helper()
	if err := os.WriteFile(filepath.Join(p.dir, name), []byte(text), 0o600); err != nil {
		p.t.Fatal(err)
	}
}

func (p *place) open(policy string) (*Gate, error) {
	cfg := DefaultConfig()
	cfg.Dir = p.dir
	if policy != "" {
		p.write("policy", policy)
		cfg.Policy = filepath.Join(p.dir, "policy")
	}
	log := logr.FromSlogHandler(slog.NewTextHandler(&p.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	return New(cfg, wire.Identity{}, log, &p.counts, func() {})
}

func (p *place) mustOpen(policy string) *Gate {
	p.t.Helper()
	g, err := p.open(policy)
	if err != nil {
		p.t.Fatal(err)
	}
	return g
}

func (p *place) login(g *Gate, name string) string {
	p.t.Helper()
	is, err := g.Login(p.t.Context(), "10.0.0.1", name, "secret-of-"+name)
	if err != nil {
		p.t.Fatalf("login of %s: %v", name, err)
	}
	return is.Token
}

func (p *place) judge(g *Gate, c auth.Caller, right auth.Right) error {
	_, err := g.Judge(p.t.Context(), c, auth.Need{Right: right})
	return err
}
