package nacoshttp

import (
	"maps"
	"net/http"
	"slices"

	"github.com/distro-naming/naming-operator/sidecar/naming"
	"github.com/distro-naming/naming-operator/sidecar/wire"
)

// service returns what is known of a service, and whether anything is: that
// instances are registered in it, or that it has settings.
func (h *Handler) service(s naming.ServiceKey) (wire.Service, bool) {
	settings, described := h.deps.Settings.Settings(s)
	hosts := h.deps.Catalog.View(s).Hosts
	return wire.Service{Key: s, Settings: settings, Hosts: hosts}, described || len(hosts) > 0
}

// createService describes a service before anybody registers in it.
func (h *Handler) createService(r *http.Request, in request) (said, error) {
	s, settings, err := settled(in)
	if err != nil {
		return said{}, err
	}
	h.describing.Lock()
	defer h.describing.Unlock()
	if _, exists := h.service(s); exists {
		return said{}, &wire.Invalid{Text: "specified service " + s.Grouped() + " already exists!", Code: wire.ServiceExists}
	}
	return done, h.deps.Settings.SetService(r.Context(), s, settings)
}

func settled(in request) (naming.ServiceKey, naming.Settings, error) {
	s, err := in.form.Service()
	if err != nil {
		return s, naming.Settings{}, err
	}
	settings, err := in.form.Settings()
	return s, settings, err
}

// updateService replaces the settings of a service, but for its clusters.
func (h *Handler) updateService(r *http.Request, in request) (said, error) {
	s, settings, err := settled(in)
	if err != nil {
		return said{}, err
	}
	h.describing.Lock()
	defer h.describing.Unlock()
	was, exists := h.service(s)
	if !exists {
		return said{}, noService(s)
	}
	settings.Clusters, settings.Ephemeral = was.Settings.Clusters, was.Settings.Ephemeral
	return done, h.deps.Settings.SetService(r.Context(), s, settings)
}

// updateServiceV1 is the same where the threshold must be given.
func (h *Handler) updateServiceV1(r *http.Request, in request) (said, error) {
	if _, err := in.form.Required("protectThreshold"); err != nil {
		return said{}, err
	}
	return h.updateService(r, in)
}

func noService(s naming.ServiceKey) error {
	return &wire.Invalid{Text: "service " + s.Grouped() + " not found!", Code: wire.ServiceNotExist}
}

// removeService forgets a service in which nobody is registered.
func (h *Handler) removeService(r *http.Request, in request) (said, error) {
	s, err := in.form.Service()
	if err != nil {
		return said{}, err
	}
	is, exists := h.service(s)
	switch {
	case !exists:
		return said{}, noService(s)
	case len(is.Hosts) > 0:
		return said{}, &wire.Invalid{
			Text: "Service " + s.Grouped() + " is not empty, can't be delete. Please unregister instance first",
			Code: wire.ServiceNotEmpty,
		}
	}
	return done, h.deps.Settings.RemoveService(r.Context(), s)
}

// serviceDetail gives what is known of a service.
func (h *Handler) serviceDetail(show func(wire.Service) []byte) call {
	return func(_ *http.Request, in request) (said, error) {
		s, err := in.form.Service()
		if err != nil {
			return said{}, err
		}
		is, exists := h.service(s)
		if !exists {
			return said{}, &wire.Invalid{
				Text: "service not found, namespace: " + s.Namespace + ", serviceName: " + s.Grouped(), Code: wire.ServiceNotExist,
			}
		}
		return value(show(is)), nil
	}
}

// services gives one page of service names.
func (h *Handler) services(_ *http.Request, in request) (said, error) {
	for _, name := range []string{"pageNo", "pageSize"} {
		if _, err := in.form.Required(name); err != nil {
			return said{}, err
		}
	}
	names := h.names(in.form)
	return value(wire.ServiceNames(len(names), wire.Of(in.form.Page(0, 0), names))), nil
}

// servicesV2 is the same where pages have a default.
func (h *Handler) servicesV2(_ *http.Request, in request) (said, error) {
	names := h.names(in.form)
	page := in.form.Page(1, 20)
	page.Size = min(page.Size, 500)
	return value(wire.ServiceNamesV2(len(names), wire.Of(page, names))), nil
}

// names returns the names of the services of a group, or with "*" of all groups
// and then with the group.
func (h *Handler) names(form wire.Form) []string {
	group, out := form.Group(), []string{}
	for _, s := range h.keys(form.Namespace()) {
		switch group {
		case "*":
			out = append(out, s.Grouped())
		case s.Group:
			out = append(out, s.Name)
		}
	}
	return out
}

// keys returns the services of a namespace, in order: those that have instances
// and those that have settings.
func (h *Handler) keys(namespace string) []naming.ServiceKey {
	return slices.DeleteFunc(h.allKeys(), func(s naming.ServiceKey) bool { return s.Namespace != namespace })
}

// allKeys returns the services of all namespaces.
func (h *Handler) allKeys() []naming.ServiceKey {
	out := append(h.deps.Settings.Described(), h.deps.Catalog.AllServices()...)
	slices.SortFunc(out, naming.ServiceKey.Compare)
	return slices.Compact(out)
}

// namespaces returns those in which there are services, and the default one.
func (h *Handler) namespaces() []string {
	all := map[string]struct{}{naming.DefaultNamespace: {}}
	for _, s := range h.allKeys() {
		all[s.Namespace] = struct{}{}
	}
	out := slices.Sorted(maps.Keys(all))
	i := slices.Index(out, naming.DefaultNamespace)
	return slices.Insert(slices.Delete(out, i, i+1), 0, naming.DefaultNamespace)
}

// search gives the names of services that contain an expression.
func (h *Handler) search(_ *http.Request, in request) (said, error) {
	spaces := h.namespaces()
	if ns := in.form.Get("namespaceId"); ns != "" {
		spaces = []string{ns}
	}
	found := map[string][]string{}
	for _, ns := range spaces {
		found[ns] = []string{}
		for _, s := range h.keys(ns) {
			if wire.Matches(s, "", in.form.Get("expr")) {
				found[ns] = append(found[ns], s.Name)
			}
		}
	}
	return value(wire.NamesByNamespace(found)), nil
}
