package nacoshttp

import (
	"errors"
	"net"
	"net/http"

	"github.com/distro-naming/naming-operator/sidecar/naming"
	"github.com/distro-naming/naming-operator/sidecar/wire"
)

// report hears of a member and answers with this one. Nacos before 2.2.1 knows
// no other way, and takes a member that has no such address for one of 1.x, to
// which it does not replicate (gRPC page, 4.5).
func (h *Handler) report(w http.ResponseWriter, r *http.Request, in request) error {
	n, err := wire.DecodeHTTPReport(in.body)
	switch {
	case errors.Is(err, wire.ErrMalformed):
		page(w, r, http.StatusBadRequest, err.Error())
		return nil
	case err != nil:
		object(w, wire.Envelope(wire.CodeInvalid, err.Error(), "false"))
		return nil
	}
	ip, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil { // not TCP: a connection of tests
		ip = r.RemoteAddr
	}
	// Clients come to this port as well: a member is believed only where its
	// address says that it is.
	if n.Address.Host() == ip {
		h.deps.Roster.Heard(n, ip)
	}
	object(w, wire.HTTPReportResult(h.deps.Roster.Node()))
	return nil
}

// datums answers what a Java server asks for at start besides the snapshot over
// gRPC: all records in the form of Nacos 1.x, of which there are none here. As
// long as nobody answers, Nacos 2.0 and 2.1 ask again and count as not loaded.
func (h *Handler) datums(w http.ResponseWriter, _ *http.Request, _ request) error {
	if !h.deps.Catalog.Loaded() {
		return naming.ErrLoading
	}
	write(w, http.StatusOK, "application/octet-stream", []byte("{}"))
	return nil
}
