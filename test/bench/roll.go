package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// mercy is how long the clients of a dead member are listed at least, unless they
// register elsewhere: it is Down of the sidecar's replication.
const mercy = 30 * time.Second

// roll knows which clients of a herd are to be listed, and counts the lists that
// lack one.
type roll struct {
	members map[string][]int // the clients of each service, by its name
	death   time.Time
	broken  atomic.Int64   // new connections that were closed before their clients were back
	back    []atomic.Int64 // of each client: how long after the death it had registered again, 0 while it has not

	mu   sync.Mutex
	seen lists
}

// lists are what bystanders were pushed.
type lists struct {
	pushed  int
	short   int    // lacked a client that was never away for longer than mercy
	late    int    // lacked only clients that were, and rightly so
	example string // what one of the short ones lacked
}

func newRoll(n, services int) *roll {
	r := &roll{members: map[string][]int{}, back: make([]atomic.Int64, n)}
	for i := range n {
		name := serviceName(i % services)
		r.members[name] = append(r.members[name], i)
	}
	return r
}

// returned notes that a client has registered again.
func (r *roll) returned(i int) { r.back[i].Store(int64(time.Since(r.death))) }

// away returns how long the i-th client had no registration, as seen after that
// time since the death.
func (r *roll) away(i int, now time.Duration) time.Duration {
	if back := time.Duration(r.back[i].Load()); back > 0 {
		return back
	}
	return now
}

// all returns when the last one was back.
func (r *roll) all() (last time.Duration) {
	for i := range r.back {
		last = max(last, time.Duration(r.back[i].Load()))
	}
	return last
}

// watchAll watches several connections from now on, which is the death, until the
// returned function is called.
func (r *roll) watchAll(ctx context.Context, conns []*conn) (stop func() error) {
	r.death = time.Now()
	ctx, cancel := context.WithCancel(ctx)
	ended := make(chan error, len(conns))
	for _, c := range conns {
		go func() { ended <- r.watch(ctx, c) }()
	}
	return func() (err error) {
		cancel()
		for range conns {
			err = errors.Join(err, <-ended)
		}
		return err
	}
}

// watch looks at all that is pushed until ctx ends.
func (r *roll) watch(ctx context.Context, c *conn) error {
	for {
		select {
		case body := <-c.pushes:
			if err := r.look(time.Since(r.death), body); err != nil {
				return err
			}
		case <-c.ended:
			return errBystander
		case <-ctx.Done():
			return nil
		}
	}
}

var errBystander = errors.New("the connection of a bystander has ended")

// look counts a list that was pushed that long after the death. Who is listed as
// unhealthy is no better off than who is not: SDKs leave both out.
func (r *roll) look(now time.Duration, body []byte) error {
	var push struct {
		ServiceInfo struct {
			Name  string
			Hosts []struct {
				IP      string
				Healthy bool
			}
		}
	}
	if err := json.Unmarshal(body, &push); err != nil {
		return fmt.Errorf("read a push: %w", err)
	}
	listed := map[string]bool{}
	for _, h := range push.ServiceInfo.Hosts {
		listed[h.IP] = h.Healthy
	}
	missing := slices.DeleteFunc(slices.Clone(r.members[push.ServiceInfo.Name]), func(i int) bool { return listed[address(i)] })
	wrongly := slices.IndexFunc(missing, func(i int) bool { return r.away(i, now) < mercy })
	r.mu.Lock()
	defer r.mu.Unlock()
	r.seen.pushed++
	switch {
	case len(missing) == 0:
	case wrongly < 0:
		r.seen.late++
	default:
		i := missing[wrongly]
		r.seen.short++
		r.seen.example = fmt.Sprintf("%s after the death %s lacked %d, one of them %s, which was away for %s",
			seconds(now), push.ServiceInfo.Name, len(missing), address(i), seconds(r.away(i, now)))
	}
	return nil
}
