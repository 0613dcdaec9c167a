package push

import (
	"maps"
	"slices"

	"github.com/distro-naming/naming-operator/sidecar/naming"
)

// Watching returns the clients that watch s, in order.
func (h *Hub) Watching(s naming.ServiceKey) []naming.ClientID {
	h.mu.Lock()
	defer h.mu.Unlock()
	w := h.services[s]
	if w == nil {
		return nil
	}
	return slices.Sorted(maps.Keys(w.subscribers))
}

// WatchedBy returns the services that c watches, in order.
func (h *Hub) WatchedBy(c naming.ClientID) []naming.ServiceKey {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.SortedFunc(maps.Keys(h.clients[c]), naming.ServiceKey.Compare)
}
