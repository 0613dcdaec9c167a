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

// Watches returns how many services c watches, and whether s is among them.
func (h *Hub) Watches(c naming.ClientID, s naming.ServiceKey) (count int, already bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.clients[c]), h.clients[c][s] != nil
}

// WatchedBy returns the services that c watches, in order.
func (h *Hub) WatchedBy(c naming.ClientID) []naming.ServiceKey {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.SortedFunc(maps.Keys(h.clients[c]), naming.ServiceKey.Compare)
}
