package push

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/distro-naming/naming-operator/sidecar/naming"
)

var web = naming.ServiceKey{Namespace: "public", Group: "DEFAULT_GROUP", Name: "web"}

// registry is a source whose view of every service has the reference it was
// last set to.
type registry struct {
	mu  sync.Mutex
	ref int64
}

func (r *registry) change(h *Hub, s naming.ServiceKey) {
	r.mu.Lock()
	r.ref++
	r.mu.Unlock()
	h.Touch(s)
}

func (r *registry) view(s naming.ServiceKey) *naming.View {
	r.mu.Lock()
	defer r.mu.Unlock()
	return &naming.View{Service: s, LastRef: r.ref}
}

// subscriber records what it was given, and when.
type subscriber struct {
	mu    sync.Mutex
	seen  []int64
	at    []time.Duration
	began time.Time
	block chan struct{} // nil: acknowledge at once
	fail  int           // the next deliveries that fail
}

func (s *subscriber) deliver(_ context.Context, v *naming.View) error {
	if s.block != nil {
		<-s.block
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.seen = append(s.seen, v.LastRef)
	s.at = append(s.at, time.Since(s.began))
	if s.fail > 0 {
		s.fail--
		return errors.New("no acknowledgement")
	}
	return nil
}

// told returns what was delivered, and when.
func (s *subscriber) told() (seen []int64, at []time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.seen), slices.Clone(s.at)
}

func (s *subscriber) want(t *testing.T, want ...int64) {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	if fmt.Sprint(s.seen) != fmt.Sprint(want) {
		t.Errorf("delivered %v at %v, want %v", s.seen, s.at, want)
	}
}

// elapse lets d pass on the bubble's clock and then waits until all is quiet.
func elapse(d time.Duration) {
	time.Sleep(d) //nolint:forbidigo // fake clock: returns at once
	synctest.Wait()
}

// bubble runs a test with a running hub in fake time.
func bubble(t *testing.T, cfg Config, run func(t *testing.T, h *Hub, r *registry)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		ctx, stop := context.WithCancel(t.Context())
		r := &registry{}
		h := New(cfg, r.view, func(time.Duration, error) {})
		done := make(chan error, 1)
		go func() { done <- h.Run(ctx) }()
		run(t, h, r)
		stop()
		if err := <-done; err != nil {
			t.Errorf("Run: %v", err)
		}
	})
}

func TestLoneChangeIsDeliveredAtOnce(t *testing.T) {
	bubble(t, DefaultConfig(), func(t *testing.T, h *Hub, r *registry) {
		s := &subscriber{began: time.Now()}
		h.Subscribe("c1", web, s.deliver)
		r.change(h, web)
		elapse(0)
		s.want(t, 1)
	})
}

func TestBurstIsDeliveredOnceMore(t *testing.T) {
	bubble(t, DefaultConfig(), func(t *testing.T, h *Hub, r *registry) {
		s := &subscriber{began: time.Now()}
		h.Subscribe("c1", web, s.deliver)
		r.change(h, web)
		elapse(0)
		for range 100 {
			r.change(h, web)
		}
		elapse(time.Second)
		s.want(t, 1, 101)
	})
}

// The window is short while there is little to deliver, and grows with it.
func TestWindowGrowsWithTheLoad(t *testing.T) {
	tests := map[string]struct {
		subscribers int
		want        int // rounds in the second after a first one, with a change every millisecond
	}{
		"few subscribers see most of it":      {1, 20},
		"many are told twice a second":        {2000, 2},
		"in between the window is in between": {100, 10},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			bubble(t, DefaultConfig(), func(t *testing.T, h *Hub, r *registry) {
				subs := make([]*subscriber, tc.subscribers)
				for i := range subs {
					subs[i] = &subscriber{began: time.Now()}
					h.Subscribe(naming.ClientID(fmt.Sprint("c", i)), web, subs[i].deliver)
				}
				r.change(h, web)
				elapse(0)
				for range 1000 {
					r.change(h, web)
					elapse(time.Millisecond)
				}
				seen, at := subs[0].told()
				if rounds := len(seen) - 1; rounds < tc.want/2 || rounds > tc.want {
					t.Errorf("%d rounds at %v, want about %d", rounds, at, tc.want)
				}
				elapse(time.Second)
				if seen, _ = subs[0].told(); seen[len(seen)-1] != 1001 {
					t.Errorf("delivered last is %d, want the newest, 1001", seen[len(seen)-1])
				}
				if h.Merged() == 0 {
					t.Error("no change was merged")
				}
			})
		})
	}
}

func TestRetriesBecomeRare(t *testing.T) {
	bubble(t, DefaultConfig(), func(t *testing.T, h *Hub, r *registry) {
		s := &subscriber{began: time.Now(), fail: 8}
		h.Subscribe("c1", web, s.deliver)
		r.change(h, web)
		elapse(2 * time.Minute)
		var pauses []time.Duration
		_, at := s.told()
		for i := range at[1:] {
			pauses = append(pauses, at[i+1]-at[i])
		}
		want := "[1s 2s 4s 8s 16s 30s 30s]"
		if fmt.Sprint(pauses) != want {
			t.Errorf("pauses %v, want %s", pauses, want)
		}
	})
}

func TestSlowSubscriberGetsOnlyTheNewest(t *testing.T) {
	bubble(t, DefaultConfig(), func(t *testing.T, h *Hub, r *registry) {
		slow := &subscriber{began: time.Now(), block: make(chan struct{})}
		quick := &subscriber{began: time.Now()}
		h.Subscribe("slow", web, slow.deliver)
		h.Subscribe("quick", web, quick.deliver)
		for range 3 {
			r.change(h, web)
			elapse(time.Second)
		}
		quick.want(t, 1, 2, 3)
		close(slow.block)
		elapse(time.Second)
		slow.want(t, 1, 3)
	})
}

func TestFailedDeliveryIsRetriedWithTheNewest(t *testing.T) {
	bubble(t, DefaultConfig(), func(t *testing.T, h *Hub, r *registry) {
		s := &subscriber{began: time.Now(), fail: 1}
		h.Subscribe("c1", web, s.deliver)
		r.change(h, web)
		elapse(10 * time.Millisecond)
		r.change(h, web)
		elapse(time.Minute)
		s.want(t, 1, 2)
	})
}

func TestNobodyIsToldTwice(t *testing.T) {
	bubble(t, DefaultConfig(), func(t *testing.T, h *Hub, r *registry) {
		s := &subscriber{began: time.Now()}
		h.Subscribe("c1", web, s.deliver)
		r.change(h, web)
		elapse(time.Second)
		h.Touch(web) // nothing changed
		elapse(time.Second)
		s.want(t, 1)
	})
}

func TestNobodyIsToldAgainOfWhatWasUnderWay(t *testing.T) {
	bubble(t, DefaultConfig(), func(t *testing.T, h *Hub, r *registry) {
		s := &subscriber{began: time.Now(), block: make(chan struct{})}
		h.Subscribe("c1", web, s.deliver)
		r.change(h, web)
		elapse(time.Millisecond)
		h.Touch(web) // the answer is the same
		elapse(100 * time.Millisecond)
		close(s.block)
		elapse(time.Minute)
		s.want(t, 1)
	})
}

func TestNewSubscribersAreGreeted(t *testing.T) {
	cfg := DefaultConfig()
	cfg.Greeting = time.Second
	bubble(t, cfg, func(t *testing.T, h *Hub, r *registry) {
		r.change(h, web)
		quiet, told, left := &subscriber{began: time.Now()}, &subscriber{began: time.Now()}, &subscriber{}
		h.Subscribe("quiet", web, quiet.deliver)
		h.Subscribe("left", web, left.deliver)
		elapse(500 * time.Millisecond)
		quiet.want(t)
		h.Unsubscribe("left", web)

		h.Subscribe("told", web, told.deliver)
		r.change(h, web) // all are told of it, and need no greeting any more
		elapse(10 * time.Second)
		quiet.want(t, 2)
		told.want(t, 2)

		h.Subscribe("quiet", web, quiet.deliver) // again: nobody knows what it has seen
		elapse(10 * time.Second)
		quiet.want(t, 2, 2)
		left.want(t)
	})
}

func TestUnsubscribedAreLeftAlone(t *testing.T) {
	bubble(t, DefaultConfig(), func(t *testing.T, h *Hub, r *registry) {
		gone, left := &subscriber{fail: 9}, &subscriber{}
		h.Subscribe("gone", web, gone.deliver)
		h.Subscribe("left", web, left.deliver)
		r.change(h, web)
		elapse(0)
		h.Unsubscribe("left", web)
		h.Forget("gone")
		r.change(h, web)
		elapse(time.Minute)
		gone.want(t, 1)
		left.want(t, 1)
		if got := h.Subscriptions(); got != (Subscriptions{}) {
			t.Errorf("Subscriptions() = %+v, want none", got)
		}
	})
}

func TestSubscriptionsAreCountedByState(t *testing.T) {
	bubble(t, DefaultConfig(), func(t *testing.T, h *Hub, r *registry) {
		release := make(chan struct{})
		for c, s := range map[naming.ClientID]*subscriber{"well": {}, "slow": {block: release}, "broken": {fail: 9}} {
			h.Subscribe(c, web, s.deliver)
		}
		r.change(h, web)
		elapse(time.Millisecond)
		if got, want := h.Subscriptions(), (Subscriptions{Settled: 1, Delivering: 1, Waiting: 1}); got != want {
			t.Errorf("Subscriptions() = %+v, want %+v", got, want)
		}
		close(release)
	})
}

func TestDeliveriesInFlightAreBounded(t *testing.T) {
	cfg := DefaultConfig()
	cfg.Parallel = 2
	bubble(t, cfg, func(t *testing.T, h *Hub, r *registry) {
		release := make(chan struct{})
		subs := make([]*subscriber, 5)
		for i := range subs {
			subs[i] = &subscriber{block: release}
			h.Subscribe(naming.ClientID(fmt.Sprint("c", i)), web, subs[i].deliver)
		}
		r.change(h, web)
		elapse(0)
		h.mu.Lock()
		busy := h.busy
		h.mu.Unlock()
		if busy != 2 {
			t.Errorf("in flight = %d, want 2", busy)
		}
		close(release)
		elapse(time.Second)
		for _, s := range subs {
			s.want(t, 1)
		}
	})
}

// Those that read nothing take no place from the others: these wait for a moment,
// not until an acknowledgement is given up.
func TestSubscribersThatReadNothingDelayNobody(t *testing.T) {
	cfg := DefaultConfig()
	cfg.Parallel = 2
	bubble(t, cfg, func(t *testing.T, h *Hub, r *registry) {
		release := make(chan struct{})
		for i := range 5 {
			deaf := &subscriber{block: release}
			h.Subscribe(naming.ClientID(fmt.Sprint("deaf", i)), web, deaf.deliver)
		}
		r.change(h, web)
		elapse(5 * cfg.Slow)
		reader := &subscriber{}
		h.Subscribe("reader", web, reader.deliver)
		r.change(h, web)
		elapse(0)
		reader.want(t, 2)
		r.change(h, web) // what the others have not read is replaced, not added to
		elapse(time.Second)
		reader.want(t, 2, 3)
		waiting := 0
		h.mu.Lock()
		for _, sub := range h.services[web].subscribers {
			if sub.next != nil {
				waiting++
			}
		}
		held := len(h.queue)
		h.mu.Unlock()
		if waiting != 5 || held != 0 {
			t.Errorf("%d views wait and %d are queued, want one for each of 5", waiting, held)
		}
		close(release)
		elapse(time.Second)
		reader.want(t, 2, 3)
	})
}
