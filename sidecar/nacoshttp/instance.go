package nacoshttp

import (
	"context"
	"net/http"
	"slices"
	"strconv"

	"github.com/distro-naming/naming-operator/sidecar/naming"
	"github.com/distro-naming/naming-operator/sidecar/wire"
)

var noPersistence = &wire.Invalid{
	Field: "ephemeral",
	Text: "Param 'ephemeral' is illegal, persistent instances are not supported by this server. " +
		"Register with ephemeral=true and send beats.",
}

// described returns the service and the instance that a call describes.
func described(in request) (naming.ServiceKey, naming.Instance, error) {
	s, err := in.form.Service()
	if err != nil {
		return s, naming.Instance{}, err
	}
	i, err := in.form.Instance(s)
	return s, i, err
}

// named returns the service and the endpoint that a call names.
func named(in request) (naming.ServiceKey, naming.Endpoint, error) {
	s, err := in.form.Service()
	if err != nil {
		return s, naming.Endpoint{}, err
	}
	e, err := in.form.Endpoint()
	return s, e, err
}

// register publishes an instance for the client of its address.
func (h *Handler) register(r *http.Request, in request) (said, error) {
	s, i, err := described(in)
	if err != nil {
		return said{}, err
	}
	if in.form.Persistent() {
		return said{}, noPersistence
	}
	return done, h.publishNew(r.Context(), s, i)
}

// publishNew publishes an instance that came without an id.
func (h *Handler) publishNew(ctx context.Context, s naming.ServiceKey, i naming.Instance) error {
	if err := wire.Identify(&i, s, h.deps.NextID); err != nil {
		return err
	}
	return h.publish(ctx, s, i)
}

func (h *Handler) publish(ctx context.Context, s naming.ServiceKey, i naming.Instance) error {
	ctx, cancel := context.WithTimeout(ctx, h.cfg.CallWithin)
	defer cancel()
	return h.deps.Registrar.Register(ctx, naming.BeatClient(i.IP, i.Port), s, []naming.Instance{i}, false)
}

// registerOrBeat is how v3 beats: by registering, with a flag. What is unknown is
// no error of HTTP then.
func (h *Handler) registerOrBeat(r *http.Request, in request) (said, error) {
	if !in.form.Flag("heartBeat", false) {
		return h.register(r, in)
	}
	s, e, err := named(in)
	if err != nil {
		return said{}, err
	}
	known, err := h.renew(r.Context(), s, e)
	if err == nil && !known {
		return formed(coded(http.StatusOK, wire.InstanceNotFound, nil)), nil
	}
	return done, err
}

// deregister withdraws what the client of an address publishes in a service.
// What is not there, persistent instances above all, is gone already.
func (h *Handler) deregister(r *http.Request, in request) (said, error) {
	s, e, err := named(in)
	if err != nil || in.form.Persistent() {
		return done, err
	}
	ctx, cancel := context.WithTimeout(r.Context(), h.cfg.CallWithin)
	defer cancel()
	return done, h.deps.Registrar.Deregister(ctx, naming.BeatClient(e.IP, e.Port), s)
}

// update says anew what is said of an instance: its weight, whether it is enabled,
// and metadata that is put over what its client registers. It is no way to
// register.
func (h *Handler) update(r *http.Request, in request) (said, error) {
	s, i, err := described(in)
	if err != nil {
		return said{}, err
	}
	return done, h.amend(r.Context(), s, i.Endpoint(), naming.Override{
		Weight: &i.Weight, Enabled: &i.Enabled, Metadata: i.Metadata,
	}, true)
}

// patch changes what the call names, and nothing else.
func (h *Handler) patch(r *http.Request, in request) (said, error) {
	s, i, err := described(in)
	if err != nil {
		return said{}, err
	}
	o := naming.Override{Metadata: i.Metadata}
	if in.form.Get("weight") != "" {
		o.Weight = &i.Weight
	}
	if in.form.Get("enabled") != "" || in.form.Get("enable") != "" {
		o.Enabled = &i.Enabled
	}
	if in.form.Get("healthy") != "" {
		o.Healthy = &i.Healthy
	}
	return done, h.amend(r.Context(), s, i.Endpoint(), o, false)
}

// amend says something of an instance that is listed. What its client registers
// is left as it is, and so its client cannot undo it.
func (h *Handler) amend(ctx context.Context, s naming.ServiceKey, e naming.Endpoint, o naming.Override, anew bool) error {
	v := h.deps.Catalog.View(s)
	i, found := find(v, e)
	switch {
	case found:
		if err := wire.CheckInstance(o.Apply(i)); err != nil {
			return err
		}
		return h.deps.Settings.Override(ctx, s, e, o, anew)
	case len(v.Hosts) == 0:
		return &wire.Invalid{
			Text: "service not found, namespace: " + s.Namespace + ", service: " + s.Grouped(), Code: wire.ServiceNotExist,
		}
	default:
		return &wire.Invalid{
			Text: "instance not exist: " + e.IP + ":" + strconv.Itoa(e.Port) + ":unknown:" + e.Cluster, Code: wire.InstanceNotFound,
		}
	}
}

func (h *Handler) renew(ctx context.Context, s naming.ServiceKey, e naming.Endpoint) (known bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, h.cfg.CallWithin)
	defer cancel()
	return h.deps.Registrar.Beat(ctx, naming.BeatClient(e.IP, e.Port), s)
}

func find(v *naming.View, e naming.Endpoint) (naming.Instance, bool) {
	n, found := slices.BinarySearchFunc(v.Hosts, e, func(i naming.Instance, e naming.Endpoint) int {
		return i.Endpoint().Compare(e)
	})
	if !found {
		return naming.Instance{}, false
	}
	return v.Hosts[n], true
}
