package nacoshttp

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/distro-naming/naming-operator/sidecar/limits"
	"github.com/distro-naming/naming-operator/sidecar/member"
	"github.com/distro-naming/naming-operator/sidecar/naming"
	"github.com/distro-naming/naming-operator/sidecar/wire"
)

// ofMembers are what members of Nacos 1.x ask of each other (HTTP page, 1.6 and
// 6), and those of 2.0 and 2.1 while they can still become such.
func (h *Handler) ofMembers() []endpoint {
	of := func(method, path string, do call, bodies bool) endpoint {
		path = strings.TrimPrefix(path, contextPath)
		return endpoint{
			group: groupMembers, method: method, path: path, in: first{}, do: do, bodies: bodies, anytime: bodies,
		}
	}
	return []endpoint{
		of(http.MethodPut, wire.DatumPath, h.known(h.takeDatums), true),
		of(http.MethodGet, wire.DatumPath, h.datum, true),
		of(http.MethodGet, wire.DatumsPath, h.datums, true),
		of(http.MethodPut, wire.ChecksumPath, h.known(h.checksum), true),
		of(http.MethodPost, wire.StatusPath, h.serviceStatus, true),
		of(http.MethodPost, wire.ReportPath, h.report, false),
		of(http.MethodGet, "/v1/ns/operator/server/status", h.serverStatus, false),
		of(http.MethodGet, "/v1/ns/operator/cluster/state", h.follower, false),
		of(http.MethodPost, "/v1/ns/raft/vote", h.follower, false),
		of(http.MethodPost, "/v1/ns/raft/beat", h.follower, true),
	}
}

// known answers only those who know the identity of the cluster, if it has one and
// no gate has asked for it already.
func (h *Handler) known(answer call) call {
	return func(r *http.Request, in request) (said, error) {
		if h.deps.Gate == nil && !h.admits(r) {
			return formed(page(r, http.StatusForbidden, "unknown member: the server identity is missing or wrong")), nil
		}
		return answer(r, in)
	}
}

// admits reports whether who calls may speak as a member.
func (h *Handler) admits(r *http.Request) bool {
	admitted := h.cfg.Identity.Admits(r.Header.Get)
	if !admitted && h.cfg.Unproven != nil {
		h.cfg.Unproven(remoteIP(r))
	}
	return admitted
}

// isZipped reports whether a body begins as gzip does.
func isZipped(body []byte) bool { return bytes.HasPrefix(body, []byte{0x1f, 0x8b}) }

// unzipped returns what a body says. Java declares gzip for all and uses it for
// some: only the bytes tell (HTTP page, 0.7).
func unzipped(body []byte, limit int64) ([]byte, error) {
	if !isZipped(body) {
		return body, nil
	}
	in, err := gzip.NewReader(bytes.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("%w: %s", wire.ErrMalformed, err.Error())
	}
	out, err := io.ReadAll(io.LimitReader(in, limit+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("%w: %s", wire.ErrMalformed, err.Error())
	case int64(len(out)) > limit:
		return nil, tooLarge(limits.MemberBody, limit)
	}
	return out, nil
}

// takeDatums takes the lists of whole services. A body without any is a success:
// Java would send it again for ever (HTTP page, 6.5).
func (h *Handler) takeDatums(r *http.Request, in request) (said, error) {
	if len(bytes.TrimSpace(in.body)) == 0 {
		return formed(plain(http.StatusBadRequest, "receive empty entity!")), nil
	}
	if err := h.deps.Datums.Datums(r.Context(), remoteIP(r), in.body); err != nil {
		return said{}, err
	}
	return done, nil
}

// checksum compares what another member owns with what is known of it here.
func (h *Handler) checksum(r *http.Request, in request) (said, error) {
	source, err := in.form.Required("source")
	if err != nil {
		return said{}, err
	}
	sums, err := wire.DecodeChecksums(in.body)
	if err != nil {
		return said{}, err
	}
	if err := h.deps.Datums.Checksums(r.Context(), member.Address(source), sums); err != nil {
		return said{}, err
	}
	return done, nil
}

// datum gives the services that are asked for, by a body although it is a GET.
func (h *Handler) datum(_ *http.Request, in request) (said, error) {
	services, err := wire.DecodeDatumQuery(in.body, in.form)
	if err != nil {
		return said{}, err
	}
	return h.give(services)
}

// datums gives all services. Nacos 2.0 and 2.1 ask for them at start besides the
// snapshot over gRPC; as long as nobody answers they count as not loaded.
func (h *Handler) datums(_ *http.Request, _ request) (said, error) {
	return h.give(h.deps.Catalog.AllServices())
}

func (h *Handler) give(services []naming.ServiceKey) (said, error) {
	if !h.deps.Catalog.Loaded() {
		return said{}, naming.ErrLoading
	}
	var out []wire.Datum
	for _, s := range services {
		if hosts := h.deps.Catalog.View(s).Hosts; len(hosts) > 0 {
			out = append(out, wire.NewDatum(s, hosts))
		}
	}
	return formed(reply{status: http.StatusOK, kind: "application/octet-stream", body: wire.Datums(out)}), nil
}

// serviceStatus hears the checksums, with health, of the services of another
// member. They say nothing that its other checksums do not: health is in both.
func (h *Handler) serviceStatus(_ *http.Request, in request) (said, error) {
	from, sent := wire.DecodeServiceStatus(in.body)
	switch {
	case !sent:
		return words("fail"), nil
	case !h.deps.Roster.Listed(from):
		return formed(plain(http.StatusBadRequest, "ip: "+string(from)+" is not in serverlist")), nil
	default:
		return done, nil
	}
}

// serverStatus hears of members in the way of Nacos before 1.3: lines of
// site#address#time#weight (HTTP page, 6.11).
func (h *Handler) serverStatus(_ *http.Request, in request) (said, error) {
	status, err := in.form.Required("serverStatus")
	if err != nil {
		return said{}, err
	}
	for line := range strings.FieldsSeq(status) {
		_, rest, _ := strings.Cut(line, "#")
		address, _, _ := strings.Cut(rest, "#")
		if !h.deps.Roster.Listed(member.Address(address)) {
			return said{}, &wire.Invalid{Field: "serverStatus", Text: "server: " + address + " is not in serverlist"}
		}
	}
	return done, nil
}

// follower answers members that elect a leader for what this one does not keep:
// it follows whoever asks, and leads nobody.
func (h *Handler) follower(_ *http.Request, in request) (said, error) {
	candidate, term, err := wire.DecodeVote(in.form.Get("vote"))
	if err != nil { // a beat, or a mere question
		candidate, term = "", 0
	}
	return value(wire.RaftPeer(h.cfg.Self, candidate, term)), nil
}
