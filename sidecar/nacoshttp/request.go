package nacoshttp

import (
	"maps"
	"net/http"

	"github.com/distro-naming/naming-operator/sidecar/limits"
	"github.com/distro-naming/naming-operator/sidecar/wire"
)

// request is a call with its parameters.
type request struct {
	form wire.Form
	body []byte

	release func() // to be called when the call is over; nil: nothing is to be done
}

// read takes in the parameters: of the path, of the query and of a form body,
// whatever the method: Nacos's clients use both for all of them.
func (h *Handler) read(w http.ResponseWriter, r *http.Request, to match) (request, error) {
	if to.bodies {
		body, release, err := h.memberBody(w, r)
		return request{form: wire.ParseForm(r.URL.RawQuery, ""), body: body, release: release}, err
	}
	body, err := bodyOf(w, r, limits.Body, h.cfg.Limits.Body)
	if err != nil {
		return request{}, err
	}
	form, err := h.form(r.URL.RawQuery, string(body))
	if err != nil {
		return request{}, err
	}
	maps.Copy(form, to.segments)
	return request{form: form, body: body}, nil
}
