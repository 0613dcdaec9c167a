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
	seen, err := sample(ctx, cluster, l.count(l.samples, 3))
	if err := errors.Join(err, cluster.Kill()); err != nil {
		return err
	}
	l.row("registration → seen by a query on another member, idle", "p50 ≤ 1 ms, p99 ≤ 10 ms", "%s", spread(seen.visible))
	l.row("registration → pushed by another member, idle", "", "%s", spread(seen.there))
	l.row("registration → pushed by the member that took it, idle", "p50 ≤ 1 ms, p99 ≤ 10 ms", "%s", spread(seen.here))
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
	c, err := dial(ctx, server.address, 0)
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

// sampled is how long each of the samples took: until another member showed it,
// and until a subscriber there and one of the member itself were pushed it.
type sampled struct{ visible, there, here []time.Duration }

type arrival struct {
	took time.Duration
	err  error
}

// Every sample uses another publisher and another service, and the pauses are
// longer than any merging of changes: what is measured is a lone change.
func sample(ctx context.Context, cluster *loopback.Cluster, samples int) (seen sampled, err error) {
	const publishers = 20
	from, err := dialAll(ctx, cluster.Members[0].GRPCAddress(), publishers)
	if err != nil {
		return seen, err
	}
	defer closeAll(from)
	readers, err := dialAll(ctx, cluster.Members[1].GRPCAddress(), 2) // one asks, one is pushed
	if err != nil {
		return seen, err
	}
	defer closeAll(readers)
	near, err := dial(ctx, cluster.Members[0].GRPCAddress(), 0)
	if err != nil {
		return seen, err
	}
	defer near.close()
	for i := range services {
		for _, c := range []*conn{near, readers[1]} {
			if _, err := c.call(ctx, subscribe(serviceName(i))); err != nil {
				return seen, err
			}
		}
	}
	quiet(ctx, append(readers, near))
	for i := range samples {
		if err := idle(ctx); err != nil {
			return seen, err
		}
		service, mark := serviceName(i%services), fmt.Sprintf("s%06d", i)
		began := time.Now()
		pushed := make(chan arrival, 1)
		go func() {
			took, err := awaitPush(ctx, near, began, []byte(mark))
			pushed <- arrival{took, err}
		}()
		if _, err := from[i%publishers].call(ctx, register(service, i, mark)); err != nil {
			return seen, err
		}
		visible, err := askUntil(ctx, readers[0], service, began, []byte(mark))
		if err != nil {
			return seen, err
		}
		there, err := awaitPush(ctx, readers[1], began, []byte(mark))
		if err != nil {
			return seen, err
		}
		here := <-pushed
		if here.err != nil {
			return seen, here.err
		}
		seen.visible, seen.there = append(seen.visible, visible), append(seen.there, there)
		seen.here = append(seen.here, here.took)
	}
	return seen, nil
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
