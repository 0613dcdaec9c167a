package distro

import (
	"cmp"
	"container/heap"
	"time"

	"github.com/distro-naming/naming-operator/sidecar/member"
	"github.com/distro-naming/naming-operator/sidecar/naming"
)

// outbox holds what peers still have to be told, a lane for each.
//
// Invariants, checked after every step of the simulator:
//   - at most one item for each (peer, client), however often the client changes;
//   - an item in flight does not wait; a change that comes meanwhile is noted as
//     newer, and finishing it makes it wait again;
//   - items are of clients that are known or remembered as ended, so their number
//     is bounded by peers × (clients + tombstones);
//   - when a peer leaves the list, its lane is gone before the call returns.
type outbox struct {
	cfg   Config
	lanes map[member.Address]*lane

	retried, abandoned uint64
}

// lane is what one peer has to be told.
type lane struct {
	items   map[naming.ClientID]*item
	waiting byTime
	resting []*item // told, and kept until their window has passed; in order of coming to rest
	flying  int
	limit   int // of flying
	pace    pace
}

// item is the newest thing to be told about one client.
type item struct {
	client  naming.ClientID
	drop    bool
	version int64 // of a drop

	phase    phase
	since    time.Time // of the oldest change that waits or flies; zero if it does so without a change
	newer    time.Time // in flight, and since then there is something newer to be told
	void     bool      // in flight, and there is nothing to be told any more
	due      time.Time // while waiting
	sent     time.Time // when last in flight; zero if never
	failures int       // since the last success
	place    int       // in the heap
}

type phase int

const (
	resting phase = iota // told
	waiting
	flying
)

func newOutbox(cfg Config) outbox {
	return outbox{cfg: cfg, lanes: map[member.Address]*lane{}}
}

func (o *outbox) join(p member.Address, limit int) {
	if o.lanes[p] == nil {
		o.lanes[p] = &lane{items: map[naming.ClientID]*item{}}
	}
	o.lanes[p].limit = limit
}

func (o *outbox) leave(p member.Address) {
	o.abandoned += uint64(o.pending(p)) //nolint:gosec // a count is not negative
	delete(o.lanes, p)
}

// plan makes news the thing that p has to be told about news.client. The first
// after a pause is due at once, one that follows another at the end of its
// window. Whatever waits already, be it for its window or after a failure,
// keeps its time: it will carry the news.
func (o *outbox) plan(now time.Time, p member.Address, news item) {
	l := o.lanes[p]
	it := l.items[news.client]
	if it == nil {
		it = &item{client: news.client}
		l.items[news.client] = it
	}
	it.drop, it.version, it.void = news.drop, news.version, false
	switch it.phase {
	case flying:
		it.newer = earlier(it.newer, now)
	case resting:
		it.since = now
		l.wait(it, o.window(now, l, it))
	case waiting:
		it.since = earlier(it.since, now)
	}
}

// hurry has p told about c at once, for it has shown that it is wrong about it.
// What is in flight is news to it already.
func (o *outbox) hurry(now time.Time, p member.Address, c naming.ClientID) {
	l := o.lanes[p]
	it := l.items[c]
	if it == nil {
		it = &item{client: c}
		l.items[c] = it
	}
	switch it.phase {
	case resting:
		l.wait(it, now)
	case waiting:
		l.reschedule(it, now)
	case flying:
	}
}

// wake makes everything that waits for p due now: it has come within reach.
func (o *outbox) wake(now time.Time, p member.Address) {
	l := o.lanes[p]
	for _, it := range l.waiting {
		it.due, it.failures = now, 0
	}
	heap.Init(&l.waiting)
}

// window returns when a change to it may be sent.
func (o *outbox) window(now time.Time, l *lane, it *item) time.Time {
	if it.sent.IsZero() {
		return now
	}
	return later(now, it.sent.Add(o.delay(now, l)))
}

// delay is how long changes of one client are kept apart: one SyncDelay for each
// time that the items which the peer has to be told, or was told within the last
// SyncDelay, fill what may be in flight to it; and never more than SyncDelayMax.
func (o *outbox) delay(now time.Time, l *lane) time.Duration {
	load := len(l.waiting) + l.pace.of(now, o.cfg.SyncDelay)
	return min(time.Duration(max(1, load/l.limit))*o.cfg.SyncDelay, o.cfg.SyncDelayMax)
}

// launch returns the next item for p that is due, now in flight, or nil.
func (o *outbox) launch(now time.Time, p member.Address) *item {
	l := o.lanes[p]
	if l.flying >= l.limit || len(l.waiting) == 0 || l.waiting[0].due.After(now) {
		return nil
	}
	it := heap.Pop(&l.waiting).(*item)
	it.phase, it.sent = flying, now
	l.flying++
	l.pace.count(now, o.cfg.SyncDelay)
	if it.failures > 0 {
		o.retried++
	}
	return it
}

// finished ends a flight. Jitter spreads the wait after a failure.
func (o *outbox) finished(now time.Time, p member.Address, c naming.ClientID, err error,
	jitter func(time.Duration) time.Duration,
) {
	l := o.lanes[p]
	it := l.items[c]
	l.flying--
	newer := it.newer
	it.newer = time.Time{}
	switch {
	case it.void:
		l.discard(it)
	case err != nil:
		it.failures++
		it.since = earlier(it.since, newer)
		l.wait(it, now.Add(jitter(o.cfg.pause(it.failures))))
	case !newer.IsZero():
		it.failures, it.since = 0, newer
		l.wait(it, o.window(now, l, it))
	default:
		it.failures, it.since, it.phase = 0, time.Time{}, resting
		l.resting = append(l.resting, it)
	}
}

// pause returns the wait after that many failures in a row.
func (c Config) pause(failures int) time.Duration {
	d := c.RetryMin
	for ; failures > 1 && d < c.RetryMax; failures-- {
		d *= 2
	}
	return min(d, c.RetryMax)
}

// forget drops whatever peers had to be told about c. What is in flight ends
// as it may and is not tried again.
func (o *outbox) forget(peers []member.Address, c naming.ClientID) {
	for _, p := range peers {
		l := o.lanes[p]
		it := l.items[c]
		switch {
		case it == nil:
		case it.phase == flying && !it.void:
			it.newer, it.void = time.Time{}, true
			o.abandoned++
		case it.phase == waiting:
			o.abandoned++
			l.discard(it)
		case it.phase == resting:
			l.discard(it)
		}
	}
}

// tidy discards the items that were told long enough ago.
func (o *outbox) tidy(now time.Time, p member.Address) {
	l := o.lanes[p]
	delay := o.delay(now, l)
	for len(l.resting) > 0 {
		it := l.resting[0]
		if it.phase == resting && it.sent.Add(delay).After(now) {
			return
		}
		l.resting = l.resting[1:]
		if it.phase == resting && l.items[it.client] == it {
			l.discard(it)
		}
	}
}

// next adds the time at which p's first item is due, unless too many are in
// flight: then the end of one is what makes room.
func (o *outbox) next(p member.Address, first *earliest) {
	if l := o.lanes[p]; l.flying < l.limit && len(l.waiting) > 0 {
		first.add(l.waiting[0].due)
	}
}

func (o *outbox) pending(p member.Address) int {
	l := o.lanes[p]
	if l == nil {
		return 0
	}
	return len(l.waiting) + l.flying
}

// waits reports whether p has yet to be told something that is not in flight.
func (o *outbox) waits(p member.Address) bool { return len(o.lanes[p].waiting) > 0 }

func (o *outbox) inFlight(p member.Address) int { return o.lanes[p].flying }

func (l *lane) wait(it *item, due time.Time) {
	it.phase, it.due = waiting, due
	heap.Push(&l.waiting, it)
}

func (l *lane) reschedule(it *item, due time.Time) {
	if due.Before(it.due) {
		it.due = due
		heap.Fix(&l.waiting, it.place)
	}
}

func (l *lane) discard(it *item) {
	if it.phase == waiting {
		heap.Remove(&l.waiting, it.place)
	}
	delete(l.items, it.client)
}

// byTime is a heap of waiting items, equal times in order of client.
type byTime []*item

func (h byTime) Len() int { return len(h) }
func (h byTime) Less(i, j int) bool {
	return cmp.Or(h[i].due.Compare(h[j].due), cmp.Compare(h[i].client, h[j].client)) < 0
}

func (h byTime) Swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	h[i].place, h[j].place = i, j
}

func (h *byTime) Push(x any) {
	it := x.(*item)
	it.place = len(*h)
	*h = append(*h, it)
}

func (h *byTime) Pop() any {
	last := len(*h) - 1
	it := (*h)[last]
	(*h)[last] = nil
	*h = (*h)[:last]
	return it
}

// deliver sends what is due to the peers within reach.
func (e *Engine) deliver() {
	for _, p := range e.peers {
		e.outbox.tidy(e.now, p)
		if !e.reachable[p] {
			continue
		}
		for it := e.outbox.launch(e.now, p); it != nil; it = e.outbox.launch(e.now, p) {
			t := e.issue(errand{kind: delivery, peer: p, client: it.client})
			if it.drop {
				e.emit(Drop{Ticket: t, To: p, Client: it.client, Version: it.version, Since: it.since})
			} else {
				e.emit(Send{Ticket: t, To: p, Client: it.client, Since: it.since})
			}
		}
	}
}
