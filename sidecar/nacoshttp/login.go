package nacoshttp

import (
	"errors"
	"net/http"
	"time"

	"github.com/distro-naming/naming-operator/sidecar/auth"
	"github.com/distro-naming/naming-operator/sidecar/wire"
)

// noAuth is the token that Nacos gives where nobody is asked who he is.
const (
	noAuth    = "AUTH_DISABLED"
	noAuthTTL = 18000 * time.Second
)

// login gives a token to who shows a password. Without auth everybody is let in:
// clients that have a name log in before anything else.
func (h *Handler) login(r *http.Request, in request) (said, error) {
	c := callerOf(r, in.form)
	if h.deps.Gate == nil {
		name, err := in.form.Required("username")
		return session(auth.Session{Token: noAuth, TTL: noAuthTTL, Name: name, Admin: true}), err
	}
	if c.Name == "" {
		_, err := in.form.Required("username")
		return said{}, err
	}
	is, err := h.deps.Gate.Login(r.Context(), c.IP, c.Name, c.Password)
	if denied, is := errors.AsType[*auth.Refusal](err); is {
		return formed(plain(statusOf(denied), denied.Text)), nil // whatever the version
	}
	return session(is), err
}

// session answers with a token, in the body and beside it.
func session(is auth.Session) said {
	a := first{}.says(value(wire.Login(is.Token, is.TTL, is.Admin, is.Name)))
	a.header = http.Header{"Authorization": {"Bearer " + is.Token}}
	return formed(a)
}
