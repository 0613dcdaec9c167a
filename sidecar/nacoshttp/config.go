package nacoshttp

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/distro-naming/naming-operator/sidecar/wire"
)

// The configuration API is answered as by a Nacos that holds none, so that programs
// which use one client for both go on: reads find nothing, nobody is told of
// changes. What would keep something is refused.

// noConfigV1 answers as Nacos does, also the line break.
func noConfigV1(*http.Request, request) (said, error) {
	return formed(plain(http.StatusNotFound, wire.NoConfig+"\n")), nil
}

// configs finds nothing: one configuration, or a page of those that match.
func configs(r *http.Request, in request) (said, error) {
	if in.form.Get("search") == "" {
		return noConfigV1(r, in)
	}
	page := in.form.Page(1, 10)
	return value(wire.Page3(0, page.Number, page.Size, []byte("[]"))), nil
}

func noConfigV2(*http.Request, request) (said, error) { return said{}, notFound(wire.NoConfig) }

// gone says that something is deleted, which it is.
func gone(*http.Request, request) (said, error) { return value([]byte("true")), nil }

// Of a call that waits for changes.
const (
	longestWait = 30 * time.Second
	waitMargin  = 500 * time.Millisecond // by which it is answered before the caller gives up
)

// listen waits for a change of what the caller holds, of which there is none: who
// holds something that is not here is told at once, others after the time that
// they ask for.
func (h *Handler) listen(r *http.Request, in request) (said, error) {
	asked, err := in.form.Required("Listening-Configs")
	if err != nil {
		return said{}, err
	}
	if changed := wire.HeldConfigs(asked); changed != "" {
		return words(changed), nil
	}
	ms, _ := strconv.ParseInt(strings.TrimSpace(r.Header.Get("Long-Pulling-Timeout")), 10, 64)
	wait := min(time.Duration(max(ms, 0))*time.Millisecond-waitMargin, longestWait)
	if wait <= 0 || r.Header.Get("Long-Pulling-Timeout-No-Hangup") == "true" {
		return words(""), nil
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-r.Context().Done():
	case <-h.leaving:
	}
	return words(""), nil
}
