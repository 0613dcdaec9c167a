package nacoshttp

import (
	"net/http"
	"strings"

	"github.com/distro-naming/naming-operator/sidecar/naming"
	"github.com/distro-naming/naming-operator/sidecar/wire"
)

// beat renews an instance, and registers it when it is unknown and described:
// most clients have no other way back after an expiry (HTTP page, 2.2).
func (h *Handler) beat(r *http.Request, in request) (said, error) {
	s, err := in.form.Service()
	if err != nil {
		return said{}, err
	}
	e, described, err := in.form.Beat(s)
	if err != nil {
		return said{}, err
	}
	known, err := h.renew(r.Context(), s, e)
	switch {
	case err != nil:
		return said{}, err
	case known:
		return h.beaten(wire.BeatOK, metadata(h.deps.Catalog.View(s), e)), nil
	case described == nil:
		return h.beaten(wire.BeatUnknown, nil), nil
	}
	return h.beaten(wire.BeatOK, described.Metadata), h.publishNew(r.Context(), s, *described)
}

// bare is a value that has no envelope in any version.
func bare(json []byte) said { return formed(first{}.says(value(json))) }

// beaten answers a beat with how often the instance asked to send them, or else
// this member asks.
func (h *Handler) beaten(code int, metadata map[string]string) said {
	switches := h.switched.Load()
	return bare(wire.BeatResult(code, wire.IntervalOr(metadata, switches.BeatInterval), switches.LightBeats))
}

func metadata(v *naming.View, e naming.Endpoint) map[string]string {
	i, _ := find(v, e)
	return i.Metadata
}

// grouped asks for the group in the name of the service, as v2 does where no
// filter adds it.
func grouped(do call) call {
	return func(r *http.Request, in request) (said, error) {
		if name := in.form.Get("serviceName"); name != "" && !strings.Contains(name, "@@") {
			return said{}, &wire.Invalid{
				Field: "serviceName",
				Text:  "Param 'serviceName' is illegal, it should be format as 'groupName@@serviceName'",
			}
		}
		return do(r, in)
	}
}
