package nacoshttp

import (
	"net/http"
	"slices"
	"strings"

	"github.com/distro-naming/naming-operator/sidecar/naming"
	"github.com/distro-naming/naming-operator/sidecar/wire"
)

// list gives the instances of a service, of the clusters that a parameter names,
// and remembers who wants to be told of changes over UDP.
func (h *Handler) list(parameter string) call {
	return func(r *http.Request, in request) (said, error) { return h.listed(r, in, in.form.Get(parameter)) }
}

func (h *Handler) listed(r *http.Request, in request, clusters string) (said, error) {
	s, err := in.form.Service()
	if err == nil {
		err = wire.CheckClusterList(clusters)
	}
	if err != nil {
		return said{}, err
	}
	h.subscribe(r, in.form, s, clusters)
	filter := naming.Filter{Clusters: clusters, HealthyOnly: strings.EqualFold(in.form.Get("healthyOnly"), "true")}
	return value(wire.GroupedServiceInfo(h.deps.Catalog.View(s), filter)), nil
}

// clientList gives the instances of a cluster as v3 does: without one, of DEFAULT.
func (h *Handler) clientList(_ *http.Request, in request) (said, error) {
	s, err := in.form.Service()
	if err != nil {
		return said{}, err
	}
	filter := naming.Filter{
		Clusters:    or(in.form.Get("clusterName"), naming.DefaultCluster),
		HealthyOnly: in.form.Flag("healthyOnly", false),
	}
	return value(wire.Instances(s, h.deps.Catalog.View(s).Select(filter))), nil
}

func or(text, otherwise string) string {
	if text == "" {
		return otherwise
	}
	return text
}

// adminList gives the instances of a service, also those that are disabled.
func (h *Handler) adminList(_ *http.Request, in request) (said, error) {
	s, hosts, err := h.hosts(in)
	return value(wire.Instances(s, hosts)), err
}

// hosts returns the instances of a service that the parameters choose.
func (h *Handler) hosts(in request) (naming.ServiceKey, []naming.Instance, error) {
	s, err := in.form.Service()
	if err != nil {
		return s, nil, err
	}
	cluster, healthy := in.form.Get("clusterName"), in.form.Flag("healthyOnly", false)
	enabled := in.form.Flag("enabledOnly", false)
	hosts := slices.DeleteFunc(slices.Clone(h.deps.Catalog.View(s).Hosts), func(i naming.Instance) bool {
		return cluster != "" && i.Cluster != cluster || healthy && !i.Healthy || enabled && !i.Enabled
	})
	return s, hosts, nil
}

// detail gives one instance. Its cluster is read from clusterName alone.
func (h *Handler) detail(show func(naming.Instance, naming.ServiceKey) []byte) call {
	return func(_ *http.Request, in request) (said, error) {
		delete(in.form, "cluster")
		s, e, err := named(in)
		if err != nil {
			return said{}, err
		}
		v := h.deps.Catalog.View(s)
		if len(v.Hosts) == 0 {
			return said{}, notFound("no ips found for cluster " + e.Cluster + " in service " + s.Grouped())
		}
		i, found := find(v, e)
		if !found {
			return said{}, notFound("no matched ip found!")
		}
		return value(show(i, s)), nil
	}
}

// statuses gives the health of the instances of a service.
func (h *Handler) statuses(_ *http.Request, in request) (said, error) {
	key, err := in.form.Required("key")
	if err != nil {
		return said{}, err
	}
	namespace, grouped, both := strings.Cut(key, "##")
	if !both {
		namespace, grouped = naming.DefaultNamespace, key
	}
	group, name := naming.SplitGrouped(grouped)
	hosts := h.deps.Catalog.View(naming.ServiceKey{Namespace: namespace, Group: group, Name: name}).Hosts
	if len(hosts) == 0 {
		return said{}, notFound("service: " + grouped + " not found.")
	}
	return bare(wire.Statuses(hosts)), nil
}

// targets gives instances to Prometheus, of all namespaces or those that the path
// names.
func (h *Handler) targets(_ *http.Request, in request) (said, error) {
	var out []naming.Instance
	for _, s := range h.deps.Catalog.AllServices() {
		if ns, given := in.form["namespaceId"]; given && ns != s.Namespace {
			continue
		}
		if name, given := in.form["service"]; given && name != s.Name {
			continue
		}
		out = append(out, h.deps.Catalog.View(s).Select(naming.Filter{})...)
	}
	return formed(reply{status: http.StatusOK, kind: relayedType, body: wire.PrometheusTargets(out)}), nil
}
