package nacoshttp

import (
	"maps"
	"net/http"

	"github.com/distro-naming/naming-operator/sidecar/naming"
	"github.com/distro-naming/naming-operator/sidecar/wire"
)

// updateCluster says how a cluster of a service is checked.
func (h *Handler) updateCluster(r *http.Request, in request) (said, error) {
	s, err := in.form.Service()
	if err != nil {
		return said{}, err
	}
	name, c, err := in.form.Cluster()
	if err != nil {
		return said{}, err
	}
	h.describing.Lock()
	defer h.describing.Unlock()
	is, exists := h.service(s)
	if !exists {
		return said{}, &wire.Invalid{Text: "service not found:" + s.Grouped(), Code: wire.ServiceNotExist}
	}
	clusters := maps.Clone(is.Settings.Clusters)
	if clusters == nil {
		clusters = map[string]naming.ClusterSettings{}
	}
	clusters[name] = c
	is.Settings.Clusters = clusters
	return done, h.deps.Settings.SetService(r.Context(), s, is.Settings)
}

// setHealth says from outside whether an instance is healthy, in a cluster that
// nobody checks.
func (h *Handler) setHealth(r *http.Request, in request) (said, error) {
	if in.form.Get("healthy") == "" {
		in.form["healthy"] = in.form.Get("valid")
	}
	if _, err := in.form.Required("healthy"); err != nil {
		return said{}, err
	}
	s, e, err := named(in)
	if err != nil {
		return said{}, err
	}
	is, exists := h.service(s)
	if !exists {
		return said{}, &wire.Invalid{
			Text: "service not found, namespace: " + s.Namespace + ", service: " + s.Grouped(), Code: wire.ServiceNotExist,
		}
	}
	if wire.TypeOfChecker(is.Settings.Clusters[e.Cluster].HealthChecker) != naming.HealthCheckNone {
		return said{}, &wire.Invalid{
			Text: "health check is still working, service: " + s.Grouped(), Code: wire.HealthCheckRunning,
		}
	}
	healthy := in.form.Flag("healthy", true)
	return done, h.amend(r.Context(), s, e, naming.Override{Healthy: &healthy}, false)
}
