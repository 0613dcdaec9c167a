package replica

import (
	"cmp"
	"context"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/distro-naming/naming-operator/sidecar/naming"
)

// views holds the answer for every service that has instances. Readers take
// clean answers without entering the loop; a service that changed is rebuilt
// once, when somebody asks, so that a burst of registrations costs one build.
type views struct {
	mu      sync.RWMutex
	entries map[naming.ServiceKey]*entry
	floor   atomic.Int64 // the LastRef of an answer for a service without instances
}

type entry struct {
	view     atomic.Pointer[naming.View]
	dirty    atomic.Bool
	contests []naming.Contest // of the view; owned by who has the turn
}

func newViews() *views { return &views{entries: map[naming.ServiceKey]*entry{}} }

func (v *views) get(s naming.ServiceKey) *entry {
	v.mu.RLock()
	defer v.mu.RUnlock()
	return v.entries[s]
}

func (v *views) setFloor(ref int64) { v.floor.Store(ref) }

// dirty notes that the answer for s must be built again.
func (v *views) dirty(s naming.ServiceKey) {
	if e := v.get(s); e != nil {
		e.dirty.Store(true)
		return
	}
	e := &entry{}
	e.dirty.Store(true)
	v.mu.Lock()
	v.entries[s] = e
	v.mu.Unlock()
}

func (v *views) remove(s naming.ServiceKey) {
	v.mu.Lock()
	delete(v.entries, s)
	v.mu.Unlock()
}

// count returns the number of services that have instances.
func (v *views) count() int {
	v.mu.RLock()
	defer v.mu.RUnlock()
	return len(v.entries)
}

func (v *views) empty(s naming.ServiceKey) *naming.View {
	return &naming.View{Service: s, LastRef: v.floor.Load()}
}

// View returns the current answer for s, which is empty for a service without
// instances. It is shared: do not modify it. A write that was answered before
// View was called is in it.
func (l *Loop) View(s naming.ServiceKey) *naming.View {
	e := l.views.get(s)
	if e == nil {
		return l.views.empty(s)
	}
	if !e.dirty.Load() {
		return e.view.Load()
	}
	out := l.views.empty(s)
	err := l.call(context.Background(), func(now time.Time) error {
		out = l.rebuild(now, s)
		return nil
	})
	if held := e.view.Load(); err != nil && held != nil {
		return held // stopping: the last answer is the best one
	}
	return out
}

// rebuild makes the answer for s from the registry, for who has the turn.
// An answer with equal hosts and threshold keeps its old view, so that nobody is told twice.
func (l *Loop) rebuild(now time.Time, s naming.ServiceKey) *naming.View {
	e := l.views.get(s)
	if e == nil {
		return l.views.empty(s)
	}
	held := e.view.Load()
	if !e.dirty.Load() {
		return held
	}
	hosts, contests := l.registry.Hosts(s)
	l.superseded(now, s, e.contests, contests)
	e.contests = contests
	if len(hosts) == 0 {
		l.views.remove(s)
		return l.views.empty(s)
	}
	l.overrideAll(s, hosts)
	protect := l.protect(s)
	if held == nil || !slices.EqualFunc(held.Hosts, hosts, naming.Instance.Equal) || !alike(held.Protect, protect) {
		held = &naming.View{Service: s, Hosts: hosts, LastRef: l.clock.tick(now), Protect: protect}
		l.views.setFloor(held.LastRef)
		e.view.Store(held)
	}
	e.dirty.Store(false)
	return held
}

// alike reports whether both are nothing, or the same.
func alike(a, b *float64) bool {
	if a == nil || b == nil {
		return a == b
	}
	return *a == *b
}

// superseded notes who is no longer listed since another client registered its
// endpoint.
func (l *Loop) superseded(now time.Time, s naming.ServiceKey, before, contests []naming.Contest) {
	for _, c := range contests {
		if !lost(before, c.Lost, c.Endpoint) {
			l.journal.note(s, naming.Cause{
				Time: now, Kind: naming.CauseSuperseded, Client: c.Lost, By: c.Listed, Endpoint: c.Endpoint, Count: 1,
			})
		}
	}
}

// lost reports whether, when the answer for s was last built, the endpoint e of
// the client c was listed as another client's.
func (v *views) lost(s naming.ServiceKey, c naming.ClientID, e naming.Endpoint) bool {
	held := v.get(s)
	return held != nil && lost(held.contests, c, e)
}

func lost(contests []naming.Contest, c naming.ClientID, e naming.Endpoint) bool {
	_, found := slices.BinarySearchFunc(contests, naming.Contest{Endpoint: e, Lost: c}, func(a, b naming.Contest) int {
		return cmp.Or(a.Endpoint.Compare(b.Endpoint), cmp.Compare(a.Lost, b.Lost))
	})
	return found
}

// Services returns the names, in order, of the services of a namespace and
// group that have instances or settings.
func (l *Loop) Services(namespace, group string) []string {
	l.views.mu.RLock()
	defer l.views.mu.RUnlock()
	out := []string{}
	for s := range l.views.entries {
		if s.Namespace == namespace && s.Group == group {
			out = append(out, s.Name)
		}
	}
	for s := range *l.described.Load() {
		if s.Namespace == namespace && s.Group == group {
			out = append(out, s.Name)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// AllServices returns every service that has instances, in order.
func (l *Loop) AllServices() []naming.ServiceKey {
	l.views.mu.RLock()
	defer l.views.mu.RUnlock()
	out := make([]naming.ServiceKey, 0, len(l.views.entries))
	for s := range l.views.entries {
		out = append(out, s)
	}
	slices.SortFunc(out, naming.ServiceKey.Compare)
	return out
}
