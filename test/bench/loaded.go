package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/distro-naming/naming-operator/test/loopback"
)

// visibleLoaded registers at a fixed rate on one member, whether or not it keeps
// up, and takes for some of the registrations the time from when they were meant
// to begin until a query on another member shows them.
func visibleLoaded(ctx context.Context, l *lab) error {
	rate, seconds := l.count(1000, 50), l.count(20, 1)
	cluster, err := l.start(ctx)
	if err != nil {
		return err
	}
	seen, err := openLoop(ctx, cluster, rate, rate*seconds)
	if err := errors.Join(err, cluster.Kill()); err != nil {
		return err
	}
	l.row(fmt.Sprintf("registration → seen by a query on another member, under %d registrations/s", rate), "p99 ≤ 100 ms",
		"%s (%d looked for)", spread(seen), len(seen))
	return nil
}

// openLoop makes count registrations and looks for one of lookAt. 100 clients
// publish 10 services each.
func openLoop(ctx context.Context, cluster *loopback.Cluster, rate, count int) ([]time.Duration, error) {
	const clients, lookAt = 100, 50
	writers, err := dialAll(ctx, cluster.Members[0].GRPCAddress(), clients)
	if err != nil {
		return nil, err
	}
	defer closeAll(writers)
	reader, err := dial(ctx, cluster.Members[1].GRPCAddress(), 0)
	if err != nil {
		return nil, err
	}
	defer reader.close()
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var (
		all  sync.WaitGroup
		mu   sync.Mutex
		seen []time.Duration
	)
	began := time.Now()
	for i := range count {
		due := began.Add(time.Duration(i) * time.Second / time.Duration(rate))
		if err := pause(ctx, time.Until(due)); err != nil {
			break
		}
		all.Go(func() {
			client := i % clients
			service, mark := serviceName((client+i/clients%10)%services), fmt.Sprintf("s%06d", i)
			if _, err := writers[client].call(ctx, register(service, client, mark)); err != nil {
				cancel(err)
			}
			if i%lookAt != 0 {
				return
			}
			took, err := lookFor(ctx, reader, service, due, []byte(mark))
			if err != nil {
				cancel(err)
			}
			mu.Lock()
			seen = append(seen, took)
			mu.Unlock()
		})
	}
	all.Wait()
	return seen, context.Cause(ctx)
}

// lookFor asks every millisecond.
func lookFor(ctx context.Context, c *conn, service string, began time.Time, mark []byte) (took time.Duration, err error) {
	for {
		if took, err = askOnce(ctx, c, service, began, mark); err != nil || took > 0 {
			return took, err
		}
		if err := pause(ctx, time.Millisecond); err != nil {
			return 0, err
		}
	}
}
