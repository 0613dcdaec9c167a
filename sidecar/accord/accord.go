package accord

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/go-logr/logr"

	"github.com/distro-naming/naming-operator/sidecar/member"
	"github.com/distro-naming/naming-operator/sidecar/naming"
	"github.com/distro-naming/naming-operator/sidecar/settings"
)

// Config holds the numbers of an Accord.
type Config struct {
	Every  time.Duration // between two questions to one peer
	Within time.Duration // for one question
	Log    logr.Logger
}

// DefaultConfig returns the numbers that a member runs with.
func DefaultConfig() Config {
	return Config{Every: 5 * time.Second, Within: 3 * time.Second, Log: logr.Discard()}
}

// Store is what this member holds; see package settings for the messages.
type Store interface {
	SettingsQuestion(ctx context.Context) (settings.Question, error)
	SettingsQuestions(ctx context.Context, theirs []settings.Digest) ([]settings.Question, error)
	SettingsMerge(ctx context.Context, list []settings.Entry) error
}

// Peers asks other members.
type Peers interface {
	// Keepers returns the members that may hold settings and can be asked now.
	Keepers() []member.Address
	// AskSettings asks one of them; the error is naming.ErrNoSettings if it knows
	// of none.
	AskSettings(ctx context.Context, of member.Address, q settings.Question) (settings.Answer, error)
}

// Observer is told what happened. It must return at once.
type Observer interface {
	// Called reports a finished conversation with a peer, of kind "settings".
	Called(to member.Address, kind string, took time.Duration, err error)
}

// Accord keeps the settings of one member and its peers alike.
type Accord struct {
	cfg      Config
	store    Store
	peers    Peers
	observer Observer
	wake     chan struct{}

	mu   sync.Mutex
	busy map[member.Address]bool // who is asked now, and whether anew when that has ended
}

// New returns an Accord that asks nobody until Run.
func New(cfg Config, store Store, peers Peers, observer Observer) *Accord {
	return &Accord{
		cfg: cfg, store: store, peers: peers, observer: observer,
		wake: make(chan struct{}, 1), busy: map[member.Address]bool{},
	}
}

// Wrote says that something was written here. It returns at once.
func (a *Accord) Wrote() {
	select {
	case a.wake <- struct{}{}:
	default: // they are going to be asked anyway
	}
}

// Run asks all peers until ctx ends. One that is slow to answer is asked again
// later than others.
func (a *Accord) Run(ctx context.Context) error {
	var asked sync.WaitGroup
	defer asked.Wait()
	tick := time.NewTicker(a.cfg.Every)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-a.wake:
		case <-tick.C:
		}
		for _, peer := range a.peers.Keepers() {
			if a.begin(peer) {
				asked.Go(func() { a.until(ctx, peer) })
			}
		}
	}
}

// begin reports whether nobody asks a peer now; who does will do so again.
func (a *Accord) begin(peer member.Address) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	_, busy := a.busy[peer]
	a.busy[peer] = busy
	return !busy
}

// until asks a peer, and again as long as that was wished for meanwhile.
func (a *Accord) until(ctx context.Context, peer member.Address) {
	for again := true; again && ctx.Err() == nil; {
		a.try(ctx, peer)
		a.mu.Lock()
		if again = a.busy[peer]; again {
			a.busy[peer] = false
		} else {
			delete(a.busy, peer)
		}
		a.mu.Unlock()
	}
}

func (a *Accord) try(ctx context.Context, peer member.Address) {
	if err := a.With(ctx, peer); err != nil && ctx.Err() == nil {
		a.cfg.Log.V(1).Info("settings not compared", "peer", peer, "reason", err.Error())
	}
}

// All asks every peer, all at once, and returns when each has answered or was
// given up.
func (a *Accord) All(ctx context.Context) {
	var asked sync.WaitGroup
	for _, peer := range a.peers.Keepers() {
		asked.Go(func() { a.try(ctx, peer) })
	}
	asked.Wait()
}

// With makes this member and a peer hold the same. A peer that keeps no settings
// is no fault.
func (a *Accord) With(ctx context.Context, peer member.Address) error {
	began := time.Now()
	err := a.converse(ctx, peer)
	if errors.Is(err, naming.ErrNoSettings) {
		return nil
	}
	a.observer.Called(peer, "settings", time.Since(began), err)
	return err
}

func (a *Accord) converse(ctx context.Context, peer member.Address) error {
	q, err := a.store.SettingsQuestion(ctx)
	if err != nil {
		return err
	}
	first, err := a.ask(ctx, peer, q)
	if err != nil || len(first.Digests) == 0 {
		return err
	}
	rest, err := a.store.SettingsQuestions(ctx, first.Digests)
	if err != nil {
		return err
	}
	for _, q := range rest {
		out, err := a.ask(ctx, peer, q)
		if err == nil {
			err = a.store.SettingsMerge(ctx, out.Entries)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (a *Accord) ask(ctx context.Context, peer member.Address, q settings.Question) (settings.Answer, error) {
	ctx, cancel := context.WithTimeout(ctx, a.cfg.Within)
	defer cancel()
	return a.peers.AskSettings(ctx, peer, q)
}
