package nacoshttp

import (
	"io"
	"maps"
	"net/http"

	"github.com/distro-naming/naming-operator/sidecar/wire"
)

// request is a call with its parameters.
type request struct {
	form wire.Form
	body []byte
}

// read takes in the parameters: of the path, of the query and of a form body,
// whatever the method: Nacos's clients use both for all of them.
func (h *Handler) read(w http.ResponseWriter, r *http.Request, to match) (request, error) {
	if to.bodies {
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, h.cfg.MaxDatums))
		if err == nil {
			body, err = unzipped(body, h.cfg.MaxDatums)
		}
		return request{form: wire.ParseForm(r.URL.RawQuery, ""), body: body}, err
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, h.cfg.MaxBody))
	if err != nil {
		return request{}, err
	}
	form := wire.ParseForm(r.URL.RawQuery, string(body))
	maps.Copy(form, to.segments)
	return request{form: form, body: body}, nil
}
