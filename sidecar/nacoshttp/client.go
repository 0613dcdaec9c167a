package nacoshttp

import (
	"context"
	"net/http"
	"slices"

	"github.com/distro-naming/naming-operator/sidecar/naming"
	"github.com/distro-naming/naming-operator/sidecar/wire"
)

// Clients is who publishes, as this member knows it.
type Clients interface {
	// Snapshot returns the records of all clients; false while it loads.
	Snapshot(ctx context.Context) (records []*naming.Record, loaded bool, err error)
}

func (h *Handler) records(ctx context.Context) ([]*naming.Record, error) {
	records, loaded, err := h.deps.Clients.Snapshot(ctx)
	if err == nil && !loaded {
		err = naming.ErrLoading
	}
	return slices.DeleteFunc(slices.Clone(records), func(r *naming.Record) bool { return r.Client.Datum() }), err
}

// clients gives the clients that are known.
func (h *Handler) clients(r *http.Request, _ request) (said, error) {
	records, err := h.records(r.Context())
	out := make([]naming.ClientID, 0, len(records))
	for _, r := range records {
		out = append(out, r.Client)
	}
	slices.Sort(out)
	return value(wire.ClientIDs(out)), err
}

// client returns the client that a call names.
func (h *Handler) client(r *http.Request, in request) (*naming.Record, error) {
	id, err := in.form.Required("clientId")
	if err != nil {
		return nil, err
	}
	records, err := h.records(r.Context())
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(records, func(r *naming.Record) bool { return string(r.Client) == id })
	if i < 0 {
		return nil, notFound("clientId [ " + id + " ] not exist")
	}
	return records[i], nil
}

// clientDetail gives what is known of a client.
func (h *Handler) clientDetail(r *http.Request, in request) (said, error) {
	c, err := h.client(r, in)
	if err != nil {
		return said{}, err
	}
	return value(wire.ClientDetail(c.Client, c.Stamp.Version, h.deps.Subscribers.Agent(c.Client))), nil
}

// published gives what a client publishes.
func (h *Handler) published(r *http.Request, in request) (said, error) {
	c, err := h.client(r, in)
	if err != nil {
		return said{}, err
	}
	return value(wire.Published(c)), nil
}

// subscribed gives what a client watches.
func (h *Handler) subscribed(_ *http.Request, in request) (said, error) {
	id, err := in.form.Required("clientId")
	return value(wire.Subscribed(h.deps.Subscribers.WatchedBy(naming.ClientID(id)))), err
}

// publishers gives the clients that publish in a service.
func (h *Handler) publishers(r *http.Request, in request) (said, error) {
	s, err := in.form.Service()
	if err != nil {
		return said{}, err
	}
	records, err := h.records(r.Context())
	return value(wire.Publishers(records, s, in.form.Get("ip"), in.form.Get("port"))), err
}

// watchers gives the clients that watch a service here.
func (h *Handler) watchers(_ *http.Request, in request) (said, error) {
	s, err := in.form.Service()
	return value(wire.Watchers(h.deps.Subscribers.Watching(s), in.form.Get("ip"), in.form.Get("port"))), err
}
