// Package push delivers the newest view of a service to everyone who watches
// it. The first change after a pause is delivered at once; changes that follow
// within a window are delivered together at its end. The window grows with what
// there is to deliver. A subscriber that is slow or away has one newest view
// waiting, never a queue.
//
// The package knows no wire format: a delivery is a function that sends one
// view to one subscriber and waits for its acknowledgement.
package push

import (
	"context"
	"sync"
	"time"

	"github.com/distro-naming/naming-operator/sidecar/naming"
)

// Config holds the numbers of a Hub.
type Config struct {
	WindowMin   time.Duration // changes of one service within it are delivered together
	WindowMax   time.Duration // to which it grows under load; equal to WindowMin: it never grows
	PerDelivery time.Duration // by which it grows for each delivery of the last second
	RetryMin    time.Duration // pause after the first failed delivery to a subscriber
	RetryMax    time.Duration // pauses double up to this
	Parallel    int           // deliveries in flight over all subscribers, those that are slow left out
	Slow        time.Duration // after which a delivery is slow: it waits on, and its place is another's
	Greeting    time.Duration // after it a new subscriber is told what there is, if it was told nothing by then; 0: never
}

// DefaultConfig returns the numbers that a member runs with. A delivery costs
// some 25 µs of processor; with twenty times that between two rounds, deliveries
// take no more than a twentieth of one. Half a second is what Nacos waits always.
func DefaultConfig() Config {
	return Config{
		WindowMin: 50 * time.Millisecond, WindowMax: 500 * time.Millisecond, PerDelivery: 500 * time.Microsecond,
		RetryMin: time.Second, RetryMax: 30 * time.Second,
		Parallel: 256, Slow: 500 * time.Millisecond,
	}
}

// Deliver sends one view to one subscriber and waits for its acknowledgement.
type Deliver = func(context.Context, *naming.View) error

// Source answers what a service looks like now.
type Source func(naming.ServiceKey) *naming.View

// Hub knows who watches what.
type Hub struct {
	cfg      Config
	source   Source
	observe  func(took time.Duration, err error)
	wake     chan struct{}
	inFlight sync.WaitGroup

	mu       sync.Mutex
	services map[naming.ServiceKey]*watched
	clients  map[naming.ClientID]map[naming.ServiceKey]*subscription
	due      map[naming.ServiceKey]time.Time // services to be looked at
	retries  map[*subscription]time.Time     // failed subscribers to be tried again
	fresh    []newcomer                      // to be greeted, in order of time
	queue    []*subscription                 // wait for a free place
	busy     int
	load     load
	merged   uint64
}

type watched struct {
	subscribers map[naming.ClientID]*subscription
	last        time.Time // when subscribers were last told
}

type subscription struct {
	client  naming.ClientID
	service naming.ServiceKey
	deliver Deliver
	seen    int64        // LastRef of the view last acknowledged
	busy    bool         // a delivery is in flight
	next    *naming.View // the newest, when it has to wait for that or for a free place
	gone    bool
	pause   time.Duration // of the next retry
}

// newcomer is a subscriber that is greeted at a time.
type newcomer struct {
	*subscription

	at time.Time
}

// New returns a Hub that delivers nothing until Run. observe is told of every
// delivery that ended.
func New(cfg Config, source Source, observe func(took time.Duration, err error)) *Hub {
	return &Hub{
		cfg:      cfg,
		source:   source,
		observe:  observe,
		wake:     make(chan struct{}, 1),
		services: map[naming.ServiceKey]*watched{},
		clients:  map[naming.ClientID]map[naming.ServiceKey]*subscription{},
		due:      map[naming.ServiceKey]time.Time{},
		retries:  map[*subscription]time.Time{},
	}
}

// Subscribe makes deliver receive the views of s that are newer than those
// already seen, and after the greeting the one that there is. Subscribing again
// replaces how it is delivered.
func (h *Hub) Subscribe(c naming.ClientID, s naming.ServiceKey, deliver Deliver) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.drop(c, s)
	w := h.services[s]
	if w == nil {
		w = &watched{subscribers: map[naming.ClientID]*subscription{}}
		h.services[s] = w
	}
	sub := &subscription{client: c, service: s, deliver: deliver}
	w.subscribers[c] = sub
	if h.clients[c] == nil {
		h.clients[c] = map[naming.ServiceKey]*subscription{}
	}
	h.clients[c][s] = sub
	if h.cfg.Greeting > 0 {
		h.fresh = append(h.fresh, newcomer{sub, time.Now().Add(h.cfg.Greeting)})
		h.signal()
	}
}

// Unsubscribe ends one subscription.
func (h *Hub) Unsubscribe(c naming.ClientID, s naming.ServiceKey) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.drop(c, s)
}

// Forget ends all subscriptions of a client.
func (h *Hub) Forget(c naming.ClientID) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for s := range h.clients[c] {
		h.drop(c, s)
	}
}

func (h *Hub) drop(c naming.ClientID, s naming.ServiceKey) {
	sub := h.clients[c][s]
	if sub == nil {
		return
	}
	sub.gone, sub.next = true, nil
	delete(h.retries, sub)
	delete(h.clients[c], s)
	if len(h.clients[c]) == 0 {
		delete(h.clients, c)
	}
	delete(h.services[s].subscribers, c)
	if len(h.services[s].subscribers) == 0 {
		delete(h.services, s)
		delete(h.due, s)
	}
}

// Subscriptions are how many there are in each state.
type Subscriptions struct {
	Settled    int // nothing is under way
	Delivering int // a view was sent and not yet acknowledged
	Waiting    int // to be tried again after a failure, or for a free place
}

// Subscriptions counts.
func (h *Hub) Subscriptions() (out Subscriptions) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, list := range h.clients {
		for _, sub := range list {
			_, waits := h.retries[sub]
			switch {
			case sub.busy:
				out.Delivering++
			case waits, sub.next != nil:
				out.Waiting++
			default:
				out.Settled++
			}
		}
	}
	return out
}

// Watched returns how many subscribers each service has that has any.
func (h *Hub) Watched() map[naming.ServiceKey]int {
	h.mu.Lock()
	defer h.mu.Unlock()
	out := make(map[naming.ServiceKey]int, len(h.services))
	for s, w := range h.services {
		out[s] = len(w.subscribers)
	}
	return out
}

// Merged returns how many changes were delivered together with a later one, or
// a subscriber was spared since there was a newer view.
func (h *Hub) Merged() uint64 {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.merged
}

// Touch says that the view of s may have changed. It never waits.
func (h *Hub) Touch(s naming.ServiceKey) {
	now := time.Now()
	h.mu.Lock()
	w := h.services[s]
	_, waiting := h.due[s]
	switch {
	case w == nil:
	case waiting:
		h.merged++
	default:
		h.due[s] = dueAt(now, w.last, h.window(now))
	}
	h.mu.Unlock()
	if w != nil && !waiting {
		h.signal()
	}
}

// window is how long changes of one service are collected now.
func (h *Hub) window(now time.Time) time.Duration {
	grown := time.Duration(h.load.of(now) * float64(h.cfg.PerDelivery))
	return min(max(grown, h.cfg.WindowMin), h.cfg.WindowMax)
}

// dueAt is when subscribers are told of a change that happened now, last having
// been the previous time: at once after a pause, else when the window ends.
func dueAt(now, last time.Time, window time.Duration) time.Time {
	if end := last.Add(window); end.After(now) {
		return end
	}
	return now
}

func (h *Hub) signal() {
	select {
	case h.wake <- struct{}{}:
	default:
	}
}
