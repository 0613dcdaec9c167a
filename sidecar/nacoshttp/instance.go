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

// register publishes an instance for the client of its address.
func (h *Handler) register(w http.ResponseWriter, r *http.Request, in request) error {
	s, err := in.form.Service()
	if err != nil {
		return err
	}
	i, err := in.form.Instance(s)
	if err != nil {
		return err
	}
	if in.form.Persistent() {
		return noPersistence
	}
	if err := h.publish(r.Context(), s, i); err != nil {
		return err
	}
	ok(w)
	return nil
}

func (h *Handler) publish(ctx context.Context, s naming.ServiceKey, i naming.Instance) error {
	ctx, cancel := context.WithTimeout(ctx, h.cfg.CallWithin)
	defer cancel()
	return h.deps.Registrar.Register(ctx, naming.BeatClient(i.IP, i.Port), s, []naming.Instance{i}, false)
}

// deregister withdraws what the client of an address publishes in a service.
// What is not there, persistent instances above all, is gone already.
func (h *Handler) deregister(w http.ResponseWriter, r *http.Request, in request) error {
	s, err := in.form.Service()
	if err != nil {
		return err
	}
	e, err := in.form.Endpoint()
	if err != nil {
		return err
	}
	if !in.form.Persistent() {
		ctx, cancel := context.WithTimeout(r.Context(), h.cfg.CallWithin)
		defer cancel()
		if err := h.deps.Registrar.Deregister(ctx, naming.BeatClient(e.IP, e.Port), s); err != nil {
			return err
		}
	}
	ok(w)
	return nil
}

// update publishes anew what a client that beats publishes already. It is no
// way to register: who does not beat would be removed again.
func (h *Handler) update(w http.ResponseWriter, r *http.Request, in request) error {
	s, err := in.form.Service()
	if err != nil {
		return err
	}
	i, err := in.form.Instance(s)
	if err != nil {
		return err
	}
	known, err := h.renew(r.Context(), s, i.Endpoint())
	switch {
	case err != nil:
		return err
	case !known && len(h.deps.Catalog.View(s).Hosts) == 0:
		return &wire.Invalid{Text: "service not found, namespace: " + s.Namespace + ", service: " + s.Grouped()}
	case !known:
		return &wire.Invalid{Text: "instance not exist: " + i.IP + ":" + strconv.Itoa(i.Port) + ":unknown:" + i.Cluster}
	}
	if err := h.publish(r.Context(), s, i); err != nil {
		return err
	}
	ok(w)
	return nil
}

func (h *Handler) renew(ctx context.Context, s naming.ServiceKey, e naming.Endpoint) (known bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, h.cfg.CallWithin)
	defer cancel()
	return h.deps.Registrar.Beat(ctx, naming.BeatClient(e.IP, e.Port), s)
}

// beat renews an instance, and registers it when it is unknown and described:
// most clients have no other way back after an expiry (HTTP page, 2.2).
func (h *Handler) beat(w http.ResponseWriter, r *http.Request, in request) error {
	s, err := in.form.Service()
	if err != nil {
		return err
	}
	e, described, err := in.form.Beat(s)
	if err != nil {
		return err
	}
	known, err := h.renew(r.Context(), s, e)
	switch {
	case err != nil:
		return err
	case known:
		object(w, wire.BeatResult(wire.BeatOK, h.interval(s, e)))
	case described == nil:
		object(w, wire.BeatResult(wire.BeatUnknown, wire.Interval(nil)))
	default:
		if err := h.publish(r.Context(), s, *described); err != nil {
			return err
		}
		object(w, wire.BeatResult(wire.BeatOK, wire.Interval(described.Metadata)))
	}
	return nil
}

// interval is how often the instance asked to send beats.
func (h *Handler) interval(s naming.ServiceKey, e naming.Endpoint) int64 {
	if i, found := find(h.deps.Catalog.View(s), e); found {
		return wire.Interval(i.Metadata)
	}
	return wire.Interval(nil)
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
