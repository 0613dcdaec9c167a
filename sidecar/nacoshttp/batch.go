package nacoshttp

import (
	"maps"
	"net/http"
	"slices"

	"github.com/distro-naming/naming-operator/sidecar/member"
	"github.com/distro-naming/naming-operator/sidecar/naming"
	"github.com/distro-naming/naming-operator/sidecar/wire"
)

// batch changes the metadata of several instances of a service, each by the
// member that owns it. It answers which were changed; what could not be is left
// out, as in Nacos.
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

// batchPath is where a batch goes on to the owners, whatever it came by.
const batchPath = contextPath + "/v1/ns/instance/metadata/batch"

// change returns the instances that were changed, here and elsewhere.
func (h *Handler) change(r *http.Request, form wire.Form, s naming.ServiceKey, o naming.Override) []string {
	changed := []string{}
	elsewhere := map[member.Address][]naming.Instance{}
	for _, i := range h.meant(s, form) {
		owner, here := h.deps.Owners.Owner(naming.BeatClient(i.IP, i.Port))
		if !here && !fromServer(r) {
			elsewhere[owner] = append(elsewhere[owner], i)
			continue
		}
		if err := h.amend(r.Context(), s, i.Endpoint(), o, false); err != nil {
			h.cfg.Log.V(1).Info("metadata not changed", "service", s.String(), "ip", i.IP, "port", i.Port, "error", err.Error())
			continue
		}
		changed = append(changed, wire.InstanceKey(i))
	}
	for _, owner := range slices.Sorted(maps.Keys(elsewhere)) {
		to := r.Clone(r.Context())
		to.URL.Path = batchPath
		part := maps.Clone(form)
		part["serviceName"], part["instances"] = s.Grouped(), string(wire.EndpointList(elsewhere[owner]))
		delete(part, "consistencyType")
		a, err := h.forward(to, request{form: part}, owner)
		if err != nil {
			h.cfg.Log.V(1).Info("metadata not changed by the owner", "owner", owner, "error", err.Error())
			continue
		}
		changed = append(changed, wire.DecodeUpdated(a.body)...)
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
