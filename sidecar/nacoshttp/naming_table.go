package nacoshttp

import (
	"net/http"

	"github.com/distro-naming/naming-operator/sidecar/wire"
)

// Notes of the reference page.
const (
	anew    = "what was set before is replaced; put over what the client registers"
	more    = "besides what was set before; put over what the client registers"
	selects = "a selector is kept and shown; without a CMDB it chooses all"
)

func (h *Handler) instanceV1() []endpoint {
	v1, path := at{groupInstance, first{}}, "/v1/ns/instance"
	return []endpoint{
		v1.does(post, path, h.owned(h.register)),
		v1.does(del, path, h.owned(h.deregister)),
		v1.does(put, path, h.anywhere(h.update)).noting(anew),
		v1.does(http.MethodPatch, path, h.anywhere(h.patch)).noting(more),
		v1.does(get, path, h.detail(wire.InstanceDetail)),
		v1.does(get, path+"/list", h.list("clusters")).noting("with `udpPort`: changes are pushed over UDP"),
		v1.does(put, path+"/beat", h.owned(h.beat)),
		v1.does(get, path+"/statuses", h.statuses),
		v1.does(put, path+"/metadata/batch", h.batch(putKeys)).noting(more),
		v1.does(del, path+"/metadata/batch", h.batch(dropKeys)).noting(more),
	}
}

func (h *Handler) instanceV2() []endpoint {
	v2, path := at{groupInstance, second{}}, "/v2/ns/instance"
	return []endpoint{
		v2.does(post, path, h.owned(h.register)),
		v2.does(del, path, h.owned(h.deregister)),
		v2.does(put, path, h.anywhere(h.update)).noting(anew),
		at{groupInstance, first{}}.does(http.MethodPatch, path, grouped(h.anywhere(h.patch))).noting(more),
		v2.does(get, path, h.detail(wire.InstanceDetailV2)),
		v2.does(get, path+"/list", h.list("clusterName")),
		v2.does(put, path+"/beat", grouped(h.owned(h.beat))),
		v2.does(get, path+"/statuses/{key}", h.statuses),
		v2.does(put, path+"/metadata/batch", h.batch(putKeys)).noting(more),
		v2.does(del, path+"/metadata/batch", h.batch(dropKeys)).noting(more),
	}
}

func (h *Handler) instanceV3() []endpoint {
	v3, client, admin := at{groupInstance, second{}}, "/v3/client/ns/instance", "/v3/admin/ns/instance"
	console := consolePath + "/ns/instance"
	return []endpoint{
		v3.does(post, client, h.owned(h.registerOrBeat)).noting("`heartBeat=true`: a beat"),
		v3.does(del, client, h.owned(h.deregister)),
		v3.does(get, client+"/list", h.clientList),
		v3.does(post, admin, h.owned(h.register)),
		v3.does(del, admin, h.owned(h.deregister)),
		v3.does(put, admin, h.anywhere(h.update)).noting(anew),
		v3.does(get, admin, h.detail(wire.InstanceDetailV2)),
		v3.does(get, admin+"/list", h.adminList),
		v3.does(put, admin+"/partial", h.anywhere(h.patch)).noting(more),
		v3.does(put, admin+"/metadata/batch", h.batch(putKeys)).noting(more),
		v3.does(del, admin+"/metadata/batch", h.batch(dropKeys)).noting(more),
		v3.does(get, console+"/list", h.consoleInstances),
		v3.does(put, console, h.anywhere(h.update)).noting(anew),
	}
}

func (h *Handler) serviceTable() []endpoint {
	v1, v2 := at{groupService, first{}}, at{groupService, second{}}
	selectors := at{groupService, rest{}}.does(get, "/v1/ns/service/selector/types", selectorTypes)
	return []endpoint{
		v1.does(post, "/v1/ns/service", h.createService).noting(selects),
		v1.does(put, "/v1/ns/service", h.updateServiceV1).noting(selects),
		v1.does(del, "/v1/ns/service", h.removeService),
		v1.does(get, "/v1/ns/service", h.serviceDetail(wire.ServiceDetail)),
		v1.does(get, "/v1/ns/service/list", h.services),
		v1.does(get, "/v1/ns/service/names", h.search),
		v1.does(get, "/v1/ns/service/subscribers", h.subscribers),
		selectors,
		v2.does(post, "/v2/ns/service", h.createService).noting(selects),
		v2.does(put, "/v2/ns/service", h.updateService).noting(selects),
		v2.does(del, "/v2/ns/service", h.removeService),
		v2.does(get, "/v2/ns/service", h.serviceDetail(wire.ServiceDetailV2)),
		v2.does(get, "/v2/ns/service/list", h.servicesV2),
	}
}

func selectorTypes(*http.Request, request) (said, error) { return value(wire.SelectorTypes()), nil }

func (h *Handler) serviceTableV3() (all []endpoint) {
	v3 := at{groupService, second{}}
	for _, path := range []string{"/v3/admin/ns/service", consolePath + "/ns/service"} {
		all = append(all,
			v3.does(post, path, h.createService).noting(selects),
			v3.does(put, path, h.updateService).noting(selects),
			v3.does(del, path, h.removeService),
			v3.does(get, path, h.serviceDetail(wire.ServiceDetailV3)),
			v3.does(get, path+"/list", h.serviceList),
			v3.does(get, path+"/subscribers", h.subscriberList),
			v3.does(get, path+"/selector/types", selectorTypes),
		)
	}
	return all
}

func (h *Handler) catalogTable() []endpoint {
	v1 := at{groupCatalog, first{}}
	return []endpoint{
		v1.does(get, "/v1/ns/catalog/services", h.catalogServices),
		v1.does(get, "/v1/ns/catalog/service", h.catalogService),
		v1.does(get, "/v1/ns/catalog/instances", h.catalogInstances),
		at{groupCatalog, second{}}.does(get, "/v2/ns/catalog/instances", h.catalogInstancesV2),
	}
}

func (h *Handler) clientTable() (all []endpoint) {
	v2 := at{groupClient, second{}}
	for _, path := range []string{"/v2/ns/client", "/v3/admin/ns/client"} {
		all = append(all,
			v2.does(get, path+"/list", h.clients),
			v2.does(get, path, h.clientDetail),
			v2.does(get, path+"/publish/list", h.published),
			v2.does(get, path+"/subscribe/list", h.subscribed).noting("of this member"),
			v2.does(get, path+"/service/publisher/list", h.publishers),
			v2.does(get, path+"/service/subscriber/list", h.watchers).noting("of this member"),
			v2.does(get, path+"/distro", h.clientOwner),
		)
	}
	return all
}

func (h *Handler) healthTable() (all []endpoint) {
	checkers := func(*http.Request, request) (said, error) { return value(wire.Checkers()), nil }
	v1, v2 := at{groupHealth, first{}}, at{groupHealth, second{}}
	const checked = "400 unless the cluster's checker is NONE"
	return []endpoint{
		v1.does(put, "/v1/ns/health", h.anywhere(h.setHealth)).noting(checked),
		v1.does(put, "/v1/ns/health/instance", h.anywhere(h.setHealth)).noting(checked),
		v1.does(get, "/v1/ns/health/server", h.hello),
		v1.does(get, "/v1/ns/health/checkers", checkers),
		v1.does(put, "/v1/ns/cluster", h.updateCluster),
		v2.does(put, "/v2/ns/health", h.anywhere(h.setHealth)).noting(checked),
		v2.does(put, "/v2/ns/health/instance", h.anywhere(h.setHealth)).noting(checked),
		v2.does(put, "/v3/admin/ns/health/instance", h.anywhere(h.setHealth)).noting(checked),
		v2.does(get, "/v3/admin/ns/health/checkers", checkers),
		v2.does(put, "/v3/admin/ns/cluster", h.updateCluster),
		v2.does(put, consolePath+"/ns/service/cluster", h.updateCluster),
	}
}

func (h *Handler) operatorTable() (all []endpoint) {
	const local = "of this member only, with `debug=true`"
	v1, v2 := at{groupOperator, first{}}, at{groupOperator, second{}}
	for _, path := range []string{"/v1/ns/operator", "/v1/ns/ops"} {
		all = append(all,
			v1.does(get, path+"/switches", h.switches),
			v1.does(put, path+"/switches", h.setSwitch).noting(local),
			v1.does(get, path+"/metrics", h.metrics),
			v1.does(get, path+"/push/state", h.pushState),
			v1.does(get, path+"/distro/server", h.serviceOwner),
			v1.does(get, path+"/distro/client", h.clientOwner),
			v1.does(get, path+"/distro/status", h.distroStatus),
			v1.does(get, path+"/servers", h.servers).noting("as 1.x; 2.5 no longer has it"),
			v1.refuses(put, path+"/log", logRefused),
		)
	}
	for _, path := range []string{"/v2/ns/operator", "/v2/ns/ops", "/v3/admin/ns/ops"} {
		all = append(all,
			v2.does(get, path+"/switches", h.switches),
			v2.does(put, path+"/switches", h.setSwitch).noting(local),
			v2.does(get, path+"/metrics", h.metrics),
		)
	}
	return append(all, v2.refuses(put, "/v3/admin/ns/ops/log", logRefused))
}
