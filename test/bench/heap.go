package main

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"runtime/metrics"
	"time"

	"github.com/distro-naming/naming-operator/sidecar/naming"
)

// population is who publishes how much.
type population struct{ clients, services, each int }

func (p population) instances() int { return p.clients * p.each }

func (p population) String() string {
	return fmt.Sprintf("%s clients × %d instances in %s services", thousands(p.clients), p.each, thousands(p.services))
}

// heapPerInstance fills the Loop of one member, in this process, and reads what
// the garbage collector leaves. Views are not built: they are what readers cost.
func heapPerInstance(ctx context.Context, l *lab) error {
	large := population{clients: l.count(1000, 10), services: l.count(1000, 10), each: l.count(1000, 10)}
	many := population{clients: l.count(1_000_000, 100), services: l.count(1000, 10), each: 1}
	cases := []struct {
		what, goal string
		population
		fill func(*single, context.Context, population) error
	}{
		{"replicated from a peer", "≤ 250 B", large, (*single).receive},
		{"registered here", "≤ 250 B", large, (*single).register},
		{"replicated from a peer", "", many, (*single).receive},
		{"registered here", "", many, (*single).register},
	}
	for _, c := range cases {
		l.say("heap: %s, %s", c.population, c.what)
		if err := l.heapOf(ctx, c.what+": "+c.String(), c.goal, c.population, c.fill); err != nil {
			return err
		}
	}
	ids := l.heapOfIDs(many.clients)
	l.row("heap per entry of a Go map of as many client ids alone", "", "%.0f B", ids)
	return nil
}

func (l *lab) heapOf(ctx context.Context, what, goal string, p population,
	fill func(*single, context.Context, population) error,
) (err error) {
	empty := liveHeap()
	m := startSingle(ctx)
	defer func() { err = errors.Join(err, m.stop()) }()
	began := time.Now()
	if err := fill(m, ctx, p); err != nil {
		return err
	}
	took := time.Since(began)
	if err := m.settle(ctx); err != nil {
		return err
	}
	per := float64(liveHeap()-empty) / float64(p.instances())
	l.row("heap per instance, "+what, goal, "%.0f B (filled in %s)", per, took.Round(100*time.Millisecond))
	share, err := m.collecting(ctx, p, l.count(10_000, 100), l.wait(5*time.Second))
	if err != nil {
		return err
	}
	l.row("garbage collection, "+what+", while 10k/s change", "", "%.1f %% of a core", 100*share)
	return nil
}

func (l *lab) heapOfIDs(n int) float64 {
	empty := liveHeap()
	ids := map[naming.ClientID]uint32{}
	for i := range n {
		ids[clientID(i)] = uint32(i) //nolint:gosec // small
	}
	per := float64(liveHeap()-empty) / float64(n)
	runtime.KeepAlive(ids)
	return per
}

// liveHeap returns the bytes that survive a collection.
func liveHeap() int64 {
	runtime.GC()
	runtime.GC() // the second one frees what finalizers and weak pointers held
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc) //nolint:gosec // fits
}

// collectorTime returns the CPU time that garbage collection has used.
func collectorTime() time.Duration {
	sample := []metrics.Sample{{Name: "/cpu/classes/gc/total:cpu-seconds"}}
	metrics.Read(sample)
	return time.Duration(sample[0].Value.Float64() * float64(time.Second))
}

func thousands(n int) string {
	switch {
	case n >= 1_000_000 && n%1_000_000 == 0:
		return fmt.Sprintf("%dM", n/1_000_000)
	case n >= 1000 && n%1000 == 0:
		return fmt.Sprintf("%dk", n/1000)
	default:
		return fmt.Sprint(n)
	}
}
