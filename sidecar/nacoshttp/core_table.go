package nacoshttp

// What a health address says when all is well.
const (
	plainYes  = "OK"
	codedYes  = "ok"
	stateText = "UP"
)

func (h *Handler) coreTable() []endpoint {
	v1, v2, core := at{groupCore, rest{}}, at{groupCore, second{}}, at{groupCore, first{}}
	const v1Path, v2Path, v3Path = "/v1/core/cluster", "/v2/core/cluster", "/v3/admin/core/cluster"
	return []endpoint{
		v1.does(get, v1Path+"/self", h.self),
		v1.does(get, v1Path+"/nodes", h.nodes),
		v1.does(get, v1Path+"/simple/nodes", h.simpleNodes),
		v1.does(get, v1Path+"/health", h.ready(stateText)),
		v1.refuses(post, v1Path+"/switch/lookup", membersRefused),
		v1.refuses(post, v1Path+"/server/leave", membersRefused),
		v2.does(get, v2Path+"/node/self", h.self),
		v2.does(get, v2Path+"/node/list", h.nodes),
		v2.does(get, v2Path+"/node/self/health", h.ready(stateText)),
		v2.refuses(put, v2Path+"/node/list", membersRefused),
		v2.refuses(put, v2Path+"/lookup", membersRefused),
		v2.refuses(del, v2Path+"/nodes", membersRefused),
		v2.does(get, v3Path+"/node/self", h.self),
		v2.does(get, v3Path+"/node/list", h.nodes),
		v2.does(get, v3Path+"/node/self/health", h.ready(stateText)),
		v2.refuses(put, v3Path+"/node/list", membersRefused),
		v2.refuses(put, v3Path+"/lookup", membersRefused),
		v2.does(get, consolePath+"/core/cluster/nodes", h.nodes),
		core.does(get, "/serverlist", h.serverList).noting("as an address server answers clients with an endpoint"),
	}
}

func (h *Handler) namespaceTable() []endpoint {
	v1, v2 := at{groupNamespace, rest{}}, at{groupNamespace, second{}}
	const path1, path2 = "/v1/console/namespaces", "/v2/console/namespace"
	const path3, path4 = "/v3/admin/core/namespace", consolePath + "/core/namespace"
	all := []endpoint{
		v1.does(get, path1, h.namespacesV1),
		v2.does(get, path2, h.namespace(publicOf2x)),
		v2.does(get, path2+"/list", h.namespaceList(publicOf2x)),
		v2.does(get, path3, h.namespace(publicOf3x)),
		v2.does(get, path3+"/list", h.namespaceList(publicOf3x)),
		v2.does(get, path3+"/check", h.namespaceKnown),
		v2.does(get, path4, h.namespace(publicOf3x)),
		v2.does(get, path4+"/list", h.namespaceList(publicOf3x)),
		v2.does(get, path4+"/exist", h.namespaceKnown),
	}
	for _, method := range []string{post, put, del} {
		all = append(all, v1.refuses(method, path1, namespaceRefused))
		for _, path := range []string{path2, path3, path4} {
			all = append(all, v2.refuses(method, path, namespaceRefused))
		}
	}
	return all
}

func (h *Handler) stateTable() []endpoint {
	v1, v2 := at{groupState, first{}}, at{groupState, second{}}
	return []endpoint{
		v1.does(get, "/v1/console/health/liveness", alive(plainYes)),
		v1.does(get, "/v1/console/health/readiness", h.ready(plainYes)),
		v2.does(get, "/v2/console/health/liveness", alive(codedYes)),
		v2.does(get, "/v2/console/health/readiness", h.ready(codedYes)),
		v2.does(get, "/v3/admin/core/state/liveness", alive(codedYes)),
		v2.does(get, "/v3/admin/core/state/readiness", h.ready(codedYes)),
		v2.does(get, consolePath+"/health/liveness", alive(codedYes)),
		v2.does(get, consolePath+"/health/readiness", h.ready(codedYes)),
		v1.does(get, "/v1/console/server/state", h.state),
		v2.does(get, "/v3/admin/core/state", h.state),
		v1.does(get, consolePath+"/server/state", h.state),
		v1.does(get, "/actuator/health", h.actuator),
	}
}

func (h *Handler) otherTable() []endpoint {
	login, targets := at{groupLogin, first{}}, at{groupPrometheus, first{}}
	const path = "/prometheus"
	return []endpoint{
		login.does(post, "/v1/auth/login", h.login),
		login.does(post, "/v1/auth/users/login", h.login),
		login.does(post, "/v3/auth/user/login", h.login),
		targets.does(get, path, h.targets),
		targets.does(get, path+"/namespaceId/{namespaceId}", h.targets),
		targets.does(get, path+"/namespaceId/{namespaceId}/service/{service}", h.targets),
	}
}

func (h *Handler) configTable() []endpoint {
	v1, v2 := at{groupConfig, first{}}, at{groupConfig, second{}}
	const none = "as by a server that holds none"
	listen := v1.does(post, "/v1/cs/configs/listener", h.listen).noting("waits as long as the caller asks, and tells of no change")
	listen.waits = true
	return []endpoint{
		v1.does(get, "/v1/cs/configs", configs).noting(none),
		v1.refuses(post, "/v1/cs/configs", configRefused),
		v1.does(del, "/v1/cs/configs", gone).noting(none),
		listen,
		v2.does(get, "/v2/cs/config", noConfigV2).noting(none),
		v2.refuses(post, "/v2/cs/config", configRefused),
		v2.does(del, "/v2/cs/config", gone).noting(none),
		v2.does(get, "/v3/client/cs/config", noConfigV2).noting(none),
		v2.does(get, "/v3/admin/cs/config", noConfigV2).noting(none),
		v2.refuses(post, "/v3/admin/cs/config", configRefused),
		v2.does(del, "/v3/admin/cs/config", gone).noting(none),
	}
}
