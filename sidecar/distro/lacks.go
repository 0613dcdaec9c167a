package distro

import (
	"slices"
	"time"

	"github.com/distro-naming/naming-operator/sidecar/member"
	"github.com/distro-naming/naming-operator/sidecar/naming"
)

// Lacks notes that a peer lacks clients, such as those for which there was no
// room in the answer to its load: what is owned here is sent to it at once. The
// others their owners send, as soon as they verify.
func (e *Engine) Lacks(now time.Time, peer member.Address, clients []naming.ClientID) {
	e.at(now)
	if !slices.Contains(e.peers, peer) {
		return
	}
	for _, c := range clients {
		if r := e.records[c]; r != nil && e.owns(r) {
			e.outbox.hurry(e.now, peer, c)
		}
	}
}
