package nacoshttp

import (
	"net/http"
	"strconv"
	"strings"

	"github.com/distro-naming/naming-operator/sidecar/naming"
	"github.com/distro-naming/naming-operator/sidecar/wire"
)

// list gives the instances of a service.
func (h *Handler) list(w http.ResponseWriter, _ *http.Request, in request) error {
	s, err := in.form.Service()
	if err != nil {
		return err
	}
	filter := naming.Filter{
		Clusters:    in.form.Get("clusters"),
		HealthyOnly: strings.EqualFold(in.form.Get("healthyOnly"), "true"),
	}
	object(w, wire.GroupedServiceInfo(h.deps.Catalog.View(s), filter))
	return nil
}

// detail gives one instance. Its cluster is read from clusterName alone.
func (h *Handler) detail(w http.ResponseWriter, _ *http.Request, in request) error {
	s, err := in.form.Service()
	if err != nil {
		return err
	}
	delete(in.form, "cluster")
	e, err := in.form.Endpoint()
	if err != nil {
		return err
	}
	v := h.deps.Catalog.View(s)
	if len(v.Hosts) == 0 {
		return notFound("no ips found for cluster " + e.Cluster + " in service " + s.Grouped())
	}
	i, found := find(v, e)
	if !found {
		return notFound("no matched ip found!")
	}
	object(w, wire.InstanceDetail(i, s))
	return nil
}

// services gives one page of service names.
func (h *Handler) services(w http.ResponseWriter, _ *http.Request, in request) error {
	var page [2]int
	for i, name := range []string{"pageNo", "pageSize"} {
		value, err := in.form.Required(name)
		if err != nil {
			return err
		}
		page[i], _ = strconv.Atoi(value) // garbage is 0, as in Nacos: an empty page
	}
	group := in.form.Get("groupName")
	if group == "" {
		group = naming.DefaultGroup
	}
	namespace := in.form.Get("namespaceId")
	if namespace == "" {
		namespace = naming.DefaultNamespace
	}
	names := h.deps.Catalog.Services(namespace, group)
	listing := wire.Listing{PageNo: page[0], PageSize: page[1]}
	object(w, wire.ServiceNames(len(names), listing.Page(names)))
	return nil
}

// metrics says that the server is up, which is what clients look for.
func (h *Handler) metrics(w http.ResponseWriter, _ *http.Request, _ request) error {
	object(w, []byte(`{"status":"UP"}`))
	return nil
}
