package sidecar

import (
	"runtime"
	"runtime/debug"
	"runtime/metrics"
)

// A heap below leastHeap is not collected. Go alone collects one of a few
// megabytes many times a second when a small registry is busy, and looks at the
// stacks of all connections each time.
const leastHeap = 64 << 20

// Bounds of GOGC. Go's own is the least, by which a large heap grows to twice what
// lives in it. The most makes leastHeap of the 4 MB that Go multiplies with it.
const (
	leastGrowth = 100
	mostGrowth  = leastHeap / (4 << 20) * 100
)

// cycle is found to be garbage by every collection. It has pointers, as Go puts
// small things without together.
type cycle struct{ _ [4]*byte }

// collectSeldom keeps the collector from small heaps, for as long as the program
// runs. GOMEMLIMIT holds as ever, and a GOGC that is given overrules it.
func collectSeldom() {
	if given := debug.SetGCPercent(leastGrowth); given != leastGrowth {
		debug.SetGCPercent(given)
		return
	}
	samples := []metrics.Sample{
		{Name: "/gc/heap/live:bytes"}, {Name: "/gc/scan/stack:bytes"}, {Name: "/gc/scan/globals:bytes"},
	}
	var adjust func(struct{})
	adjust = func(struct{}) {
		metrics.Read(samples)
		debug.SetGCPercent(growth(samples[0].Value.Uint64(), samples[1].Value.Uint64()+samples[2].Value.Uint64()))
		runtime.AddCleanup(new(cycle), adjust, struct{}{}) // after the next collection
	}
	adjust(struct{}{})
}

// growth returns by how many percent the heap may grow: from what lives in it to
// leastHeap or to twice of it. Go counts the roots, bytes that are looked through
// but are none of the heap, like what lives.
func growth(live, roots uint64) int {
	if live >= leastHeap {
		return leastGrowth
	}
	return int(min(max((leastHeap-live)*100/max(live+roots, 1), leastGrowth), mostGrowth)) //nolint:gosec // within bounds
}
