package nacoshttp

import (
	"errors"
	"net"
	"net/http"

	"github.com/distro-naming/naming-operator/sidecar/wire"
)

// report hears of a member and answers with this one. Nacos before 2.2.1 knows
// no other way, and takes a member that has no such address for one of 1.x, to
// which it does not replicate (gRPC page, 4.5).
func (h *Handler) report(r *http.Request, in request) (said, error) {
	n, err := wire.DecodeHTTPReport(in.body)
	switch {
	case errors.Is(err, wire.ErrMalformed):
		return said{}, err
	case err != nil:
		return value(wire.ReportRefused(err)), nil
	}
	ip := remoteIP(r)
	// Clients come to this port as well: a member is believed only where its
	// address says that it is.
	if n.Address.Host() == ip {
		h.deps.Roster.Heard(n, ip)
	}
	return value(wire.HTTPReportResult(h.deps.Roster.Node())), nil
}

// remoteIP is where a call came from.
func remoteIP(r *http.Request) string {
	ip, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil { // not TCP: a connection of tests
		return r.RemoteAddr
	}
	return ip
}
