package nacoshttp

import (
	"context"
	"maps"
	"slices"

	"github.com/distro-naming/naming-operator/sidecar/naming"
	"github.com/distro-naming/naming-operator/sidecar/wire"
)

// keeper keeps settings in a world.
type keeper struct{ w *world }

func (k keeper) Settings(s naming.ServiceKey) (naming.Settings, bool) {
	is, found := k.w.kept[s]
	return is, found
}

func (k keeper) Described() []naming.ServiceKey {
	return slices.SortedFunc(maps.Keys(k.w.kept), naming.ServiceKey.Compare)
}

func (k keeper) SetService(_ context.Context, s naming.ServiceKey, is naming.Settings) error {
	if k.w.unkept != nil {
		return k.w.unkept
	}
	k.w.kept[s] = is
	return k.w.broken
}

func (k keeper) RemoveService(_ context.Context, s naming.ServiceKey) error {
	delete(k.w.kept, s)
	return k.w.broken
}

func (k keeper) Override(_ context.Context, _ naming.ServiceKey, e naming.Endpoint, o naming.Override, anew bool) error {
	if k.w.unkept != nil {
		return k.w.unkept
	}
	if !anew {
		o = k.w.overrides[e].And(o)
	}
	k.w.overrides[e] = o
	return k.w.broken
}

func (w *world) Watching(s naming.ServiceKey) []wire.Subscriber {
	return slices.DeleteFunc(slices.Clone(w.subscribers), func(o wire.Subscriber) bool { return o.Service != s })
}

func (w *world) WatchedBy(c naming.ClientID) []wire.Subscriber {
	return slices.DeleteFunc(slices.Clone(w.subscribers), func(o wire.Subscriber) bool { return o.Client != c })
}

func (w *world) Agent(naming.ClientID) string { return "Nacos-Go-Client:v2.3.5" }

func (w *world) Snapshot(context.Context) ([]*naming.Record, bool, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.registry.Records(), w.loaded, w.broken
}

func (w *world) Counts(context.Context) (wire.Counts, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return wire.Counts{Services: len(w.registry.Services()), Clients: w.registry.Len()}, w.broken
}

func (w *world) Pushes() (succeeded, failed uint64) { return 3, 1 }

func (w *world) Subscribe(s wire.Subscriber) { w.asked = append(w.asked, s) }
