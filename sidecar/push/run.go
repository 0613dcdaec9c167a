package push

import (
	"context"
	"time"

	"github.com/distro-naming/naming-operator/sidecar/naming"
)

// Run delivers until ctx ends, and returns when no delivery is in flight.
func (h *Hub) Run(ctx context.Context) error {
	defer h.inFlight.Wait()
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	for {
		services, subscribers := h.takeDue(time.Now())
		for _, s := range services {
			h.round(ctx, s, h.source(s)) // outside the lock: the source may wait for the replica
		}
		for _, sub := range subscribers {
			h.again(ctx, sub, h.source(sub.service))
		}
		timer.Reset(h.sleep(time.Now()))
		select {
		case <-ctx.Done():
			return nil
		case <-h.wake:
		case <-timer.C:
		}
	}
}

// takeDue returns the services whose subscribers are to be told now, and the
// subscribers that are to be greeted or to be tried again.
func (h *Hub) takeDue(now time.Time) (services []naming.ServiceKey, subscribers []*subscription) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for s, at := range h.due {
		if !at.After(now) {
			services = append(services, s)
			delete(h.due, s)
			h.services[s].last = now
		}
	}
	for sub, at := range h.retries {
		if !at.After(now) {
			subscribers = append(subscribers, sub)
			delete(h.retries, sub)
		}
	}
	for len(h.fresh) > 0 && !h.fresh[0].at.After(now) {
		if sub := h.fresh[0].subscription; sub.seen == 0 {
			subscribers = append(subscribers, sub)
		}
		h.fresh = h.fresh[1:]
	}
	return services, subscribers
}

// sleep returns the time until something is due.
func (h *Hub) sleep(now time.Time) time.Duration {
	h.mu.Lock()
	defer h.mu.Unlock()
	wait := time.Hour
	for _, at := range h.due {
		wait = min(wait, at.Sub(now))
	}
	for _, at := range h.retries {
		wait = min(wait, at.Sub(now))
	}
	if len(h.fresh) > 0 {
		wait = min(wait, h.fresh[0].at.Sub(now))
	}
	return max(wait, 0)
}

// round offers v to every subscriber of s.
func (h *Hub) round(ctx context.Context, s naming.ServiceKey, v *naming.View) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if w := h.services[s]; w != nil {
		for _, sub := range w.subscribers {
			h.offer(ctx, sub, v)
		}
	}
}

// again offers v to a subscriber that is greeted, or whose pause is over.
func (h *Hub) again(ctx context.Context, sub *subscription, v *naming.View) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.offer(ctx, sub, v)
}

// offer delivers v to a subscriber that has not seen it: now if it can, else as
// the only one that waits. The lock is held.
func (h *Hub) offer(ctx context.Context, sub *subscription, v *naming.View) {
	if _, paused := h.retries[sub]; paused || sub.gone || sub.seen >= v.LastRef {
		return
	}
	if !sub.busy && h.busy < h.cfg.Parallel {
		h.start(ctx, sub, v)
		return
	}
	switch {
	case sub.next != nil:
		h.merged++
	case !sub.busy:
		h.queue = append(h.queue, sub)
	}
	sub.next = v
}

// place is one of those that deliveries take.
type place struct{ taken bool }

// start delivers v to one subscriber, with the lock held. Subscribers that read
// nothing keep their places for a moment only: nobody waits for them.
func (h *Hub) start(ctx context.Context, sub *subscription, v *naming.View) {
	sub.busy, sub.next = true, nil
	here := &place{taken: true}
	h.busy++
	h.load.add(time.Now())
	h.inFlight.Go(func() {
		began := time.Now()
		slow := time.AfterFunc(h.cfg.Slow, func() {
			h.mu.Lock()
			defer h.mu.Unlock()
			h.leave(ctx, here)
		})
		err := sub.deliver(ctx, v)
		slow.Stop()
		h.observe(time.Since(began), err)
		h.finished(ctx, sub, v, err, here)
	})
}

func (h *Hub) finished(ctx context.Context, sub *subscription, v *naming.View, err error, from *place) {
	h.mu.Lock()
	defer h.mu.Unlock()
	sub.busy = false
	switch {
	case sub.gone:
	case err != nil:
		sub.next = nil // whatever is newest then
		sub.pause = min(max(2*sub.pause, h.cfg.RetryMin), h.cfg.RetryMax)
		h.retries[sub] = time.Now().Add(sub.pause)
		h.signal()
	default:
		sub.seen, sub.pause = v.LastRef, 0
		switch {
		case sub.next == nil:
		case sub.next.LastRef > sub.seen:
			h.queue = append(h.queue, sub)
		default:
			sub.next = nil // it was offered again what was under way
		}
	}
	h.leave(ctx, from)
}

// leave gives up a place, once, and lets those who wait have what is free; the
// lock is held.
func (h *Hub) leave(ctx context.Context, from *place) {
	if from.taken {
		from.taken = false
		h.busy--
	}
	for len(h.queue) > 0 && h.busy < h.cfg.Parallel && ctx.Err() == nil {
		first := h.queue[0]
		h.queue = h.queue[1:]
		if first.next != nil { // it may have unsubscribed
			h.start(ctx, first, first.next)
		}
	}
}
