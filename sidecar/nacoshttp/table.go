package nacoshttp

import "net/http"

// Groups of the reference page, in its order.
const (
	groupInstance   = "Instances"
	groupService    = "Services"
	groupCatalog    = "Catalog"
	groupClient     = "Clients"
	groupHealth     = "Health of instances, clusters"
	groupOperator   = "Operator"
	groupCore       = "Members"
	groupNamespace  = "Namespaces"
	groupState      = "Health of the server"
	groupLogin      = "Login"
	groupPrometheus = "Prometheus service discovery"
	groupConfig     = "Configuration"
	groupMembers    = "Between members"
)

// consolePath is where the console of 3.x is: on a port of its own there, without
// a context path, which is fine here as well.
const consolePath = "/v3/console"

// Methods, short.
const (
	get  = http.MethodGet
	post = http.MethodPost
	put  = http.MethodPut
	del  = http.MethodDelete
)

// at begins a list of endpoints of a group and a dialect.
type at struct {
	group string
	in    dialect
}

func (a at) does(method, path string, do call) endpoint {
	return endpoint{group: a.group, method: method, path: path, in: a.in, do: do}
}

// refuses makes an endpoint that always says why not.
func (a at) refuses(method, path string, why unserved) endpoint {
	e := a.does(method, path, refuse(why))
	e.refused, e.note = true, why.text
	return e
}

// noting adds what the reference page says of an endpoint.
func (e endpoint) noting(note string) endpoint {
	e.note = note
	return e
}

// table is every endpoint.
func (h *Handler) table() []endpoint {
	var all []endpoint
	for _, part := range [][]endpoint{
		h.instanceV1(), h.instanceV2(), h.instanceV3(), h.serviceTable(), h.serviceTableV3(), h.catalogTable(), h.clientTable(),
		h.healthTable(), h.operatorTable(), h.coreTable(), h.namespaceTable(), h.stateTable(), h.otherTable(), h.configTable(),
		h.ofMembers(),
	} {
		all = append(all, part...)
	}
	for i := range all {
		all[i].right = rightOf(all[i])
	}
	return all
}
