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
	LastRef int64    // rises with every new view of the service; Unix milliseconds in spirit
	Protect *float64 // 0-1: the protection threshold of a service that has settings; nil: it has none

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

// Select returns the enabled hosts that f lets through, in order. Where their
// share of healthy ones is at or below the threshold of the service they are all
// shown as healthy, so that the few are not left with the load of all, and
// protected is true. Only a service that has settings has a threshold, and with
// that of 0 the rule holds when none is healthy (gRPC page, 6.4). A selector
// chooses by labels of a CMDB; there is none, and then Nacos shows all too.
func (v *View) Select(f Filter) (hosts []Instance, protected bool) {
	clusters := splitClusters(f.Clusters)
	hosts = make([]Instance, 0, len(v.Hosts))
	healthy := 0
	for _, h := range v.Hosts {
		if !h.Enabled || (f.HealthyOnly && !h.Healthy) {
			continue
		}
		if len(clusters) > 0 && !slices.Contains(clusters, h.Cluster) {
			continue
		}
		if h.Healthy {
			healthy++
		}
		hosts = append(hosts, h)
	}
	if v.Protect == nil || len(hosts) == 0 || float64(healthy) > *v.Protect*float64(len(hosts)) {
		return hosts, false
	}
	for i := range hosts {
		hosts[i].Healthy = true
	}
	return hosts, true
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
