package nacoshttp

import (
	"net/http"
	"strconv"

	"github.com/distro-naming/naming-operator/sidecar/naming"
	"github.com/distro-naming/naming-operator/sidecar/wire"
)

// Pusher tells clients of changes over UDP for a while after they asked.
type Pusher interface{ Subscribe(s wire.Subscriber) }

// subscribe notes who asks to be told of changes. The address that asks is told,
// not the one that the call names: any could be named, and who is in the member's
// own pod asks from another address than it thinks.
func (h *Handler) subscribe(r *http.Request, form wire.Form, s naming.ServiceKey, clusters string) {
	port, err := strconv.Atoi(form.Get("udpPort"))
	if err != nil || port <= 0 || h.deps.Push == nil || !h.switched.Load().Push || !wire.TakesPushes(agent(r)) {
		return
	}
	h.deps.Push.Subscribe(wire.Subscriber{
		Service: s, IP: remoteIP(r), Port: port, Clusters: clusters,
		Agent: wire.Program(agent(r)), App: wire.Program(or(form.Get("app"), "unknown")),
	})
}

// agent is how the caller names its program.
func agent(r *http.Request) string { return or(r.UserAgent(), r.Header.Get("Client-Version")) }
