package nacoshttp

import (
	"context"
	"net/http"
	"strings"

	"github.com/distro-naming/naming-operator/sidecar/auth"
	"github.com/distro-naming/naming-operator/sidecar/wire"
)

// Gate says who may do what, and logs users in.
type Gate interface {
	// Judge returns a pass for a caller that may do what is needed, or why not.
	Judge(ctx context.Context, c auth.Caller, need auth.Need) (*auth.Pass, error)
	// Login makes a token for who shows a password, from an address.
	Login(ctx context.Context, ip, name, password string) (auth.Session, error)
}

// rule is what the calls of a group need: those that read, and the others.
type rule struct{ reads, writes auth.Right }

// rules are what the calls of each group need. Where it has none for a call, that
// call is refused to everybody.
var rules = map[string]rule{
	groupInstance:   {auth.Read, auth.Write},
	groupService:    {auth.Read, auth.Write},
	groupCatalog:    {reads: auth.Read},
	groupClient:     {reads: auth.Read},
	groupHealth:     {auth.Read, auth.Write},
	groupOperator:   {auth.Admin, auth.Admin},
	groupCore:       {auth.Login, auth.Admin},
	groupNamespace:  {auth.Login, auth.Admin},
	groupState:      {reads: auth.Open},
	groupLogin:      {writes: auth.Open},
	groupPrometheus: {reads: auth.Read},
	groupConfig:     {auth.Login, auth.Login},
	groupMembers:    {auth.Member, auth.Member},
}

// open are calls that anybody may make all the same, by the ends of their paths:
// clients ask whether the server is up, and where others are, before they log in.
// What they are told is the same for everybody.
var open = []string{
	"/operator/metrics", "/ops/metrics", "/ns/health/server", "/health/checkers", "/selector/types",
	"/core/cluster/health", "/node/self/health", "/serverlist",
}

// rightOf returns what an endpoint needs.
func rightOf(e endpoint) auth.Right {
	if e.method != http.MethodGet {
		return rules[e.group].writes
	}
	for _, end := range open {
		if strings.HasSuffix(e.path, end) {
			return auth.Open
		}
	}
	return rules[e.group].reads
}

// spaceOf returns the namespace that a call is about, as the operation reads it.
func spaceOf(e endpoint, form wire.Form) string {
	switch {
	case e.group == groupClient && !strings.Contains(e.path, "/service/"): // whose, nobody can say before
		return auth.Every
	case e.group == groupPrometheus || strings.HasSuffix(e.path, "/service/names"):
		if ns, given := form["namespaceId"]; given && strings.TrimSpace(ns) != "" {
			return strings.TrimSpace(ns)
		}
		return auth.Every
	case strings.Contains(e.path, "/instance/statuses"):
		return keyed(form.Get("key")).Namespace
	default:
		return form.Namespace()
	}
}

// stranger is who speaks as a member and is not known to be one. It is told before
// what it sends is read.
func (h *Handler) stranger(r *http.Request, to match) bool {
	return h.deps.Gate != nil && to.right == auth.Member && !h.admits(r)
}

// permit returns why who calls may not do so, or nil. A member that passes a call on
// has asked for its caller.
func (h *Handler) permit(r *http.Request, to match, form wire.Form) error {
	if h.deps.Gate == nil || to.right == auth.Member || to.right != auth.Open && h.cfg.Identity.Knows(r.Header.Get) {
		return nil
	}
	need := auth.Need{Right: to.right}
	if to.right == auth.Read || to.right == auth.Write {
		need.Namespace = spaceOf(to.endpoint, form)
	}
	_, err := h.deps.Gate.Judge(r.Context(), callerOf(r, form), need)
	return err
}

// callerOf returns what a call shows (HTTP page, 4.2): a token in a header or a
// parameter, or a name and a password as parameters or by HTTP's own basic scheme.
func callerOf(r *http.Request, form wire.Form) auth.Caller {
	c := auth.Caller{IP: remoteIP(r)}
	scheme, bearer, _ := strings.Cut(strings.TrimSpace(r.Header.Get("Authorization")), " ")
	if !strings.EqualFold(scheme, "Bearer") {
		bearer = ""
	}
	for _, token := range []string{strings.TrimSpace(bearer), r.Header.Get("accessToken"), form.Get("accessToken")} {
		switch {
		case token == "" || token == c.Token:
		case c.Token == "":
			c.Token = token
		default:
			c.Ambiguous = true
		}
	}
	var basic bool
	if c.Name, c.Password, basic = r.BasicAuth(); !basic {
		c.Name, c.Password = form.Get("username"), form["password"]
	}
	return c
}
