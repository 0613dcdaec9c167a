package nacoshttp

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/distro-naming/naming-operator/sidecar/member"
	"github.com/distro-naming/naming-operator/sidecar/naming"
	"github.com/distro-naming/naming-operator/sidecar/route"
)

// Bounds of the connections to owners.
const (
	idlePerOwner = 8
	maxAnswer    = 1 << 20
)

// Close ends the idle connections to owners.
func (h *Handler) Close() { h.owners.CloseIdleConnections() }

// owned answers here what this member owns, and passes the rest on to the owner
// of the client. A call that one of ours passed on is never passed on again.
// While the owner is out of reach the call is answered here: every member takes
// writes, and the ring will find the client another owner.
//
// A member of Nacos 1.x owns services with all in them: it gets what clients
// write to those. What it passes on itself may go on to the owner of the client, and
// so does what is written of an instance that ours took while it was away: they would
// give it what is over by now.
func (h *Handler) owned(here call) call {
	return func(r *http.Request, in request) (said, error) {
		s, err := in.form.Service()
		if err != nil {
			return here(r, in) // which says what is wrong with it
		}
		e, valid := about(in)
		if !valid {
			return here(r, in)
		}
		passedOn := fromServer(r)
		if owner, v1 := h.deps.Owners.ServiceOwner(s); v1 && !passedOn {
			if a, gave := h.gave(r, in, owner); gave {
				if !isBeat(r) && h.stoodIn(r, s, e) {
					_, err := h.atOwner(here, r, in, e)
					h.cfg.Log.V(1).Info("told for a member of 1.x what it was told", "owner", owner, "error", err)
				}
				return formed(a), nil
			}
		}
		return h.atOwner(here, r, in, e)
	}
}

func isBeat(r *http.Request) bool { return strings.HasSuffix(r.URL.Path, "/beat") }

// stoodIn reports whether ours have an instance that lives by beats in a service that
// a member of Nacos 1.x owns: they took it while that member was away.
func (h *Handler) stoodIn(r *http.Request, s naming.ServiceKey, e naming.Endpoint) bool {
	publishes, err := h.deps.Owners.Publishes(r.Context(), naming.BeatClient(e.IP, e.Port), s)
	return publishes && err == nil
}

// atOwner has the owner of the client of an endpoint answer.
func (h *Handler) atOwner(here call, r *http.Request, in request, e naming.Endpoint) (said, error) {
	owner, mine := h.deps.Owners.Owner(naming.BeatClient(e.IP, e.Port))
	switch {
	case mine:
		return here(r, in)
	case fromServer(r) && !h.deps.Owners.V1(member.Address(r.Header.Get("Request-Source"))):
		return formed(page(r, http.StatusBadRequest, refusal+remoteIP(r))), nil
	}
	a, err := h.forward(r, in, owner)
	if errors.Is(err, route.ErrUnreached) || err == nil && lacks(a.status) {
		h.cfg.Log.V(1).Info("answered for the owner", "owner", owner, "status", a.status, "error", err)
		return here(r, in)
	}
	return formed(a), err
}

// anywhere answers here what is said of an instance that is listed here: members
// tell each other. What is not listed yet the owner of the client may know. A
// member of Nacos 1.x, which is told by nobody, gets what is said of the services
// that it owns.
func (h *Handler) anywhere(here call) call {
	there := h.owned(here)
	return func(r *http.Request, in request) (said, error) {
		s, err := in.form.Service()
		e, valid := about(in)
		if err != nil || !valid {
			return here(r, in) // which says what is wrong with it
		}
		_, v1 := h.deps.Owners.ServiceOwner(s)
		if _, listed := find(h.deps.Catalog.View(s), e); listed && !v1 {
			return here(r, in)
		}
		return there(r, in)
	}
}

// lacks reports whether an owner says that it does not know the call at all: a
// server of another version.
func lacks(status int) bool {
	return status == http.StatusNotFound || status == http.StatusGone || status == http.StatusNotImplemented
}

// refusal is how a member says that a call was passed on once too often.
const refusal = "receive invalid redirect request from peer "

// gave has a member of Nacos 1.x answer a call for a service that it owns. It is
// false when that member cannot, or thinks that it does not own it: ours then
// keep what was written until it does.
func (h *Handler) gave(r *http.Request, in request, owner member.Address) (reply, bool) {
	a, err := h.forward(r, in, owner)
	if err == nil && (lacks(a.status) || a.status == http.StatusBadRequest && strings.Contains(string(a.body), refusal)) {
		err = errDisagrees
	}
	if err != nil {
		h.cfg.Log.V(1).Info("answered for a member of 1.x", "owner", owner, "reason", err.Error())
	}
	return a, err == nil
}

var errDisagrees = errors.New("it does not own the service")

// about returns whom a call is about, by its parameters or else its beat.
func about(in request) (naming.Endpoint, bool) {
	if in.form.Get("beat") != "" {
		e, _, err := in.form.Beat(naming.ServiceKey{})
		return e, err == nil
	}
	e, err := in.form.Endpoint()
	return e, err == nil
}

// forward has the owner answer: all parameters in the query, the headers as
// they came but for those by which members know each other.
func (h *Handler) forward(r *http.Request, in request, owner member.Address) (reply, error) {
	query := url.Values{"encoding": {"UTF-8"}, "nofix": {"1"}}
	for name, value := range in.form {
		query.Set(name, value)
	}
	to := url.URL{Scheme: "http", Host: string(owner), Path: r.URL.Path, RawQuery: query.Encode()}
	call, err := http.NewRequestWithContext(r.Context(), r.Method, to.String(), http.NoBody)
	if err != nil {
		return reply{}, fmt.Errorf("forward to %s: %w", owner, err)
	}
	call.Header = r.Header.Clone()
	for _, name := range []string{"Connection", "Content-Length", "Content-Encoding", "Accept-Encoding"} {
		call.Header.Del(name) // of the connection that it came on, not of the call
	}
	call.Header.Set("Content-Type", "application/x-www-form-urlencoded;charset=UTF-8")
	call.Header.Set("Accept-Charset", "UTF-8")
	call.Header.Set("Client-Version", h.cfg.Version)
	call.Header.Set("User-Agent", "Nacos-Server:"+h.cfg.Version)
	call.Header.Set("Request-Source", string(h.cfg.Self))
	if h.deps.Gate != nil { // who called may do so, and the owner need not ask again
		for _, i := range h.cfg.Identity.Shown() {
			call.Header.Set(i.Key, i.Value)
		}
	}
	out, err := h.owners.Do(call)
	if err != nil {
		return reply{}, fmt.Errorf("forward to %s: %w", owner, err)
	}
	defer func() { _ = out.Body.Close() }() // read to its end or given up
	body, err := io.ReadAll(io.LimitReader(out.Body, maxAnswer))
	if err != nil {
		return reply{}, fmt.Errorf("forward to %s: read answer: %w", owner, err)
	}
	return reply{status: out.StatusCode, kind: relayedType, body: body}, nil
}
