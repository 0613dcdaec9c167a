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
		for _, s := range h.takeDue(time.Now()) {
			h.round(ctx, s, h.source(s)) // outside the lock: the source may wait for the replica
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

// takeDue returns the services whose subscribers are to be told now.
func (h *Hub) takeDue(now time.Time) []naming.ServiceKey {
	h.mu.Lock()
	defer h.mu.Unlock()
	var out []naming.ServiceKey
	for s, at := range h.due {
		if at.After(now) {
			continue
		}
		out = append(out, s)
		delete(h.due, s)
		h.services[s].last = now
	}
	for sub, at := range h.retries {
		if !at.After(now) && h.busy < h.cfg.Parallel {
			delete(h.retries, sub)
			out = append(out, sub.service)
		}
	}
	return out
}

// sleep returns the time until something is due. Retries that wait for a free
// place are woken by the delivery that frees it.
func (h *Hub) sleep(now time.Time) time.Duration {
	h.mu.Lock()
	defer h.mu.Unlock()
	wait := time.Hour
	for _, at := range h.due {
		wait = min(wait, at.Sub(now))
	}
	if h.busy < h.cfg.Parallel {
		for _, at := range h.retries {
			wait = min(wait, at.Sub(now))
		}
	}
	return max(wait, 0)
}

// round starts a delivery to every subscriber of s that has not seen v and has
// none in flight. Whoever finds no free place is retried when one is free.
func (h *Hub) round(ctx context.Context, s naming.ServiceKey, v *naming.View) {
	h.mu.Lock()
	defer h.mu.Unlock()
	w := h.services[s]
	if w == nil {
		return
	}
	for _, sub := range w.subscribers {
		switch _, paused := h.retries[sub]; {
		case sub.seen >= v.LastRef, paused:
		case sub.busy:
			sub.behind = true
		case h.busy >= h.cfg.Parallel:
			h.retries[sub] = time.Time{}
		default:
			h.start(ctx, sub, v)
		}
	}
}

// start delivers v to one subscriber, with the lock held.
func (h *Hub) start(ctx context.Context, sub *subscription, v *naming.View) {
	sub.busy, sub.behind = true, false
	h.busy++
	h.inFlight.Go(func() {
		began := time.Now()
		err := sub.deliver(ctx, v)
		h.observe(time.Since(began), err)
		h.finished(sub, v, err)
	})
}

func (h *Hub) finished(sub *subscription, v *naming.View, err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	defer h.signal()
	h.busy--
	sub.busy = false
	if sub.gone {
		return
	}
	if err != nil {
		sub.pause = min(max(2*sub.pause, h.cfg.RetryMin), h.cfg.RetryMax)
		h.retries[sub] = time.Now().Add(sub.pause)
		return
	}
	sub.seen, sub.pause = v.LastRef, 0
	if sub.behind {
		h.retries[sub] = time.Now()
	}
}
