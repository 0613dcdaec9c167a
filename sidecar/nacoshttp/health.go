package nacoshttp

import (
	"net/http"

	"github.com/distro-naming/naming-operator/sidecar/wire"
)

// alive says that the program answers.
func alive(yes string) call {
	return func(*http.Request, request) (said, error) { return words(yes), nil }
}

// ready says whether this member serves clients, and why not: by the status of
// HTTP too, which Nacos leaves at 200 in v2.
func (h *Handler) ready(yes string) call {
	return func(*http.Request, request) (said, error) {
		if why := h.notReady(); why != "" {
			return said{}, unready(why)
		}
		return words(yes), nil
	}
}

func (h *Handler) notReady() string {
	select {
	case <-h.leaving:
		return "server is leaving"
	default:
	}
	if !h.deps.Catalog.Loaded() {
		return "naming not in readiness"
	}
	return ""
}

// unready is why a member serves nobody.
type unready string

func (e unready) Error() string { return string(e) }

func (e unready) plain() reply { return plain(http.StatusServiceUnavailable, string(e)) }

func (e unready) coded() reply {
	return coded(http.StatusServiceUnavailable, wire.ServerError, wire.Text(string(e)))
}

// errStarting is what clients are told while this member loads, in Java's words.
const errStarting unready = "server is STARTINGnow, please try again later!"

// actuator says in Spring's way whether this member serves clients.
func (h *Handler) actuator(*http.Request, request) (said, error) {
	if h.notReady() != "" {
		return formed(reply{http.StatusServiceUnavailable, actuatorType, []byte(`{"status":"OUT_OF_SERVICE"}`), nil}), nil
	}
	return formed(reply{http.StatusOK, actuatorType, []byte(`{"status":"UP"}`), nil}), nil
}

const actuatorType = "application/vnd.spring-boot.actuator.v3+json"
