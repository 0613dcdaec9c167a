package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/distro-naming/naming-operator/test/loopback"
)

// burst has 500 connections register 200 services each on one member, as fast as
// it answers, and watches how much the member has yet to tell the others and how
// large its heap becomes.
func burst(ctx context.Context, l *lab) error {
	conns, each := l.count(500, 10), l.count(services, 10)
	cluster, err := l.start(ctx)
	if err != nil {
		return err
	}
	seen, err := burstOn(ctx, cluster, conns, each, l.wait(10*time.Second))
	if err := errors.Join(err, cluster.Kill()); err != nil {
		return err
	}
	what := fmt.Sprintf("burst of %d registrations by %d connections: ", conns*each, conns)
	l.row(what+"answered, and held by all members", "", "after %s, and %s", millis(seen.answered), millis(seen.agreed))
	l.row(what+"most changes pending for both peers", "bounded: 2 a client", "%.0f", seen.pending)
	l.row(what+"largest heap beside the heap afterwards", "≤ 2", "%.2f (%.0f MB, %.0f MB)",
		seen.peak/seen.steady, seen.peak/1e6, seen.steady/1e6)
	return nil
}

type burstSeen struct {
	answered, agreed time.Duration
	pending          float64
	peak, steady     float64 // bytes of heap in use
}

func burstOn(ctx context.Context, cluster *loopback.Cluster, clients, each int, rest time.Duration) (seen burstSeen, err error) {
	member := cluster.Members[0]
	conns, err := dialAll(ctx, member.GRPCAddress(), clients)
	if err != nil {
		return seen, err
	}
	defer closeAll(conns)
	watched, stop := context.WithCancel(ctx)
	var watch sync.WaitGroup
	watch.Go(func() { seen.watch(watched, member) })
	began := time.Now()
	err = registerAll(ctx, conns, each)
	seen.answered = time.Since(began)
	if err == nil {
		_, err = cluster.WaitAgreed(ctx)
	}
	seen.agreed = time.Since(began)
	stop()
	watch.Wait()
	if err != nil {
		return seen, err
	}
	if err := pause(ctx, rest); err != nil {
		return seen, err
	}
	seen.steady, err = member.Metric(ctx, heapMetric)
	seen.peak = max(seen.peak, seen.steady)
	return seen, err
}

const heapMetric = "go_memstats_heap_inuse_bytes"

// watch looks again and again until ctx ends.
func (s *burstSeen) watch(ctx context.Context, m *loopback.Member) {
	for pause(ctx, 50*time.Millisecond) == nil {
		if status, err := m.Status(ctx); err == nil {
			s.pending = max(s.pending, float64(status.Pending))
		}
		if heap, err := m.Metric(ctx, heapMetric); err == nil {
			s.peak = max(s.peak, heap)
		}
	}
}

// registerAll keeps four registrations of every connection in flight.
func registerAll(ctx context.Context, conns []*conn, each int) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	const depth = 4
	var all sync.WaitGroup
	for n, c := range conns {
		for lane := range depth {
			all.Go(func() {
				for i := lane; i < each && ctx.Err() == nil; i += depth {
					if _, err := c.call(ctx, register(serviceName(i), n, "0")); err != nil {
						cancel(err)
					}
				}
			})
		}
	}
	all.Wait()
	return context.Cause(ctx)
}
