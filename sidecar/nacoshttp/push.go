package nacoshttp

import (
	"net/http"
	"net/netip"
	"strconv"

	"github.com/distro-naming/naming-operator/sidecar/naming"
	"github.com/distro-naming/naming-operator/sidecar/wire"
)

// Pusher tells clients of changes over UDP for a while after they asked.
type Pusher interface{ Subscribe(s wire.Subscriber) }

// subscribe notes who asks to be told of changes. Only an address that asks itself
// is told: Nacos sends to any that a call names, which others could misuse.
func (h *Handler) subscribe(r *http.Request, form wire.Form, s naming.ServiceKey, clusters string) {
	port, err := strconv.Atoi(form.Get("udpPort"))
	if err != nil || port <= 0 || h.deps.Push == nil || !h.switched.Load().Push || !wire.TakesPushes(agent(r)) {
		return
	}
	from := remoteIP(r)
	if named := form.Get("clientIP"); named != "" && !same(named, from) {
		return
	}
	h.deps.Push.Subscribe(wire.Subscriber{
		Service: s, IP: from, Port: port, Agent: agent(r), App: or(form.Get("app"), "unknown"), Clusters: clusters,
	})
}

// same reports whether two texts are one address.
func same(a, b string) bool {
	x, errX := netip.ParseAddr(a)
	y, errY := netip.ParseAddr(b)
	return errX == nil && errY == nil && x.Unmap() == y.Unmap()
}

// agent is how the caller names its program.
func agent(r *http.Request) string { return or(r.UserAgent(), r.Header.Get("Client-Version")) }
