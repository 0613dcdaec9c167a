package nacoshttp

import (
	"net/http"
	"slices"

	"github.com/distro-naming/naming-operator/sidecar/naming"
	"github.com/distro-naming/naming-operator/sidecar/wire"
)

// batch changes the metadata of several instances of a service. It answers which
// were changed; what could not be is left out, as in Nacos.
func (h *Handler) batch(do func(keys map[string]string) naming.Override) call {
	return func(r *http.Request, in request) (said, error) {
		s, err := in.form.Service()
		if err != nil {
			return said{}, err
		}
		text, err := in.form.Required("metadata")
		if err != nil {
			return said{}, err
		}
		keys, err := wire.ParseMetadata(text)
		if err != nil {
			return said{}, err
		}
		return value(wire.Updated(h.change(r, in.form, s, do(keys)))), nil
	}
}

// change returns the instances that were changed.
func (h *Handler) change(r *http.Request, form wire.Form, s naming.ServiceKey, o naming.Override) []string {
	changed := []string{}
	for _, i := range h.meant(s, form) {
		if err := h.amend(r.Context(), s, i.Endpoint(), o, false); err != nil {
			h.cfg.Log.V(1).Info("metadata not changed", "service", s.String(), "ip", i.IP, "port", i.Port, "error", err.Error())
			continue
		}
		changed = append(changed, wire.InstanceKey(i))
	}
	return changed
}

// meant returns the instances that a batch is for: all ephemeral ones, or those
// that it lists, or else all.
func (h *Handler) meant(s naming.ServiceKey, form wire.Form) []naming.Instance {
	hosts := h.deps.Catalog.View(s).Hosts
	switch form.Get("consistencyType") {
	case "ephemeral":
		return hosts
	case "":
	default: // persistent, of which there are none, or nothing that is known
		return nil
	}
	listed, given := form.Endpoints("instances")
	if !given {
		return hosts
	}
	return slices.DeleteFunc(slices.Clone(hosts), func(i naming.Instance) bool {
		return !slices.Contains(listed, i.Endpoint())
	})
}

func putKeys(keys map[string]string) naming.Override { return naming.Override{Metadata: keys} }

func dropKeys(keys map[string]string) (o naming.Override) {
	for key := range keys {
		o.Without = append(o.Without, key)
	}
	return o
}
