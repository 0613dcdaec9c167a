package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/distro-naming/naming-operator/test/loopback"
)

// herd has many clients, each with an instance that it also subscribes to, lose
// their member, which is killed. They connect to the other two within a second,
// register and subscribe anew. At both a bystander watches, until all that the dead
// member had is given up.
func herd(ctx context.Context, l *lab) error {
	n := l.count(10_000, 50)
	cluster, err := l.start(ctx)
	if err != nil {
		return err
	}
	seen, err := herdOn(ctx, cluster, n, l.count(200, 5), !l.quick)
	if err := errors.Join(err, cluster.Kill()); err != nil {
		return err
	}
	what := fmt.Sprintf("a member dies with %s clients: ", thousands(n))
	l.row(what+"all are back", "≤ 15 s", "%s", seconds(seen.back))
	l.row(what+"CPU of the other two for each of them", "", "%s", micros(seen.cpu/time.Duration(n)))
	l.row(what+"lists without an instance that is alive", "0",
		"%d of %d that subscribers of the other two were pushed; %d without clients that were away for more than %s",
		seen.short, seen.pushed, seen.late, mercy)
	if seen.short > 0 {
		l.say("  %s", seen.example)
	}
	if seen.broken > 0 {
		l.say("  %d connections were closed before their clients had registered and subscribed", seen.broken)
	}
	return nil
}

// herdSeen is what became of a herd.
type herdSeen struct {
	back   time.Duration // from the death until all had registered and subscribed
	cpu    time.Duration // of the other two members until then
	broken int64         // new connections that were closed meanwhile
	lists
}

// herdOn has the first of three members die; its n clients are those of so many
// services. The bystanders watch until all are back and the members agree, or until
// these have given up what the dead one had, a minute later.
func herdOn(ctx context.Context, cluster *loopback.Cluster, n, services int, toTheEnd bool) (seen herdSeen, err error) {
	ctx, fail := context.WithCancelCause(ctx) // connections last as long as it
	defer fail(nil)
	dying, others := cluster.Members[0], cluster.Members[1:]
	bystanders, err := dialEach(ctx, others)
	if err != nil {
		return seen, err
	}
	defer closeAll(bystanders)
	clients, err := settleHerd(ctx, dying.GRPCAddress(), n, services)
	if err != nil {
		return seen, err
	}
	defer closeAll(clients)
	if _, err := cluster.WaitAgreed(ctx); err != nil {
		return seen, err
	}
	for i := range services {
		for _, b := range bystanders {
			if _, err := b.call(ctx, subscribe(serviceName(i))); err != nil {
				return seen, err
			}
		}
	}
	r := newRoll(n, services)
	stop := r.watchAll(ctx, bystanders)
	seen.cpu, err = r.rush(ctx, fail, dying, others, clients)
	if err == nil {
		_, err = cluster.WaitAgreed(ctx)
	}
	if err == nil && toTheEnd {
		err = forgotten(ctx, others, n)
	}
	err = errors.Join(err, stop())
	seen.back, seen.broken, seen.lists = r.all(), r.broken.Load(), r.seen
	return seen, err
}

// rush kills the member of the clients, who go on at the others, and returns what
// CPU time that cost these. fail ends ctx.
func (r *roll) rush(ctx context.Context, fail context.CancelCauseFunc,
	dying *loopback.Member, others []*loopback.Member, clients []*conn,
) (time.Duration, error) {
	pids := []int{others[0].PID(), others[1].PID()}
	before, err := cpu(pids...)
	if err != nil {
		return 0, err
	}
	var rushing sync.WaitGroup
	for i, c := range clients {
		rushing.Go(func() {
			fresh, err := r.flee(ctx, c, others[i%len(others)].GRPCAddress(), i)
			if err != nil {
				fail(err)
				return
			}
			clients[i] = fresh
			r.returned(i)
		})
	}
	if err := dying.Kill(); err != nil {
		fail(err)
	}
	rushing.Wait()
	if err := context.Cause(ctx); err != nil {
		return 0, err
	}
	after, err := cpu(pids...)
	return after - before, err
}

// forgotten waits until members know no more than n clients.
func forgotten(ctx context.Context, members []*loopback.Member, n int) error {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Minute)
	defer cancel()
	return loopback.Until(ctx, "what the dead member had is given up", func(ctx context.Context) error {
		for _, m := range members {
			s, err := m.Status(ctx)
			if err != nil {
				return err
			}
			if s.Clients > n {
				return fmt.Errorf("%w: %s knows %d clients, want %d", errKept, m.Name, s.Clients, n)
			}
		}
		return nil
	})
}

var errKept = errors.New("not yet")

// dialEach opens one connection to each member.
func dialEach(ctx context.Context, members []*loopback.Member) (conns []*conn, err error) {
	for _, m := range members {
		c, err := dial(ctx, m.GRPCAddress(), 0)
		if err != nil {
			closeAll(conns)
			return nil, err
		}
		conns = append(conns, c)
	}
	return conns, nil
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

// flee waits for the end of a connection and goes on at another member. A new
// connection that ends before its client is listed and told of others is counted:
// nobody here closes one, and what it had registered goes with it.
func (r *roll) flee(ctx context.Context, c *conn, refuge string, i int) (*conn, error) {
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
			if err = fresh.enter(ctx, i, len(r.members)); err == nil {
				return fresh, nil
			}
			fresh.close()
			r.broken.Add(1)
		}
		wait = 100 * time.Millisecond
	}
}
