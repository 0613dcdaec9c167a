package nacoshttp

import (
	"context"
	"net/http"
	"net/url"
	"slices"

	"github.com/distro-naming/naming-operator/sidecar/member"
	"github.com/distro-naming/naming-operator/sidecar/naming"
	"github.com/distro-naming/naming-operator/sidecar/wire"
)

// Subscribers is who watches services at this member.
type Subscribers interface {
	// Watching returns who watches s.
	Watching(s naming.ServiceKey) []wire.Subscriber
	// WatchedBy returns what a client watches.
	WatchedBy(c naming.ClientID) []wire.Subscriber
	// Agent returns the program of a client that is connected here, or "".
	Agent(c naming.ClientID) string
}

// subscribers gives a page of those who watch a service at any member.
func (h *Handler) subscribers(r *http.Request, in request) (said, error) {
	all, err := h.watching(r, in)
	page := in.form.Page(1, 1000)
	return value(wire.Subscribers(len(all), wire.Of(page, all))), err
}

// subscriberList is the same in v3.
func (h *Handler) subscriberList(r *http.Request, in request) (said, error) {
	all, err := h.watching(r, in)
	page := in.form.Page(1, 100)
	return value(wire.Page3(len(all), page.Number, page.Size, wire.SubscriberItems(wire.Of(page, all)))), err
}

// watching returns who watches the services that contain what is asked for, as
// Nacos matches; of the other members too unless the call says not.
func (h *Handler) watching(r *http.Request, in request) ([]wire.Subscriber, error) {
	s, err := in.form.Service()
	if err != nil {
		return nil, err
	}
	all := h.deps.Subscribers.Watching(s)
	if in.form.Flag("aggregation", true) && !fromServer(r) {
		for _, n := range h.deps.Roster.Nodes() {
			if n.Address != h.cfg.Self && n.State == member.Up {
				all = append(all, h.watchingAt(r.Context(), n.Address, s)...)
			}
		}
	}
	slices.SortFunc(all, wire.Subscriber.Compare)
	return slices.CompactFunc(all, func(a, b wire.Subscriber) bool { return a.Compare(b) == 0 }), nil
}

// subscribersPath is where members ask each other.
const subscribersPath = contextPath + "/v1/ns/service/subscribers"

// watchingAt asks another member. Who does not answer is left out.
func (h *Handler) watchingAt(ctx context.Context, a member.Address, s naming.ServiceKey) []wire.Subscriber {
	ask := (&http.Request{Method: http.MethodGet, Header: http.Header{}, URL: &url.URL{Path: subscribersPath}}).WithContext(ctx)
	out, err := h.forward(ask, request{form: wire.Form{
		"aggregation": "false", "serviceName": s.Grouped(), "namespaceId": s.Namespace,
	}}, a)
	if err != nil {
		h.cfg.Log.V(1).Info("subscribers of a member are not known", "member", a, "error", err.Error())
		return nil
	}
	return wire.DecodeSubscribers(out.body)
}
