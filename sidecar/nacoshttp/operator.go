package nacoshttp

import (
	"context"
	"net/http"
	"strconv"
	"strings"

	"github.com/distro-naming/naming-operator/sidecar/member"
	"github.com/distro-naming/naming-operator/sidecar/naming"
	"github.com/distro-naming/naming-operator/sidecar/wire"
)

// Counter counts what there is at this member, and pushes since it started.
type Counter interface {
	Counts(ctx context.Context) (wire.Counts, error)
	Pushes() (succeeded, failed uint64)
}

// metrics says that the server is up, which is what clients look for, and with
// onlyStatus=false what there is.
func (h *Handler) metrics(r *http.Request, in request) (said, error) {
	if in.form.Flag("onlyStatus", true) {
		return value([]byte(`{"status":"UP"}`)), nil
	}
	counts, err := h.deps.Counter.Counts(r.Context())
	return value(wire.Metrics(counts)), err
}

// pushState says how many pushes there were. They are not reset.
func (h *Handler) pushState(*http.Request, request) (said, error) {
	succeeded, failed := h.deps.Counter.Pushes()
	return value(wire.PushState(succeeded, failed)), nil
}

// switches gives the switches of this member.
func (h *Handler) switches(*http.Request, request) (said, error) {
	return value(h.switched.Load().JSON()), nil
}

var switchedHere = unserved{
	"switches are those of one member here: set it with debug=true at each member. It holds until the member restarts",
}

// setSwitch changes a switch of this member.
func (h *Handler) setSwitch(_ *http.Request, in request) (said, error) {
	for _, name := range []string{"entry", "value"} {
		if _, err := in.form.Required(name); err != nil {
			return said{}, err
		}
	}
	to, err := h.switched.Load().Set(in.form.Get("entry"), in.form.Get("value"))
	if err != nil {
		return said{}, err
	}
	if !in.form.Flag("debug", false) {
		return said{}, switchedHere
	}
	h.switched.Store(&to)
	h.cfg.Log.Info("a switch was set", "entry", in.form.Get("entry"), "value", in.form.Get("value"))
	return done, nil
}

// serviceOwner names the member that owns a service while there are members of
// Nacos 1.x. Among others nobody owns services: it is this one as well as any.
func (h *Handler) serviceOwner(_ *http.Request, in request) (said, error) {
	s, err := in.form.Service()
	if err != nil {
		return said{}, err
	}
	owner, v1 := h.deps.Owners.ServiceOwner(s)
	if !v1 {
		owner = h.cfg.Self
	}
	return value(wire.Responsible(owner)), nil
}

// clientOwner names the member that owns a client that beats.
func (h *Handler) clientOwner(_ *http.Request, in request) (said, error) {
	e, err := in.form.Endpoint()
	if err != nil {
		return said{}, err
	}
	owner, here := h.deps.Owners.Owner(naming.BeatClient(e.IP, e.Port))
	if here {
		owner = h.cfg.Self
	}
	return value(wire.Responsible(owner)), nil
}

// servers gives the members.
func (h *Handler) servers(_ *http.Request, in request) (said, error) {
	list := h.deps.Roster.Nodes()
	if in.form.Flag("healthy", false) {
		list = up(list)
	}
	return value([]byte(`{"servers":` + string(wire.Members(list)) + `}`)), nil
}

func up(list []member.Node) (out []member.Node) {
	for _, n := range list {
		if n.State != member.Down && n.State != member.Suspect {
			out = append(out, n)
		}
	}
	return out
}

// distroStatus gives the members to who asks to view them.
func (h *Handler) distroStatus(_ *http.Request, in request) (said, error) {
	if strings.EqualFold(or(in.form.Get("action"), "view"), "view") {
		return value([]byte(`{"status":` + string(wire.Members(h.deps.Roster.Nodes())) + `}`)), nil
	}
	return value([]byte(`{}`)), nil
}

// hello is what the oldest health address says.
func (h *Handler) hello(*http.Request, request) (said, error) {
	return value([]byte(`{"msg":"Hello! I am Nacos-Naming and healthy! total services: raft 0, local port:` +
		strconv.Itoa(h.cfg.Self.Port()) + `"}`)), nil
}
