package nacoshttp

import (
	"net/http"
	"strings"

	"github.com/distro-naming/naming-operator/sidecar/naming"
	"github.com/distro-naming/naming-operator/sidecar/wire"
)

// matching returns the services of a namespace whose names contain what the
// parameters say.
func (h *Handler) matching(form wire.Form, ignoreEmpty bool) (out []wire.Service) {
	for _, key := range h.keys(form.Namespace()) {
		if !wire.Matches(key, form.Get("groupNameParam"), form.Get("serviceNameParam")) {
			continue
		}
		is, _ := h.service(key)
		if ignoreEmpty && len(is.Hosts) == 0 || !lists(is.Hosts, form.Get("instance")) {
			continue
		}
		out = append(out, is)
	}
	return out
}

// lists reports whether there is an instance with this ip, or ip:port.
func lists(hosts []naming.Instance, address string) bool {
	for _, i := range hosts {
		if address == i.IP || strings.HasPrefix(string(naming.BeatClient(i.IP, i.Port)), address+"#") {
			return true
		}
	}
	return address == ""
}

// catalogServices gives a page of services, for the console of 1.x and 2.x.
func (h *Handler) catalogServices(_ *http.Request, in request) (said, error) {
	all := h.matching(in.form, in.form.Flag("hasIpCount", false))
	page := wire.Of(in.form.Page(1, 0), all)
	if in.form.Flag("withInstances", false) {
		return value(wire.CatalogDetails(page)), nil
	}
	return value(wire.CatalogServices(len(all), page)), nil
}

// catalogService gives one service, for the same console.
func (h *Handler) catalogService(_ *http.Request, in request) (said, error) {
	is, err := h.shown(in)
	return value(wire.CatalogService(is)), err
}

// shown returns the service that a console asks for.
func (h *Handler) shown(in request) (wire.Service, error) {
	s, err := in.form.Service()
	if err != nil {
		return wire.Service{}, err
	}
	is, exists := h.service(s)
	if !exists {
		return is, notFound("service " + s.Grouped() + " is not found!")
	}
	return is, nil
}

// catalogInstances gives a page of the instances of a cluster.
func (h *Handler) catalogInstances(_ *http.Request, in request) (said, error) {
	for _, name := range []string{"clusterName", "pageNo", "pageSize"} {
		if _, err := in.form.Required(name); err != nil {
			return said{}, err
		}
	}
	if _, err := h.shown(in); err != nil {
		return said{}, err
	}
	s, hosts, err := h.hosts(in)
	if err == nil && len(hosts) == 0 {
		return said{}, notFound("cluster " + in.form.Get("clusterName") + " is not found!")
	}
	return value(wire.CatalogInstances(s, len(hosts), wire.Of(in.form.Page(1, 10), hosts))), err
}

// catalogInstancesV2 is the same of all clusters.
func (h *Handler) catalogInstancesV2(_ *http.Request, in request) (said, error) {
	s, hosts, err := h.hosts(in)
	return value(wire.CatalogInstancesV2(s, len(hosts), wire.Of(in.form.Page(1, 10), hosts))), err
}

// consoleInstances gives a page of instances as v3 has pages.
func (h *Handler) consoleInstances(_ *http.Request, in request) (said, error) {
	s, hosts, err := h.hosts(in)
	page := in.form.Page(1, 100)
	return value(wire.Page3(len(hosts), page.Number, page.Size, wire.Instances(s, wire.Of(page, hosts)))), err
}

// serviceList gives a page of services as v3 has them.
func (h *Handler) serviceList(_ *http.Request, in request) (said, error) {
	all := h.matching(in.form, in.form.Flag("ignoreEmptyService", false))
	page := in.form.Page(1, 100)
	show := wire.ServiceViews
	if in.form.Flag("withInstances", false) {
		show = wire.ServiceDetails
	}
	return value(wire.Page3(len(all), page.Number, page.Size, show(wire.Of(page, all)))), nil
}
