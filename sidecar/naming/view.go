package naming

import (
	"slices"
	"strings"
	"sync/atomic"
)

// View is the answer for one service at one moment: every listed instance,
// healthy or not, enabled or not, sorted, each endpoint once. It is immutable
// and shared by all readers.
type View struct {
	Service ServiceKey
	Hosts   []Instance
	LastRef int64 // rises with every new view of the service; Unix milliseconds in spirit

	memo atomic.Pointer[any]
}

// Memo returns what make returned the first time it was called for this view,
// so that adapters encode a view once and share the bytes. Several first
// callers may each call make; all of them get one result.
func (v *View) Memo(build func() any) any {
	if held := v.memo.Load(); held != nil {
		return *held
	}
	fresh := build()
	if v.memo.CompareAndSwap(nil, &fresh) {
		return fresh
	}
	return *v.memo.Load()
}

// Filter says which hosts of a view a reader wants.
type Filter struct {
	Clusters    string // comma-separated exact names; empty means all
	HealthyOnly bool
}

// Select returns the enabled hosts that f lets through, in order, and whether
// all of them were unhealthy. Unhealthy hosts are then to be shown as they are:
// protection applies only to services with settings (gRPC page, 6.4).
func (v *View) Select(f Filter) []Instance {
	clusters := splitClusters(f.Clusters)
	out := make([]Instance, 0, len(v.Hosts))
	for _, h := range v.Hosts {
		if !h.Enabled || (f.HealthyOnly && !h.Healthy) {
			continue
		}
		if len(clusters) > 0 && !slices.Contains(clusters, h.Cluster) {
			continue
		}
		out = append(out, h)
	}
	return out
}

func splitClusters(csv string) []string {
	var out []string
	for name := range strings.SplitSeq(csv, ",") {
		if name = strings.TrimSpace(name); name != "" {
			out = append(out, name)
		}
	}
	return out
}
