package nacoshttp

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/distro-naming/naming-operator/sidecar/member"
	"github.com/distro-naming/naming-operator/sidecar/naming"
	"github.com/distro-naming/naming-operator/sidecar/wire"
)

// memberRoutes are what members of Nacos 1.x ask of each other (HTTP page, 1.6
// and 6), and those of 2.0 and 2.1 while they can still become such.
func (h *Handler) memberRoutes() map[string]map[string]call {
	v1 := contextPath + "/v1"
	return map[string]map[string]call{
		wire.DatumPath:    {http.MethodPut: h.known(h.takeDatums), http.MethodGet: h.datum},
		wire.DatumsPath:   {http.MethodGet: h.datums},
		wire.ChecksumPath: {http.MethodPut: h.known(h.checksum)},
		wire.StatusPath:   {http.MethodPost: h.serviceStatus},
		wire.StatusesPath: {http.MethodGet: h.statuses},
		wire.SelfPath:     {http.MethodGet: h.self},

		v1 + "/ns/operator/server/status": {http.MethodGet: h.serverStatus},
		v1 + "/ns/operator/cluster/state": {http.MethodGet: h.follower},
		v1 + "/ns/raft/vote":              {http.MethodPost: h.follower},
		v1 + "/ns/raft/beat":              {http.MethodPost: h.follower},
	}
}

// known answers only those who know the identity of the cluster, if it has one.
// Java asks for lists without it.
func (h *Handler) known(answer call) call {
	return func(w http.ResponseWriter, r *http.Request, in request) error {
		if i := h.cfg.Identity; i.Key != "" && !i.Is(r.Header.Get(i.Key)) {
			page(w, r, http.StatusForbidden, "unknown member: the server identity is missing or wrong")
			return nil
		}
		return answer(w, r, in)
	}
}

// ofMembers reports whether only members ask for a path, and may whatever the
// state of this one. Their bodies are no forms.
func ofMembers(path string) bool {
	return strings.HasPrefix(path, namingPath+"distro/") || strings.HasPrefix(path, namingPath+"raft/beat") ||
		strings.HasPrefix(path, wire.StatusPath)
}

// unzipped returns what a body says. Java declares gzip for all and uses it for
// some: only the bytes tell (HTTP page, 0.7).
func unzipped(body []byte, limit int64) ([]byte, error) {
	if !bytes.HasPrefix(body, []byte{0x1f, 0x8b}) {
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
		return nil, &http.MaxBytesError{Limit: limit}
	}
	return out, nil
}

// takeDatums takes the lists of whole services. A body without any is a success:
// Java would send it again for ever (HTTP page, 6.5).
func (h *Handler) takeDatums(w http.ResponseWriter, r *http.Request, in request) error {
	if len(bytes.TrimSpace(in.body)) == 0 {
		text(w, http.StatusBadRequest, "receive empty entity!")
		return nil
	}
	if err := h.deps.Datums.Datums(r.Context(), remoteIP(r), in.body); err != nil {
		return err
	}
	ok(w)
	return nil
}

// checksum compares what another member owns with what is known of it here.
func (h *Handler) checksum(w http.ResponseWriter, r *http.Request, in request) error {
	source, err := in.form.Required("source")
	if err != nil {
		return err
	}
	sums, err := wire.DecodeChecksums(in.body)
	if err != nil {
		return err
	}
	if err := h.deps.Datums.Checksums(r.Context(), member.Address(source), sums); err != nil {
		return err
	}
	ok(w)
	return nil
}

// datum gives the services that are asked for, by a body although it is a GET.
func (h *Handler) datum(w http.ResponseWriter, _ *http.Request, in request) error {
	services, err := wire.DecodeDatumQuery(in.body, in.form)
	if err != nil {
		return err
	}
	return h.give(w, services)
}

// datums gives all services. Nacos 2.0 and 2.1 ask for them at start besides the
// snapshot over gRPC; as long as nobody answers they count as not loaded.
func (h *Handler) datums(w http.ResponseWriter, _ *http.Request, _ request) error {
	return h.give(w, h.deps.Catalog.AllServices())
}

func (h *Handler) give(w http.ResponseWriter, services []naming.ServiceKey) error {
	if !h.deps.Catalog.Loaded() {
		return naming.ErrLoading
	}
	var out []wire.Datum
	for _, s := range services {
		if hosts := h.deps.Catalog.View(s).Hosts; len(hosts) > 0 {
			out = append(out, wire.NewDatum(s, hosts))
		}
	}
	write(w, http.StatusOK, "application/octet-stream", wire.Datums(out))
	return nil
}

// serviceStatus hears the checksums, with health, of the services of another
// member. They say nothing that its other checksums do not: health is in both.
func (h *Handler) serviceStatus(w http.ResponseWriter, _ *http.Request, in request) error {
	from, sent := wire.DecodeServiceStatus(in.body)
	switch {
	case !sent:
		text(w, http.StatusOK, "fail")
	case !h.deps.Roster.Listed(from):
		text(w, http.StatusBadRequest, "ip: "+string(from)+" is not in serverlist")
	default:
		ok(w)
	}
	return nil
}

// statuses gives the health of the instances of a service.
func (h *Handler) statuses(w http.ResponseWriter, _ *http.Request, in request) error {
	key, err := in.form.Required("key")
	if err != nil {
		return err
	}
	namespace, grouped, both := strings.Cut(key, "##")
	if !both {
		namespace, grouped = naming.DefaultNamespace, key
	}
	group, name := naming.SplitGrouped(grouped)
	hosts := h.deps.Catalog.View(naming.ServiceKey{Namespace: namespace, Group: group, Name: name}).Hosts
	if len(hosts) == 0 {
		return notFound("service: " + grouped + " not found.")
	}
	object(w, wire.Statuses(hosts))
	return nil
}

// self says who this member is.
func (h *Handler) self(w http.ResponseWriter, _ *http.Request, _ request) error {
	object(w, wire.SelfResult(h.deps.Roster.Node()))
	return nil
}

// serverStatus hears of members in the way of Nacos before 1.3: lines of
// site#address#time#weight (HTTP page, 6.11).
func (h *Handler) serverStatus(w http.ResponseWriter, _ *http.Request, in request) error {
	status, err := in.form.Required("serverStatus")
	if err != nil {
		return err
	}
	for line := range strings.FieldsSeq(status) {
		_, rest, _ := strings.Cut(line, "#")
		address, _, _ := strings.Cut(rest, "#")
		if !h.deps.Roster.Listed(member.Address(address)) {
			return &wire.Invalid{Field: "serverStatus", Text: "server: " + address + " is not in serverlist"}
		}
	}
	ok(w)
	return nil
}

// follower answers members that elect a leader for what this one does not keep:
// it follows whoever asks, and leads nobody.
func (h *Handler) follower(w http.ResponseWriter, _ *http.Request, in request) error {
	candidate, term, err := wire.DecodeVote(in.form.Get("vote"))
	if err != nil { // a beat, or a mere question
		candidate, term = "", 0
	}
	object(w, wire.RaftPeer(h.cfg.Self, candidate, term))
	return nil
}
