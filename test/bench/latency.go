package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/distro-naming/naming-operator/test/loopback"
)

// visibleIdle registers on one member, one at a time and with random pauses, and
// takes the time until another member's answer and push show it.
func visibleIdle(ctx context.Context, l *lab) error {
	cluster, err := l.start(ctx)
	if err != nil {
		return err
	}
	visible, pushed, err := sample(ctx, cluster, l.count(l.samples, 3))
	if err := errors.Join(err, cluster.Kill()); err != nil {
		return err
	}
	l.row("registration → seen by a query on another member, idle", "p50 ≤ 1 ms, p99 ≤ 10 ms", "%s", spread(visible))
	l.row("registration → pushed by another member, idle", "", "%s", spread(pushed))
	calls, err := echoIdle(ctx, l.count(l.samples, 3))
	if err != nil {
		return err
	}
	l.row("floor: one call of an empty echo server, idle", "", "%s", spread(calls))
	return nil
}

// echoIdle takes the time of lone calls of an echo server, with the same pauses.
func echoIdle(ctx context.Context, samples int) (took []time.Duration, err error) {
	server, err := startEcho(ctx)
	if err != nil {
		return nil, err
	}
	defer server.stop()
	c, err := dial(ctx, server.address)
	if err != nil {
		return nil, err
	}
	defer c.close()
	for i := range samples {
		if err := idle(ctx); err != nil {
			return nil, err
		}
		began := time.Now()
		if _, err := c.requests.Request(ctx, register(serviceName(0), i, "0")); err != nil {
			return nil, err
		}
		took = append(took, time.Since(began))
	}
	return took, nil
}

// idle pauses for longer than changes are merged.
func idle(ctx context.Context) error {
	return pause(ctx, time.Duration(120+rand.IntN(80))*time.Millisecond)
}

// Every sample uses another publisher and another service, and the pauses are
// longer than any merging of changes: what is measured is a lone change.
func sample(ctx context.Context, cluster *loopback.Cluster, samples int) (visible, pushed []time.Duration, err error) {
	const publishers = 20
	from, err := dialAll(ctx, cluster.Members[0].GRPCAddress(), publishers)
	if err != nil {
		return nil, nil, err
	}
	defer closeAll(from)
	readers, err := dialAll(ctx, cluster.Members[1].GRPCAddress(), 2) // one asks, one is pushed
	if err != nil {
		return nil, nil, err
	}
	defer closeAll(readers)
	for i := range services {
		if _, err := readers[1].call(ctx, subscribe(serviceName(i))); err != nil {
			return nil, nil, err
		}
	}
	quiet(ctx, readers)
	for i := range samples {
		if err := idle(ctx); err != nil {
			return nil, nil, err
		}
		service, mark := serviceName(i%services), fmt.Sprintf("s%06d", i)
		began := time.Now()
		if _, err := from[i%publishers].call(ctx, register(service, i, mark)); err != nil {
			return nil, nil, err
		}
		seen, err := askUntil(ctx, readers[0], service, began, []byte(mark))
		if err != nil {
			return nil, nil, err
		}
		told, err := awaitPush(ctx, readers[1], began, []byte(mark))
		if err != nil {
			return nil, nil, err
		}
		visible, pushed = append(visible, seen), append(pushed, told)
	}
	return visible, pushed, nil
}

func askUntil(ctx context.Context, c *conn, service string, began time.Time, mark []byte) (took time.Duration, err error) {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	for took == 0 && err == nil {
		took, err = askOnce(ctx, c, service, began, mark)
	}
	return took, err
}

// askOnce returns 0 when the answer lacks the mark.
func askOnce(ctx context.Context, c *conn, service string, began time.Time, mark []byte) (time.Duration, error) {
	answer, err := c.call(ctx, query(service))
	if err != nil || !bytes.Contains(answer.GetBody().GetValue(), mark) {
		return 0, err
	}
	return time.Since(began), nil
}

// awaitPush gives the time at which the push was seen. If it arrived before the
// call, that is later than its arrival: an upper bound.
func awaitPush(ctx context.Context, c *conn, began time.Time, mark []byte) (time.Duration, error) {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	for {
		select {
		case body := <-c.pushes:
			if bytes.Contains(body, mark) {
				return time.Since(began), nil
			}
		case <-ctx.Done():
			return 0, fmt.Errorf("wait for push %s: %w", mark, context.Cause(ctx))
		}
	}
}

func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
