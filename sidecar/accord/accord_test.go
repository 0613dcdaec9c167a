package accord

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/distro-naming/naming-operator/sidecar/member"
	"github.com/distro-naming/naming-operator/sidecar/naming"
	"github.com/distro-naming/naming-operator/sidecar/settings"
)

// world is some members in memory.
type world struct {
	mu     sync.Mutex
	stores map[member.Address]*settings.Store
	cut    map[member.Address]bool // who answers nothing
	old    map[member.Address]bool // who knows no settings
	asked  map[member.Address]int
	told   []string
}

func newWorld(names ...member.Address) *world {
	w := &world{
		stores: map[member.Address]*settings.Store{}, cut: map[member.Address]bool{}, old: map[member.Address]bool{},
		asked: map[member.Address]int{},
	}
	for _, name := range names {
		w.stores[name] = settings.New(settings.DefaultConfig())
	}
	return w
}

func (w *world) see(f func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	f()
}

// at is a member of a world.
type at struct {
	*world
	self member.Address
	t    *testing.T
}

func absent(settings.Key) bool { return false }

func (a at) SettingsQuestion(context.Context) (q settings.Question, err error) {
	a.see(func() { q.Root = a.stores[a.self].Root() })
	return q, nil
}

func (a at) SettingsQuestions(_ context.Context, theirs []settings.Digest) (list []settings.Question, err error) {
	a.see(func() { list = a.stores[a.self].Ask(theirs, 300) })
	return list, nil
}

func (a at) SettingsMerge(_ context.Context, list []settings.Entry) error {
	a.see(func() { a.stores[a.self].Merge(1, list, absent) })
	return nil
}

func (a at) Keepers() (all []member.Address) {
	a.see(func() {
		for name := range a.stores {
			if name != a.self {
				all = append(all, name)
			}
		}
	})
	return all
}

func (a at) AskSettings(ctx context.Context, of member.Address, q settings.Question) (out settings.Answer, err error) {
	var cut, old bool
	a.see(func() {
		cut, old = a.cut[of], a.old[of]
		a.asked[of]++
	})
	switch {
	case old:
		return out, fmt.Errorf("ask %s: %w", of, naming.ErrNoSettings)
	case cut:
		<-ctx.Done()
		return out, context.Cause(ctx)
	}
	a.see(func() {
		a.stores[of].Merge(1, q.Entries, absent)
		out = a.stores[of].Answer(q)
	})
	return out, nil
}

func (a at) Called(to member.Address, kind string, _ time.Duration, err error) {
	a.see(func() { a.told = append(a.told, fmt.Sprint(to, " ", kind, " ", err)) })
}

// writes says something of n services.
func (a at) writes(n int) {
	a.see(func() {
		for i := range n {
			_, _ = a.stores[a.self].Write(settings.Entry{
				Key:     settings.Key{Service: naming.ServiceKey{Name: fmt.Sprint(a.self, i)}},
				Stamp:   settings.Stamp{Time: 1, By: a.self},
				Service: &naming.Settings{},
			})
		}
	})
}

// inBubble runs an Accord of the member a until test returns.
func inBubble(t *testing.T, w *world, test func(a at, agree *Accord)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		self := at{world: w, self: "a", t: t}
		agree := New(DefaultConfig(), self, self, self)
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- agree.Run(ctx) }()
		test(self, agree)
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
}

// elapse lets d pass on the bubble's clock and then waits until all is quiet.
func elapse(d time.Duration) {
	time.Sleep(d) //nolint:forbidigo // fake clock: returns at once
	synctest.Wait()
}

func (w *world) alike(names ...member.Address) (same bool) {
	w.see(func() {
		same = !slices.ContainsFunc(names, func(n member.Address) bool { return w.stores[n].Root() != w.stores[names[0]].Root() })
	})
	return same
}

func TestWhatIsWrittenReachesAllAtOnce(t *testing.T) {
	inBubble(t, newWorld("a", "b", "c"), func(a at, agree *Accord) {
		a.writes(20)
		at{world: a.world, self: "b"}.writes(20)
		agree.Wrote()
		elapse(0)
		if !a.alike("a", "b") {
			a.t.Error("b does not hold the same")
		}
		agree.Wrote()
		elapse(0)
		if !a.alike("a", "b", "c") {
			a.t.Error("c does not hold the same")
		}
	})
}

func TestPeersAreAskedNowAndThen(t *testing.T) {
	inBubble(t, newWorld("a", "b"), func(a at, _ *Accord) {
		at{world: a.world, self: "b"}.writes(1)
		elapse(5 * time.Second)
		if !a.alike("a", "b") {
			a.t.Error("a did not learn it")
		}
	})
}

func TestOneThatAnswersNothingHoldsUpNobody(t *testing.T) {
	w := newWorld("a", "b", "c")
	w.cut["b"] = true
	inBubble(t, w, func(a at, agree *Accord) {
		a.writes(1)
		agree.Wrote()
		elapse(0)
		a.writes(2)
		agree.Wrote() // while b is still asked
		elapse(0)
		if !a.alike("a", "c") {
			a.t.Error("c does not hold the same")
		}
		a.see(func() { a.cut["b"] = false })
		elapse(3 * time.Second) // b is given up, and asked again as was wished for
		if !a.alike("a", "b") {
			a.t.Error("b was not asked again")
		}
		a.see(func() {
			if want := "b settings context deadline exceeded"; !slices.Contains(a.told, want) {
				a.t.Errorf("told %q, want %q among them", a.told, want)
			}
		})
	})
}

func TestOneThatKeepsNoneIsNoFault(t *testing.T) {
	w := newWorld("a", "b")
	w.old["b"] = true
	inBubble(t, w, func(a at, agree *Accord) {
		a.writes(1)
		if err := agree.With(a.t.Context(), "b"); err != nil {
			a.t.Errorf("With: %v", err)
		}
		a.see(func() {
			if len(a.told) > 0 {
				a.t.Errorf("told %q", a.told)
			}
		})
	})
}

func TestWhoCannotBeAskedIsAFault(t *testing.T) {
	w := newWorld("a", "b")
	w.cut["b"] = true
	inBubble(t, w, func(a at, agree *Accord) {
		if err := agree.With(a.t.Context(), "b"); !errors.Is(err, context.DeadlineExceeded) {
			a.t.Errorf("With: %v", err)
		}
	})
}
