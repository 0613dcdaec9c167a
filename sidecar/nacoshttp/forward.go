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
// write to those. What it passes on itself may go on to the owner of the client.
func (h *Handler) owned(here call) call {
	return func(w http.ResponseWriter, r *http.Request, in request) error {
		s, err := in.form.Service()
		if err != nil {
			return here(w, r, in) // which says what is wrong with it
		}
		e, valid := h.endpoint(in)
		if !valid {
			return here(w, r, in)
		}
		passedOn := strings.Contains(r.UserAgent(), "Nacos-Server")
		if owner, v1 := h.deps.Owners.ServiceOwner(s); v1 && !passedOn && h.gave(w, r, in, owner) {
			return nil
		}
		owner, mine := h.deps.Owners.Owner(naming.BeatClient(e.IP, e.Port))
		switch {
		case mine:
			return here(w, r, in)
		case passedOn && !h.deps.Owners.V1(member.Address(r.Header.Get("Request-Source"))):
			page(w, r, http.StatusBadRequest, refusal+remoteIP(r))
			return nil
		}
		a, err := h.forward(r, in, owner)
		if errors.Is(err, route.ErrUnreached) {
			h.cfg.Log.V(1).Info("answered for the owner", "owner", owner, "reason", err.Error())
			return here(w, r, in)
		}
		return a.relay(w, err)
	}
}

// refusal is how a member says that a call was passed on once too often.
const refusal = "receive invalid redirect request from peer "

// gave has a member of Nacos 1.x answer a call for a service that it owns. It is
// false when that member cannot, or thinks that it does not own it: ours then
// keep what was written until it does.
func (h *Handler) gave(w http.ResponseWriter, r *http.Request, in request, owner member.Address) bool {
	a, err := h.forward(r, in, owner)
	if err == nil && a.status == http.StatusBadRequest && strings.Contains(string(a.body), refusal) {
		err = errDisagrees
	}
	if err != nil {
		h.cfg.Log.V(1).Info("answered for a member of 1.x", "owner", owner, "reason", err.Error())
		return false
	}
	return a.relay(w, nil) == nil
}

var errDisagrees = errors.New("it does not own the service")

// endpoint returns whom a call is about, by its parameters or else its beat.
func (h *Handler) endpoint(in request) (naming.Endpoint, bool) {
	if in.form.Get("beat") != "" {
		e, _, err := in.form.Beat(naming.ServiceKey{})
		return e, err == nil
	}
	e, err := in.form.Endpoint()
	return e, err == nil
}

// relayed is what an owner answered.
type relayed struct {
	status int
	body   []byte
}

// relay gives the answer as one's own, unless there was none.
func (a relayed) relay(w http.ResponseWriter, err error) error {
	if err == nil {
		write(w, a.status, "application/json;charset=UTF-8", a.body)
	}
	return err
}

// forward has the owner answer: all parameters in the query, the headers as
// they came but for those by which members know each other.
func (h *Handler) forward(r *http.Request, in request, owner member.Address) (relayed, error) {
	query := url.Values{"encoding": {"UTF-8"}, "nofix": {"1"}}
	for name, value := range in.form {
		query.Set(name, value)
	}
	to := url.URL{Scheme: "http", Host: string(owner), Path: r.URL.Path, RawQuery: query.Encode()}
	out, err := http.NewRequestWithContext(r.Context(), r.Method, to.String(), http.NoBody)
	if err != nil {
		return relayed{}, fmt.Errorf("forward to %s: %w", owner, err)
	}
	out.Header = r.Header.Clone()
	for _, name := range []string{"Connection", "Content-Length", "Content-Encoding", "Accept-Encoding"} {
		out.Header.Del(name) // of the connection that it came on, not of the call
	}
	out.Header.Set("Content-Type", "application/x-www-form-urlencoded;charset=UTF-8")
	out.Header.Set("Accept-Charset", "UTF-8")
	out.Header.Set("Client-Version", h.cfg.Version)
	out.Header.Set("User-Agent", "Nacos-Server:"+h.cfg.Version)
	out.Header.Set("Request-Source", string(h.cfg.Self))
	said, err := h.owners.Do(out)
	if err != nil {
		return relayed{}, fmt.Errorf("forward to %s: %w", owner, err)
	}
	defer func() { _ = said.Body.Close() }() // read to its end or given up
	body, err := io.ReadAll(io.LimitReader(said.Body, maxAnswer))
	if err != nil {
		return relayed{}, fmt.Errorf("forward to %s: read answer: %w", owner, err)
	}
	return relayed{status: said.StatusCode, body: body}, nil
}
