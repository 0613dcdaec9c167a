package sidecar

import (
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"sync"
	"time"
)

// A heap below leastHeap is not collected. Go alone collects one of a few
// megabytes many times a second when a small registry is busy, and looks at the
// stacks of all connections each time.
const leastHeap = 64 << 20

// Bounds of GOGC. While much is allocated a large heap grows as Go has it, to twice
// what lives in it. The most makes leastHeap of the 4 MB that Go multiplies with it.
const (
	usualGrowth = 100
	leastGrowth = usualGrowth / 16
	mostGrowth  = leastHeap / (4 << 20) * 100
)

const (
	// everyWhile is how long what is allocated at rest may lie about: a member with
	// ten thousand clients that say nothing is collected so often, and not at the end
	// of many minutes, with as much garbage as there is memory in use.
	everyWhile = 30 * time.Second
	lookEvery  = 5 * time.Second
)

// cycle is found to be garbage by every collection. It has pointers, as Go puts
// small things without together.
type cycle struct{ _ [4]*byte }

// collectSeldom keeps the collector from small heaps, and from large ones while they
// are busy, for as long as the program runs. GOMEMLIMIT holds as ever, and a GOGC
// that is given overrules it.
func collectSeldom() {
	if given := debug.SetGCPercent(usualGrowth); given != usualGrowth {
		debug.SetGCPercent(given)
		return
	}
	p := &pace{now: usualGrowth, at: time.Now(), samples: []metrics.Sample{
		{Name: "/gc/heap/live:bytes"},
		{Name: "/gc/scan/stack:bytes"},
		{Name: "/gc/scan/globals:bytes"},
		{Name: "/gc/heap/allocs:bytes"},
	}}
	p.collected(struct{}{})
	p.look()
}

// pace follows how much is allocated.
type pace struct {
	mu        sync.Mutex
	samples   []metrics.Sample
	at        time.Time // when it was last looked at
	allocated uint64    // until then, since the program began
	now       int       // GOGC
}

// collected is called after each collection: a member that is busy again is found
// out by the first that comes early.
func (p *pace) collected(struct{}) {
	p.adjust()
	runtime.AddCleanup(new(cycle), p.collected, struct{}{})
}

// look is called every lookEvery: nothing else would tell that a member is at rest.
func (p *pace) look() {
	p.adjust()
	time.AfterFunc(lookEvery, p.look)
}

func (p *pace) adjust() {
	p.mu.Lock()
	defer p.mu.Unlock()
	metrics.Read(p.samples)
	read := func(i int) uint64 { return p.samples[i].Value.Uint64() }
	live, roots, all := read(0), read(1)+read(2), read(3)
	passed := max(time.Since(p.at), time.Second)
	soon := uint64(float64(all-p.allocated) * everyWhile.Seconds() / passed.Seconds())
	p.at, p.allocated = time.Now(), all
	if next := growth(live, roots, soon); next != p.now {
		p.now = next
		debug.SetGCPercent(next)
	}
}

// growth returns by how many percent the heap may grow: from what lives in it by what
// is allocated soon, within a while, and to leastHeap in any case. Go counts the
// roots, bytes that are looked through but are none of the heap, like what lives.
func growth(live, roots, soon uint64) int {
	base := max(live+roots, 1)
	percent := min(max(soon*100/base, leastGrowth), usualGrowth)
	if live < leastHeap {
		percent = min(max(percent, (leastHeap-live)*100/base), mostGrowth)
	}
	return int(percent) //nolint:gosec // within bounds
}
