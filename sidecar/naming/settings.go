package naming

import (
	"maps"
	"slices"
)

// Settings are what is said of a service apart from who publishes in it.
type Settings struct {
	ProtectThreshold float64 // 0-1: share of healthy instances at or below which all are shown as healthy
	Metadata         map[string]string
	Selector         Selector
	Clusters         map[string]ClusterSettings
	Ephemeral        bool // as it was created; what it holds is ephemeral in any case
}

// Selector chooses the instances that a reader is shown. The zero value chooses
// all.
type Selector struct {
	Type       string // "none", "label"; empty is "none"
	Expression string
}

// ClusterSettings are what is said of a cluster of a service.
type ClusterSettings struct {
	HealthChecker   string // as JSON, such as {"type":"TCP"}, which an empty text means too
	CheckPort       int
	UseInstancePort bool
	Metadata        map[string]string
}

// HealthCheckNone is the type of checker of a cluster whose instances' health is
// said from outside.
const HealthCheckNone = "NONE"

// Override is what others than its publisher say of an instance; what is nil or
// empty leaves what is published.
type Override struct {
	Weight   *float64
	Enabled  *bool
	Healthy  *bool
	Metadata map[string]string // put over what is published
	Without  []string          // keys of metadata that are taken away
}

// And returns what is said when something else is said after o.
func (o Override) And(later Override) Override {
	if later.Weight == nil {
		later.Weight = o.Weight
	}
	if later.Enabled == nil {
		later.Enabled = o.Enabled
	}
	if later.Healthy == nil {
		later.Healthy = o.Healthy
	}
	put, without := maps.Clone(o.Metadata), slices.Clone(o.Without)
	if put == nil {
		put = map[string]string{}
	}
	for key, value := range later.Metadata {
		put[key] = value
		without = slices.DeleteFunc(without, func(k string) bool { return k == key })
	}
	for _, key := range later.Without {
		delete(put, key)
		without = append(without, key)
	}
	slices.Sort(without)
	later.Metadata, later.Without = put, slices.Compact(without)
	return later
}

// Apply returns i with the override over it.
func (o Override) Apply(i Instance) Instance {
	if o.Weight != nil {
		i.Weight = *o.Weight
	}
	if o.Enabled != nil {
		i.Enabled = *o.Enabled
	}
	if o.Healthy != nil {
		i.Healthy = *o.Healthy
	}
	if len(o.Metadata)+len(o.Without) > 0 {
		merged := maps.Clone(i.Metadata)
		if merged == nil {
			merged = map[string]string{}
		}
		maps.Copy(merged, o.Metadata)
		for _, key := range o.Without {
			delete(merged, key)
		}
		i.Metadata = merged
	}
	return i
}
