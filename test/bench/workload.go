package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	pb "github.com/distro-naming/naming-operator/sidecar/wire/nacospb"
	"github.com/distro-naming/naming-operator/test/loopback"
)

// settle is how long CPU is still counted after the last answer, so that
// replication and acknowledgements are paid for.
const settle = time.Second

// cost is what one workload took on one kind of server.
type cost struct {
	server time.Duration   // CPU of the process that was called, per operation
	all    time.Duration   // CPU of all members, per operation
	answer *pb.Payload     // one answer, as the echo server must give it
	acked  []time.Duration // of each round of pushes: from its cause until all had acknowledged
}

// workload is one kind of operation, done count times by conns connections
// with depth calls in flight each.
type workload struct {
	name, goal          string
	conns, depth, count int
	prepare             func(ctx context.Context, conns []*conn) error // not measured
	request             func(i int) *pb.Payload                        // the i-th request
	rest                time.Duration                                  // between rounds of pushes
	pushes              bool                                           // each request is followed by one push to every connection
}

const services = 200

// Workloads. Goals are those of the CPU of the member that is called.
var (
	// As applications are: each publishes a few services. Three of four
	// registrations change one that is there.
	registerFew = workload{
		name: "register, 10 services a client", conns: 500, depth: 2, count: 20_000,
		request: func(i int) *pb.Payload {
			client, turn := i%500, i/500
			return register(serviceName((client+turn%10)%services), client, fmt.Sprint(turn/10))
		},
	}
	// As gateways that publish for others: each record is large. The goal was set for it.
	registerMany = workload{
		name: "register, 200 services a client", goal: "≤ 1.3 × echo", conns: 50, depth: 16, count: 100 * services,
		request: func(i int) *pb.Payload {
			return register(serviceName(i/50%services), i%50, fmt.Sprint(i/50/services))
		},
	}
	queryTen = workload{
		name: "query of 10 instances", goal: "≤ 1.2 × echo", conns: 50, depth: 16, count: 40_000,
		prepare: func(ctx context.Context, conns []*conn) error {
			for i := range services {
				if _, err := conns[i%len(conns)].call(ctx, registerBatch(serviceName(i), i, 10)); err != nil {
					return err
				}
			}
			return nil
		},
		request: func(i int) *pb.Payload { return query(serviceName(i % services)) },
	}
	pushTen = pushOf("push of 10 instances to 200 subscribers", "", 10, 200, 40)
	fanOut  = pushOf("push of 100 instances to 1000 subscribers", "≤ 100 µs", 100, 1000, 10)
)

// pushOf has one instance of a service change rounds times, of which everybody is
// told.
func pushOf(name, goal string, instances, subscribers, rounds int) workload {
	return workload{
		name: name, goal: goal, conns: subscribers, depth: 1, count: rounds, pushes: true,
		prepare: func(ctx context.Context, conns []*conn) error {
			if _, err := conns[1].call(ctx, registerBatch(serviceName(0), 1, instances-1)); err != nil {
				return err
			}
			for _, c := range conns {
				if _, err := c.call(ctx, subscribe(serviceName(0))); err != nil {
					return err
				}
			}
			return nil
		},
		request: func(i int) *pb.Payload { return register(serviceName(0), 2, fmt.Sprint(1000+i)) },
	}
}

// cpuOf measures every workload in turn on a cluster and on the echo server, each
// with fresh processes. The cluster goes first: the echo server answers with what
// it answered.
func cpuOf(workloads ...workload) func(context.Context, *lab) error {
	return func(ctx context.Context, l *lab) error {
		r := &results{}
		for i := range l.count(l.rounds, 1) {
			l.say("round %d", i+1)
			for _, w := range workloads {
				w.conns, w.count, w.rest = l.count(w.conns, 10), l.count(w.count, min(w.count, 20)), l.wait(pushPause)
				if err := w.once(ctx, l, r); err != nil {
					return fmt.Errorf("%s: %w", w.name, err)
				}
			}
		}
		r.report(l)
		return nil
	}
}

func (w workload) once(ctx context.Context, l *lab, r *results) error {
	cluster, err := l.start(ctx)
	if err != nil {
		return err
	}
	member, err := w.onCluster(ctx, cluster)
	if err := errors.Join(err, cluster.Kill()); err != nil {
		return err
	}
	echo, err := w.onEcho(ctx, member.answer)
	if err != nil {
		return fmt.Errorf("echo: %w", err)
	}
	r.add(w, member, echo)
	return nil
}

func serviceName(i int) string { return fmt.Sprintf("com.example.bench.Service%03d", i) }

// onCluster runs the workload on the first of three members.
func (w workload) onCluster(ctx context.Context, c *loopback.Cluster) (cost, error) {
	conns, err := dialAll(ctx, c.Members[0].GRPCAddress(), w.conns)
	if err != nil {
		return cost{}, err
	}
	defer closeAll(conns)
	if w.prepare != nil {
		if err := w.prepare(ctx, conns); err != nil {
			return cost{}, err
		}
	}
	if _, err := c.WaitAgreed(ctx); err != nil {
		return cost{}, err
	}
	pids := []int{c.Members[0].PID(), c.Members[1].PID(), c.Members[2].PID()}
	return w.measure(ctx, conns, pids, func(ctx context.Context, i int) (*pb.Payload, error) {
		return conns[0].call(ctx, w.request(i))
	})
}

// onEcho runs the workload on an echo server that answers, or pushes, answer.
func (w workload) onEcho(ctx context.Context, answer *pb.Payload) (cost, error) {
	server, err := startEcho(ctx)
	if err != nil {
		return cost{}, err
	}
	defer server.stop()
	conns, err := dialAll(ctx, server.address, w.conns)
	if err != nil {
		return cost{}, err
	}
	defer closeAll(conns)
	learn := &pb.Payload{Metadata: &pb.Metadata{Type: learnRequest}, Body: answer.GetBody()}
	if _, err := conns[0].requests.Request(ctx, learn); err != nil {
		return cost{}, err
	}
	return w.measure(ctx, conns, []int{server.pid}, func(ctx context.Context, _ int) (*pb.Payload, error) {
		return conns[0].requests.Request(ctx, payload(pushRequest, "{}"))
	})
}

// measure drives the workload and reads CPU times before and after. trigger
// causes one round of pushes.
func (w workload) measure(ctx context.Context, conns []*conn, pids []int,
	trigger func(context.Context, int) (*pb.Payload, error),
) (cost, error) {
	quiet(ctx, conns)
	before, err := readings(pids)
	if err != nil {
		return cost{}, err
	}
	var out cost
	operations := w.count
	if w.pushes {
		operations *= len(conns)
		out.answer, out.acked, err = w.drivePushes(ctx, conns, trigger)
	} else {
		out.answer, err = w.driveCalls(ctx, conns)
	}
	if err != nil {
		return cost{}, err
	}
	quiet(ctx, conns)
	after, err := readings(pids)
	if err != nil {
		return cost{}, err
	}
	out.server = (after[0] - before[0]) / time.Duration(operations)
	for i := range pids {
		out.all += (after[i] - before[i]) / time.Duration(operations)
	}
	return out, nil
}

func readings(pids []int) (out []time.Duration, err error) {
	for _, pid := range pids {
		used, err := cpu(pid)
		if err != nil {
			return nil, err
		}
		out = append(out, used)
	}
	return out, nil
}

// quiet lets the servers settle and throws away pushes that nobody waits for.
func quiet(ctx context.Context, conns []*conn) {
	timer := time.NewTimer(settle)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
	for _, c := range conns {
		for len(c.pushes) > 0 {
			<-c.pushes
		}
	}
}

// driveCalls keeps depth calls in flight on every connection. The i-th request
// goes to connection i modulo their number.
func (w workload) driveCalls(ctx context.Context, conns []*conn) (*pb.Payload, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var (
		workers sync.WaitGroup
		last    atomic.Pointer[pb.Payload]
	)
	for n, c := range conns {
		var next atomic.Int64
		for range w.depth {
			workers.Go(func() {
				for ctx.Err() == nil {
					i := n + int(next.Add(1)-1)*len(conns)
					if i >= w.count {
						return
					}
					answer, err := c.call(ctx, w.request(i))
					if err != nil {
						cancel(err)
						return
					}
					last.Store(answer)
				}
			})
		}
	}
	workers.Wait()
	return last.Load(), context.Cause(ctx)
}

// pushPause, between rounds of pushes, is longer than any merging of changes.
const pushPause = 600 * time.Millisecond

// drivePushes causes one round of pushes at a time and waits until every
// connection has got and acknowledged its own.
func (w workload) drivePushes(ctx context.Context, conns []*conn,
	trigger func(context.Context, int) (*pb.Payload, error),
) (answer *pb.Payload, acked []time.Duration, err error) {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Minute)
	defer cancel()
	var last []byte
	for i := range w.count {
		if err := pause(ctx, w.rest); err != nil {
			return nil, nil, err
		}
		began := time.Now()
		if _, err := trigger(ctx, i); err != nil {
			return nil, nil, err
		}
		for _, c := range conns {
			select {
			case last = <-c.pushes:
			case <-ctx.Done():
				return nil, nil, fmt.Errorf("round %d: wait for pushes: %w", i, context.Cause(ctx))
			}
		}
		acked = append(acked, time.Since(began))
	}
	return payload("NotifySubscriberRequest", string(last)), acked, nil
}
