package nacoshttp

import (
	"errors"
	"fmt"
	"io"
	"net"
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
// of the client. A call that was passed on already is never passed on again.
// While the owner is out of reach the call is answered here: every member takes
// writes, and the ring will find the client another owner.
func (h *Handler) owned(here call) call {
	return func(w http.ResponseWriter, r *http.Request, in request) error {
		_, err := in.form.Service()
		if err != nil {
			return here(w, r, in) // which says what is wrong with it
		}
		e, valid := h.endpoint(in)
		if !valid {
			return here(w, r, in)
		}
		owner, mine := h.deps.Catalog.Owner(naming.BeatClient(e.IP, e.Port))
		switch {
		case mine:
			return here(w, r, in)
		case strings.Contains(r.UserAgent(), "Nacos-Server"):
			host, _, _ := net.SplitHostPort(r.RemoteAddr)
			page(w, r, http.StatusBadRequest, "receive invalid redirect request from peer "+host)
			return nil
		}
		err = h.forward(w, r, in, owner)
		if errors.Is(err, route.ErrUnreached) {
			h.cfg.Log.V(1).Info("answered for the owner", "owner", owner, "reason", err.Error())
			return here(w, r, in)
		}
		return err
	}
}

// endpoint returns whom a call is about, by its parameters or else its beat.
func (h *Handler) endpoint(in request) (naming.Endpoint, bool) {
	if in.form.Get("beat") != "" {
		e, _, err := in.form.Beat(naming.ServiceKey{})
		return e, err == nil
	}
	e, err := in.form.Endpoint()
	return e, err == nil
}

// forward has the owner answer: all parameters in the query, the headers as
// they came but for those by which members know each other.
func (h *Handler) forward(w http.ResponseWriter, r *http.Request, in request, owner member.Address) error {
	query := url.Values{"encoding": {"UTF-8"}, "nofix": {"1"}}
	for name, value := range in.form {
		query.Set(name, value)
	}
	to := url.URL{Scheme: "http", Host: string(owner), Path: r.URL.Path, RawQuery: query.Encode()}
	out, err := http.NewRequestWithContext(r.Context(), r.Method, to.String(), http.NoBody)
	if err != nil {
		return fmt.Errorf("forward to %s: %w", owner, err)
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
	answer, err := h.owners.Do(out)
	if err != nil {
		return fmt.Errorf("forward to %s: %w", owner, err)
	}
	defer func() { _ = answer.Body.Close() }() // read to its end or given up
	body, err := io.ReadAll(io.LimitReader(answer.Body, maxAnswer))
	if err != nil {
		return fmt.Errorf("forward to %s: read answer: %w", owner, err)
	}
	write(w, answer.StatusCode, "application/json;charset=UTF-8", body)
	return nil
}
