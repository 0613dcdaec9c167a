package nacoshttp

import (
	"net/http"
	"slices"
	"strings"

	"github.com/distro-naming/naming-operator/sidecar/member"
	"github.com/distro-naming/naming-operator/sidecar/wire"
)

// nodes gives the members whose addresses begin with a keyword and which are in a
// state, if those are given.
func (h *Handler) nodes(_ *http.Request, in request) (said, error) {
	begins, state := or(in.form.Get("keyword"), in.form.Get("address")), in.form.Get("state")
	list := slices.DeleteFunc(h.deps.Roster.Nodes(), func(n member.Node) bool {
		return !strings.HasPrefix(string(n.Address), begins) || state != "" && !strings.EqualFold(state, string(n.State))
	})
	return value(wire.Members(list)), nil
}

// simpleNodes gives the addresses of the members that are up.
func (h *Handler) simpleNodes(*http.Request, request) (said, error) {
	return value(wire.Addresses(up(h.deps.Roster.Nodes()))), nil
}

// self says who this member is.
func (h *Handler) self(*http.Request, request) (said, error) {
	return value(wire.Member(h.deps.Roster.Node())), nil
}

// serverList gives the members in the way of an address server, for clients that
// are given an endpoint.
func (h *Handler) serverList(*http.Request, request) (said, error) {
	return words(wire.ServerList(up(h.deps.Roster.Nodes()))), nil
}

// state says to consoles what this server is.
func (h *Handler) state(*http.Request, request) (said, error) {
	return value(wire.ServerState(h.cfg.Version, h.cfg.Self.Port(), h.deps.Gate != nil)), nil
}

// The default namespace is written in two ways: up to 2.x and since.
const (
	publicOf2x = ""
	publicOf3x = "public"
)

// namespaceList gives the namespaces in which there are services.
func (h *Handler) namespaceList(public string) call {
	return func(*http.Request, request) (said, error) {
		return value(wire.Namespaces(h.namespaces(), public)), nil
	}
}

// namespacesV1 is the same in v1, where the address has two other uses.
func (h *Handler) namespacesV1(r *http.Request, in request) (said, error) {
	switch {
	case in.form.Flag("checkNamespaceIdExist", false):
		return bare(exists(slices.Contains(h.namespaces(), in.form.Get("customNamespaceId")))), nil
	case in.form.Get("show") == "all":
		return bare(wire.Namespace(in.form.Namespace(), publicOf2x)), nil
	}
	return h.namespaceList(publicOf2x)(r, in)
}

func exists(yes bool) []byte {
	if yes {
		return []byte("true")
	}
	return []byte("false")
}

// namespace gives one namespace. Any name is one: whoever registers in it makes
// it.
func (h *Handler) namespace(public string) call {
	return func(_ *http.Request, in request) (said, error) {
		return value(wire.Namespace(in.form.Namespace(), public)), nil
	}
}

// namespaceKnown says whether there are services in a namespace.
func (h *Handler) namespaceKnown(_ *http.Request, in request) (said, error) {
	id := or(in.form.Get("namespaceId"), in.form.Get("customNamespaceId"))
	return value(exists(slices.Contains(h.namespaces(), id))), nil
}

// refuse answers that something is not done here, and what to do.
func refuse(why unserved) call {
	return func(*http.Request, request) (said, error) { return said{}, why }
}

// Why calls are refused.
var (
	configRefused    = unserved{wire.ConfigRefused}
	namespaceRefused = unserved{
		"namespaces are not made or changed here: a namespace exists while there are services in it",
	}
	membersRefused = unserved{"the member list is the operator's: change the NamingCluster, or the member list's file"}
	logRefused     = unserved{"levels of logs are set when a member starts: --log-level"}
)
