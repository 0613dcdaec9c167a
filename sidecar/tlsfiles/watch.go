package tlsfiles

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"sync"
	"time"

	"github.com/go-logr/logr"

	"github.com/distro-naming/naming-operator/sidecar/mounted"
)

// Config says where the files lie.
type Config struct {
	Members string        // directory of the members' certificates; "" means that members speak plaintext
	Clients string        // of those for clients; "" means the same of them
	Policy  string        // file with the modes; "" or none means Required
	Poll    time.Duration // how often all of them are read
}

// DefaultConfig returns a configuration without files, which are read as often as
// the member list is.
func DefaultConfig() Config { return Config{Poll: 250 * time.Millisecond} }

// Status is how TLS stands for one use.
type Status struct {
	Mode     Mode
	NotAfter time.Time // of the certificate in use; zero without one
	Issuer   string
	Fault    string // why the newest files are not in use, or what is wrong with those that are
}

// Watch follows the files. Its methods may be called from any goroutine.
type Watch struct {
	cfg     Config
	log     logr.Logger
	changed func()

	mu     sync.Mutex
	uses   map[Use]*state // those that have a directory
	policy Policy
	text   string // of the policy
	fault  string // of its file
}

// state is what one directory has given; pair is nil before it gave anything good.
type state struct {
	dir   string
	last  Material
	pair  *Pair
	fault string
}

// New returns a Watch that has read the files once; Run makes it follow them and
// call changed, which must not block, after each change.
func New(cfg Config, log logr.Logger, changed func()) *Watch {
	w := &Watch{cfg: cfg, log: log, changed: changed, uses: map[Use]*state{}}
	if cfg.Members != "" {
		w.uses[Members] = &state{dir: cfg.Members}
	}
	if cfg.Clients != "" {
		w.uses[Clients] = &state{dir: cfg.Clients}
	}
	w.look()
	return w
}

// Run follows the files until ctx ends.
func (w *Watch) Run(ctx context.Context) error {
	mounted.Follow(ctx, w.cfg.Poll, w.look, w.changed)
	return nil
}

// On reports whether a use has certificates at all.
func (w *Watch) On(use Use) bool { return w.uses[use] != nil }

// Status returns how TLS stands for a use; on is false if it is off.
func (w *Watch) Status(use Use) (s Status, on bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	u := w.uses[use]
	if u == nil {
		return Status{}, false
	}
	s = Status{Mode: w.policy.Mode(use), Fault: u.fault}
	if u.pair != nil {
		s.NotAfter, s.Issuer = u.pair.NotAfter, u.pair.Issuer
	}
	switch {
	case s.Fault != "":
	case time.Now().After(s.NotAfter):
		s.Fault = u.pair.expired(u.dir).Error()
	default:
		s.Fault = w.fault
	}
	return s, true
}

// now returns the pair, nil if there is none, and the mode of a use that is on.
func (w *Watch) now(use Use) (*Pair, Mode) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.uses[use].pair, w.policy.Mode(use)
}

// look reads all files and reports whether anything else is in use now.
func (w *Watch) look() (changed bool) {
	for use, s := range w.uses {
		changed = w.lookAt(use, s) || changed
	}
	return w.lookAtPolicy() || changed
}

func (w *Watch) lookAt(use Use, s *state) (changed bool) {
	read, err := readDir(s.dir, use)
	if err == nil && read.equal(s.last) && s.fault == "" {
		return false
	}
	var pair *Pair
	if err == nil {
		pair, err = Parse(read, use, time.Now())
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if err != nil {
		if fault := err.Error(); fault != s.fault {
			s.fault = fault
			w.log.Error(err, "TLS files refused", "use", use, "directory", s.dir, "kept", s.pair != nil)
		}
		return false
	}
	changed = s.pair == nil || !read.equal(s.last)
	s.last, s.pair, s.fault = read, pair, ""
	if changed {
		w.log.Info("TLS certificate adopted", "use", use, "file", s.dir+"/"+CertFile, "subject", pair.Subject,
			"notAfter", pair.NotAfter.UTC().Format(time.RFC3339), "issuer", pair.Issuer)
	}
	return changed
}

// lookAtPolicy takes the policy over. Without its file everything is Required, but
// one that was there and is gone is a fault and changes nothing.
func (w *Watch) lookAtPolicy() (changed bool) {
	if w.cfg.Policy == "" {
		return false
	}
	text, err := readFile(w.cfg.Policy)
	w.mu.Lock()
	defer w.mu.Unlock()
	if errors.Is(err, fs.ErrNotExist) && w.policy == nil {
		return false
	}
	if err == nil && string(text) == w.text && w.policy != nil {
		w.fault = ""
		return false
	}
	var policy Policy
	if err == nil {
		policy, err = ParsePolicy(string(text))
	}
	if err != nil {
		if fault := fmt.Sprintf("TLS policy %s: %s", w.cfg.Policy, err); fault != w.fault {
			w.fault = fault
			w.log.Error(err, "TLS policy refused, the modes stay", "file", w.cfg.Policy)
		}
		return false
	}
	for _, use := range []Use{Members, Clients} {
		if mode := policy.Mode(use); mode != w.policy.Mode(use) {
			changed = true
			w.log.Info("TLS policy changed", "use", use, "mode", mode, "file", w.cfg.Policy)
		}
	}
	w.policy, w.text, w.fault = policy, string(text), ""
	return changed
}
