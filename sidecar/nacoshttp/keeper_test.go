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

func (k keeper) Service(s naming.ServiceKey) (naming.Settings, bool) {
	is, found := k.w.kept[s]
	return is, found
}

func (k keeper) Described(namespace string) []naming.ServiceKey {
	return slices.DeleteFunc(slices.SortedFunc(maps.Keys(k.w.kept), naming.ServiceKey.Compare), func(s naming.ServiceKey) bool {
		return s.Namespace != namespace
	})
}

func (k keeper) SetService(_ context.Context, s naming.ServiceKey, is naming.Settings) error {
	k.w.kept[s] = is
	return k.w.broken
}

func (k keeper) RemoveService(_ context.Context, s naming.ServiceKey) error {
	delete(k.w.kept, s)
	return k.w.broken
}

func (k keeper) Override(_ context.Context, _ naming.ServiceKey, e naming.Endpoint, o naming.Override) error {
	k.w.overrides[e] = o
	return k.w.broken
}

// keeping returns a world that keeps settings.
func keeping() *world {
	w := newWorld()
	w.kept, w.overrides = map[naming.ServiceKey]naming.Settings{}, map[naming.Endpoint]naming.Override{}
	return w
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
