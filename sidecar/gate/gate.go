package gate

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-logr/logr"

	"github.com/distro-naming/naming-operator/sidecar/auth"
	"github.com/distro-naming/naming-operator/sidecar/mounted"
	"github.com/distro-naming/naming-operator/sidecar/wire"
)

// Names of the files in the directory.
const (
	KeysFile        = "signing-keys" // see auth.ParseKeys
	UsersFile       = "users"        // see auth.ParseUsers
	PermissionsFile = "permissions"  // the same; without it users may only log in
)

// Config says where the files lie, and bounds logins. DefaultConfig has the values.
type Config struct {
	Dir      string        // with the three files
	Policy   string        // file that ParsePolicy reads; "" or none means Required
	TokenTTL time.Duration // how long a token is good
	Settle   time.Duration // a new key signs when it has been known for so long: others have it by then
	Poll     time.Duration // how often the files are read

	Checks   int // passwords that are checked at once
	Waiting  int // logins that wait for that
	Remember int // right passwords, and callers with wrong ones, that are remembered
}

// DefaultConfig returns a configuration that lacks only the files. The time of
// tokens is Nacos's; a kubelet delivers Secrets within a minute or so.
func DefaultConfig() Config {
	return Config{
		TokenTTL: 18000 * time.Second, Settle: 2 * time.Minute, Poll: 250 * time.Millisecond,
		Checks: 1, Waiting: 256, Remember: 4096,
	}
}

// Observer hears what became of callers. The words are of closed sets.
type Observer interface {
	Login(result string)  // ok, or the reason of a refusal
	Denied(reason string) // of a call; while Permissive, of one that would have been
}

// book is what the files say, and since when. It is immutable.
type book struct {
	keys     []auth.Key
	users    auth.Users
	proofs   []string // of members, one for each key
	revision string
	signing  auth.Key
	proof    string    // that this member shows
	settled  time.Time // when the newest key begins to sign, and its proof to be shown, if they are others
	former   []string  // proofs that were taken before
	parted   time.Time // when those are taken no more
}

// Gate follows the files. Its methods may be called from any goroutine.
type Gate struct {
	cfg      Config
	log      logr.Logger
	observer Observer
	changed  func()
	now      func() time.Time
	shown    wire.Identity // of --server-identity; none if its key is empty

	book   atomic.Pointer[book]
	policy atomic.Pointer[Policy]
	memory memory
	checks chan struct{} // a place for each password that is being checked
	queue  chan struct{} // and for each that waits

	mu     sync.Mutex
	faults [2]string // of the directory and of the policy
	told   bool      // there was a file with a policy
}

// New returns a Gate that has read the files, or why it cannot. identity is what
// members of Nacos know each other by besides, if anything. Run makes the Gate
// follow the files and call changed, which must not block, after each change.
func New(cfg Config, identity wire.Identity, log logr.Logger, observer Observer, changed func()) (*Gate, error) {
	g := &Gate{
		cfg: cfg, log: log, observer: observer, changed: changed, now: time.Now, shown: identity,
		checks: make(chan struct{}, cfg.Checks), queue: make(chan struct{}, cfg.Waiting),
	}
	g.memory.most = cfg.Remember
	_, _ = rand.Read(g.memory.salt[:]) // never fails
	g.policy.Store(&Policy{Required, Required})
	first, err := g.read()
	if err != nil {
		return nil, err
	}
	g.book.Store(first)
	if _, err := g.lookAtPolicy(); err != nil {
		return nil, err
	}
	return g, nil
}

// Run follows the files until ctx ends.
func (g *Gate) Run(ctx context.Context) error {
	mounted.Follow(ctx, g.cfg.Poll, g.look, g.changed)
	return nil
}

// look reads the files and reports whether anything else is in use now.
func (g *Gate) look() (changed bool) {
	next, err := g.read()
	g.note(0, "users and keys refused, the ones before are kept", err)
	if last := g.book.Load(); err == nil && next.revision != last.revision {
		g.book.Store(next.after(last, g.now(), g.cfg.Settle))
		g.log.Info("users and keys adopted", "directory", g.cfg.Dir, "users", len(next.users), "keys", len(next.keys))
		changed = true
	}
	other, err := g.lookAtPolicy()
	g.note(1, "auth policy refused, the mode stays", err)
	return changed || other
}

// note keeps what is wrong, and says it once.
func (g *Gate) note(which int, what string, err error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	fault := ""
	if err != nil {
		fault = err.Error()
	}
	if fault != "" && fault != g.faults[which] {
		g.log.Error(err, what)
	}
	g.faults[which] = fault
}

// read reads the directory.
func (g *Gate) read() (*book, error) {
	files, err := mounted.Read(g.cfg.Dir, []string{KeysFile, UsersFile}, PermissionsFile)
	if err != nil {
		return nil, fmt.Errorf("read users and keys: %w", err)
	}
	b := &book{}
	if b.keys, err = auth.ParseKeys(string(files[KeysFile])); err != nil {
		return nil, fmt.Errorf("%s/%s: %w", g.cfg.Dir, KeysFile, err)
	}
	if b.users, err = auth.ParseUsers(string(files[UsersFile]), string(files[PermissionsFile])); err != nil {
		return nil, fmt.Errorf("%s: %w", g.cfg.Dir, err)
	}
	for _, k := range b.keys {
		b.proofs = append(b.proofs, k.Derive(proofPurpose))
	}
	b.signing, b.proof = b.keys[0], b.proofs[0]
	sum := sha256.New()
	for _, name := range []string{KeysFile, UsersFile, PermissionsFile} {
		fmt.Fprintf(sum, "%d %s", len(files[name]), files[name])
	}
	b.revision = hex.EncodeToString(sum.Sum(nil))[:16]
	return b, nil
}

// after returns b as it follows last. Until the newest key has settled with the other
// members, the one that signed goes on, where it is still known, and this member shows
// what it has shown; and what others have shown is taken for as long as they may have
// to learn of it, also where no token is by those keys any more.
func (b *book) after(last *book, now time.Time, settle time.Duration) *book {
	if slices.Equal(b.proofs, last.proofs) { // the same keys
		b.signing, b.proof, b.settled, b.former, b.parted = last.signing, last.proof, last.settled, last.former, last.parted
		return b
	}
	signed := last.signer(now)
	for _, k := range b.keys {
		if k.Equal(signed) {
			b.signing = k
		}
	}
	b.proof, b.settled = last.shown(now), now.Add(settle)
	b.former, b.parted = last.proofs, b.settled.Add(2*settle)
	if now.Before(last.parted) {
		b.former = append(slices.Clone(b.former), last.former...)
	}
	return b
}

// shown is the proof that this member shows at a time.
func (b *book) shown(at time.Time) string {
	if at.Before(b.settled) {
		return b.proof
	}
	return b.proofs[0]
}

// taken are the proofs that are taken at a time.
func (b *book) taken(at time.Time) []string {
	if at.Before(b.parted) {
		return append(slices.Clone(b.proofs), b.former...)
	}
	return b.proofs
}

// signer returns the key that signs at a time.
func (b *book) signer(at time.Time) auth.Key {
	if at.Before(b.settled) {
		return b.signing
	}
	return b.keys[0]
}

// lookAtPolicy takes the policy over. Without its file everything is Required, but
// one that was there and is gone is a fault and changes nothing.
func (g *Gate) lookAtPolicy() (changed bool, err error) {
	if g.cfg.Policy == "" {
		return false, nil
	}
	text, err := mounted.ReadFile(g.cfg.Policy)
	if errors.Is(err, fs.ErrNotExist) && !g.told {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("read auth policy: %w", err)
	}
	next, err := ParsePolicy(string(text))
	if err != nil {
		return false, fmt.Errorf("auth policy %s: %w", g.cfg.Policy, err)
	}
	g.told = true
	if next == *g.policy.Load() {
		return false, nil
	}
	g.policy.Store(&next)
	g.log.Info("auth policy changed", "mode", next.Auth, "members", next.Members, "file", g.cfg.Policy)
	return true, nil
}
