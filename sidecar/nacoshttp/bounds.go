package nacoshttp

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"

	"github.com/distro-naming/naming-operator/sidecar/limits"
	"github.com/distro-naming/naming-operator/sidecar/wire"
)

// bodyOf reads the body of a call, of so many bytes at most.
func bodyOf(w http.ResponseWriter, r *http.Request, limit string, most int64) ([]byte, error) {
	return wholeBody(http.MaxBytesReader(w, r.Body, most), limit, most)
}

func wholeBody(in io.Reader, limit string, most int64) ([]byte, error) {
	body, err := io.ReadAll(in)
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large):
		return nil, tooLarge(limit, most)
	case err != nil:
		return nil, fmt.Errorf("%w: %w", wire.ErrMalformed, err)
	}
	return body, nil
}

func tooLarge(limit string, most int64) error {
	return &limits.Over{Limit: limit, Most: most, What: "the body is too large"}
}

// memberBody reads the body in which a member tells lists, and unzips it. Only so
// many at once may be large: it is not known yet who sends them. release is to be
// called when it is of no use any more.
func (h *Handler) memberBody(w http.ResponseWriter, r *http.Request) (body []byte, release func(), err error) {
	most, release := h.cfg.Limits.MemberBody, func() {}
	in := http.MaxBytesReader(w, r.Body, most)
	body, err = wholeBody(io.LimitReader(in, h.cfg.Limits.Body+1), limits.MemberBody, most)
	if err != nil || int64(len(body)) <= h.cfg.Limits.Body && !isZipped(body) {
		return body, release, err
	}
	select {
	case h.large <- struct{}{}:
		release = func() { <-h.large }
	default:
		most = h.cfg.Limits.LargeBodies
		return nil, release, &limits.Over{Limit: limits.LargeBodies, Most: most, What: "too many large bodies at once"}
	}
	rest, err := wholeBody(in, limits.MemberBody, most)
	if err == nil {
		body, err = unzipped(append(body, rest...), most)
	}
	return body, release, err
}

// form reads the parameters of a query and of a form body, unless there are too
// many.
func (h *Handler) form(query, body string) (wire.Form, error) {
	n, most := 2+strings.Count(query, "&")+strings.Count(body, "&"), h.cfg.Limits.Parameters
	if int64(n) > most {
		return nil, &limits.Over{Limit: limits.Parameters, Most: most, What: "the call has " + strconv.Itoa(n) + " parameters"}
	}
	return wire.ParseForm(query, body), nil
}

// fails answers a call that failed, and notes when that was for a limit.
func (h *Handler) fails(d dialect, r *http.Request, err error) reply {
	var over *limits.Over
	if errors.As(err, &over) && h.cfg.Over != nil {
		h.cfg.Over.Over(over.Limit)
	}
	return d.fails(r, err)
}

// statusOver is how a call is refused that goes over a limit.
func statusOver(e *limits.Over) int {
	switch e.Limit {
	case limits.Body, limits.MemberBody:
		return http.StatusRequestEntityTooLarge
	case limits.Services, limits.Instances, limits.Clients, limits.LargeBodies:
		return http.StatusServiceUnavailable
	default:
		return http.StatusBadRequest
	}
}
