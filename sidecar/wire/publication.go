package wire

import (
	"fmt"
	"strconv"

	"github.com/distro-naming/naming-operator/sidecar/naming"
)

// publications joins the parallel arrays of a record. Batches come first, so
// that a service in both is taken from the plain ones, as Java applies them.
func (in recordJSON) publications() ([]naming.Publication, error) {
	batches, err := in.Batch.services(len(in.Batch.Instances))
	if err != nil {
		return nil, fmt.Errorf("batchInstanceData: %w", err)
	}
	services, err := in.services(len(in.Instances))
	if err != nil {
		return nil, err
	}
	out := make([]naming.Publication, 0, len(batches)+len(services))
	for i, s := range batches {
		p := naming.Publication{Service: s, Batch: true}
		for _, one := range in.Batch.Instances[i].Instances {
			instance, err := one.instance()
			if err != nil {
				return nil, fmt.Errorf("service %s: %w", s, err)
			}
			p.Instances = append(p.Instances, instance)
		}
		out = append(out, p)
	}
	for i, s := range services {
		instance, err := in.Instances[i].instance()
		if err != nil {
			return nil, fmt.Errorf("service %s: %w", s, err)
		}
		out = append(out, naming.Publication{Service: s, Instances: []naming.Instance{instance}})
	}
	return out, nil
}

func (in servicesJSON) services(count int) ([]naming.ServiceKey, error) {
	if len(in.Namespaces) != count || len(in.Groups) != count || len(in.Names) != count {
		return nil, fmt.Errorf("%d instances, but %d namespaces, %d groups and %d names",
			count, len(in.Namespaces), len(in.Groups), len(in.Names))
	}
	out := make([]naming.ServiceKey, count)
	for i := range out {
		out[i] = naming.ServiceKey{Namespace: in.Namespaces[i], Group: in.Groups[i], Name: in.Names[i]}
	}
	return out, nil
}

// instance lifts what is no metadata back out of extendDatum. A missing cluster
// is the default one: Java keeps it nameless, and shows it so.
func (p publishJSON) instance() (naming.Instance, error) {
	out := naming.Instance{IP: p.IP, Port: p.Port, Cluster: p.Cluster, Weight: 1, Healthy: p.Healthy, Enabled: true}
	if out.Cluster == "" {
		out.Cluster = naming.DefaultCluster
	}
	for k, text := range p.Extend {
		var err error
		switch k {
		case naming.CarriedID:
			out.ID = text
		case naming.CarriedWeight:
			if out.Weight, err = strconv.ParseFloat(text, 64); err != nil || !finite(out.Weight) {
				return out, fmt.Errorf("%s %q is not a number", k, text)
			}
		case naming.CarriedEnabled:
			if out.Enabled, err = strconv.ParseBool(text); err != nil {
				return out, fmt.Errorf("%s %q is neither true nor false", k, text)
			}
		default:
			if out.Metadata == nil {
				out.Metadata = make(map[string]string, len(p.Extend))
			}
			out.Metadata[k] = text
		}
	}
	return out, nil
}
