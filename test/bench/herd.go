package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"github.com/distro-naming/naming-operator/test/loopback"
)

// herd has many clients, each with an instance that it also subscribes to, lose
// their member, which is killed. They connect to the other two within a second,
// register and subscribe anew.
func herd(ctx context.Context, l *lab) error {
	n := l.count(10_000, 50)
	cluster, err := l.start(ctx)
	if err != nil {
		return err
	}
	seen, err := herdOn(ctx, cluster, n, l.count(200, 5))
	if err := errors.Join(err, cluster.Kill()); err != nil {
		return err
	}
	what := fmt.Sprintf("a member dies with %s clients: ", thousands(n))
	l.row(what+"all are back", "≤ 15 s", "%s", seconds(seen.back))
	l.row(what+"CPU of the other two for each of them", "", "%s", micros(seen.cpu/time.Duration(n)))
	l.row(what+"lists without an instance that is alive", "0", "%d of %d that a subscriber of another member was pushed",
		seen.short, seen.pushes)
	return nil
}

// herdSeen is what became of a herd.
type herdSeen struct {
	back          time.Duration // from the death until all had registered and subscribed
	cpu           time.Duration // of the other two members until then
	pushes, short int           // lists that a bystander was pushed, and those that lacked an instance
}

// herdOn has the first of three members die; its n clients are those of so many
// services.
func herdOn(ctx context.Context, cluster *loopback.Cluster, n, services int) (seen herdSeen, err error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	members := cluster.Members
	bystander, err := dial(ctx, members[1].GRPCAddress(), 0)
	if err != nil {
		return seen, err
	}
	defer bystander.close()
	clients, err := settleHerd(ctx, members[0].GRPCAddress(), n, services)
	if err != nil {
		return seen, err
	}
	if _, err := cluster.WaitAgreed(ctx); err != nil {
		return seen, err
	}
	for i := range services {
		if _, err := bystander.call(ctx, subscribe(serviceName(i))); err != nil {
			return seen, err
		}
	}
	watched, stop := context.WithCancel(ctx)
	var watching, herd sync.WaitGroup
	watching.Go(func() { seen.watch(watched, bystander, n/services) })

	refuges := []string{members[1].GRPCAddress(), members[2].GRPCAddress()}
	others := []int{members[1].PID(), members[2].PID()}
	before, err := cpu(others...)
	if err != nil {
		stop()
		return seen, err
	}
	var last atomic.Int64
	began := time.Now()
	for i, c := range clients {
		herd.Go(func() {
			fresh, err := flee(ctx, c, refuges[i%2], i, services)
			if err != nil {
				cancel(err)
				return
			}
			clients[i] = fresh
			last.Store(int64(time.Since(began)))
		})
	}
	err = members[0].Kill()
	herd.Wait()
	seen.back = time.Duration(last.Load())
	after, failed := cpu(others...)
	seen.cpu = after - before
	err = errors.Join(err, failed)
	if err == nil && ctx.Err() == nil {
		_, err = cluster.WaitAgreed(ctx)
	}
	stop()
	watching.Wait()
	closeAll(clients)
	return seen, errors.Join(err, context.Cause(ctx))
}

// settleHerd connects n clients to one member; each registers and subscribes.
func settleHerd(ctx context.Context, address string, n, services int) ([]*conn, error) {
	clients, err := dialAll(ctx, address, n)
	if err != nil {
		return nil, err
	}
	for i, c := range clients {
		go c.drain()
		if err := c.enter(ctx, i, services); err != nil {
			closeAll(clients)
			return nil, err
		}
	}
	return clients, nil
}

// enter registers the i-th client and has it subscribe.
func (c *conn) enter(ctx context.Context, i, services int) error {
	if _, err := c.call(ctx, register(serviceName(i%services), i, "herd")); err != nil {
		return err
	}
	_, err := c.call(ctx, subscribe(serviceName(i%services)))
	return err
}

// flee waits for the end of a connection and goes on at another member.
func flee(ctx context.Context, c *conn, refuge string, i, services int) (*conn, error) {
	select {
	case <-c.ended:
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
	c.close()
	wait := time.Duration(rand.Int64N(int64(time.Second)))
	for {
		if err := pause(ctx, wait); err != nil {
			return nil, err
		}
		fresh, err := dial(ctx, refuge, i)
		if err == nil {
			go fresh.drain()
			if err = fresh.enter(ctx, i, services); err == nil {
				return fresh, nil
			}
			fresh.close()
		}
		wait = 100 * time.Millisecond
	}
}

// watch looks at all that is pushed until ctx ends.
func (s *herdSeen) watch(ctx context.Context, c *conn, each int) {
	for {
		select {
		case body := <-c.pushes:
			s.pushes++
			if bytes.Count(body, []byte(`"ip":`)) < each {
				s.short++
			}
		case <-ctx.Done():
			return
		}
	}
}
