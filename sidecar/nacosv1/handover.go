package nacosv1

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/distro-naming/naming-operator/sidecar/naming"
	"github.com/distro-naming/naming-operator/sidecar/wire"
)

// leastBeat bounds how often beats are sent for one instance.
const leastBeat = time.Second

// place is one endpoint in a service.
type place struct {
	naming.ServiceKey
	naming.Endpoint
}

// task is what is to be told about a place to the member that owns its service.
type task struct {
	instance naming.Instance
	held     bool // by a connection, until it ends; otherwise only until it is listed there
	ended    bool
	told     bool // the member was told of the instance as it is now
	due      time.Time
	pause    time.Duration
}

// handover is what clients of this member publish in services of another one.
type handover struct {
	mu    sync.Mutex
	tasks map[naming.ServiceKey]map[naming.Endpoint]*task
}

func newHandover() handover {
	return handover{tasks: map[naming.ServiceKey]map[naming.Endpoint]*task{}}
}

// plan takes note of what own clients publish in services, as far as the member
// owns those.
func (l *link) plan(ctx context.Context, services []naming.ServiceKey) error {
	theirs := slices.DeleteFunc(slices.Clone(services), func(s naming.ServiceKey) bool {
		owner, _ := l.x.deps.Catalog.ServiceOwner(s)
		if owner != l.to {
			l.handed.leave(s)
		}
		return owner != l.to
	})
	if len(theirs) == 0 {
		return nil
	}
	own, err := l.x.deps.Catalog.Own(ctx, theirs)
	if err != nil {
		return err
	}
	now := time.Now()
	for _, s := range theirs {
		l.handed.update(now, s, own[s])
	}
	return nil
}

// leave forgets a service that the member does not own any more.
func (h *handover) leave(s naming.ServiceKey) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.tasks, s)
}

// update replaces what is known of a service. What a connection held is taken
// back when it has ended; all else is the member's own from when it lists it.
func (h *handover) update(now time.Time, s naming.ServiceKey, own naming.Own) {
	h.mu.Lock()
	defer h.mu.Unlock()
	was, is := h.tasks[s], map[naming.Endpoint]*task{}
	want := func(list []naming.Instance, held bool) {
		for _, i := range list {
			t := was[i.Endpoint()]
			if t == nil || t.ended || !t.instance.Equal(i) {
				t = &task{instance: i, due: now}
			}
			t.held = held
			is[i.Endpoint()] = t
		}
	}
	want(own.Beats, false)
	want(own.Held, true)
	for e, t := range was {
		if is[e] != nil || !t.held && !t.ended {
			continue
		}
		if !t.ended {
			t = &task{instance: t.instance, ended: true, due: now}
		}
		is[e] = t
	}
	if h.tasks[s] = is; len(is) == 0 {
		delete(h.tasks, s)
	}
}

func (h *handover) pending() (n int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, of := range h.tasks {
		for _, t := range of {
			if !t.told {
				n++
			}
		}
	}
	return n
}

// take returns the tasks that are due, at most n, and puts them off for as long
// as doing one may take.
func (h *handover) take(now time.Time, n int, within time.Duration) map[place]task {
	h.mu.Lock()
	defer h.mu.Unlock()
	out := map[place]task{}
	for s, of := range h.tasks {
		for e, t := range of {
			if len(out) < n && !t.due.After(now) {
				t.due = now.Add(within)
				out[place{s, e}] = *t
			}
		}
	}
	return out
}

// done notes how it went, unless something else is to be told by now.
func (h *handover) done(now time.Time, p place, did task, known bool, err error, cfg Config) {
	h.mu.Lock()
	defer h.mu.Unlock()
	t := h.tasks[p.ServiceKey][p.Endpoint]
	if t == nil || t.ended != did.ended || !t.instance.Equal(did.instance) {
		return
	}
	switch {
	case err != nil:
		t.pause = min(max(2*t.pause, cfg.RetryFrom), cfg.RetryTo)
		t.due = now.Add(t.pause)
	case did.ended:
		if delete(h.tasks[p.ServiceKey], p.Endpoint); len(h.tasks[p.ServiceKey]) == 0 {
			delete(h.tasks, p.ServiceKey)
		}
	default:
		t.told, t.pause = known, 0
		if t.due = now.Add(beatEvery(t.instance, cfg)); !known {
			t.due = now
		}
	}
}

// beatEvery is how often beats are sent for an instance.
func beatEvery(i naming.Instance, cfg Config) time.Duration {
	asked := time.Duration(wire.Interval(i.Metadata)) * time.Millisecond
	return max(min(asked, cfg.BeatEvery), leastBeat)
}

// handOver does what is due until ctx ends.
func (l *link) handOver(ctx context.Context) {
	for sleep(ctx, l.x.cfg.MergeFor/2) {
		var calls sync.WaitGroup
		places := make(chan struct{}, l.x.cfg.InFlight)
		for p, t := range l.handed.take(time.Now(), l.x.cfg.Batch, l.x.cfg.LoadWithin) {
			places <- struct{}{}
			calls.Go(func() {
				defer func() { <-places }()
				known, err := l.hand(ctx, p, t)
				if ctx.Err() == nil {
					l.note(p, err)
				}
				l.handed.done(time.Now(), p, t, known, err, l.x.cfg)
			})
		}
		calls.Wait()
	}
}

// note logs that the owner was not told, and aloud, but once until it is, what will
// not end by itself.
func (l *link) note(p place, err error) {
	level := 1
	if forbidden := errors.Is(err, errForbidden); forbidden && !l.forbidden.Swap(true) {
		level = 0
	} else if err == nil {
		l.forbidden.Store(false)
		return
	}
	l.x.cfg.Log.V(level).Info("owner was not told", "member", l.to, "service", p.String(), "reason", err.Error())
}

// hand tells the member about one instance. known is false when it does not know
// the instance (any more), and must be told of all of it.
func (l *link) hand(ctx context.Context, p place, t task) (known bool, err error) {
	switch {
	case t.ended && l.listed(p):
		return true, nil // somebody else publishes it by now
	case t.ended:
		_, err := l.x.tell(ctx, l.to, call{kind: "hand", method: http.MethodDelete, path: wire.InstancePath, query: identity(p)})
		return true, err
	case !t.told || !t.held:
		return true, l.register(ctx, p, t)
	}
	body, err := l.x.tell(ctx, l.to, call{kind: "hand", method: http.MethodPut, path: wire.BeatPath, query: identity(p)})
	if err != nil {
		return true, err
	}
	var result struct{ Code int }
	if err := json.Unmarshal(body, &result); err != nil {
		return true, err
	}
	return result.Code != wire.BeatUnknown, nil
}

// register gives the member an instance. One whose client beats is its own from
// then on, as soon as it lists it: the client's beats go there.
func (l *link) register(ctx context.Context, p place, t task) error {
	form := identity(p)
	metadata, err := json.Marshal(t.instance.Metadata)
	if err != nil {
		return err
	}
	if len(t.instance.Metadata) > 0 {
		form.Set("metadata", string(metadata))
	}
	form.Set("weight", strconv.FormatFloat(t.instance.Weight, 'f', -1, 64))
	form.Set("enabled", strconv.FormatBool(t.instance.Enabled))
	form.Set("healthy", strconv.FormatBool(t.instance.Healthy))
	_, err = l.x.tell(ctx, l.to, call{
		kind: "hand", method: http.MethodPost, path: wire.InstancePath, form: true, body: []byte(form.Encode()),
	})
	if err == nil && !t.held {
		err = l.x.deps.Inbox.Given(ctx, p.ServiceKey, t.instance)
	}
	return err
}

// listed reports whether a place is listed here though its client has ended.
func (l *link) listed(p place) bool {
	return slices.ContainsFunc(l.x.deps.Catalog.View(p.ServiceKey).Hosts, func(i naming.Instance) bool {
		return i.Endpoint() == p.Endpoint
	})
}

func identity(p place) url.Values {
	return url.Values{
		"namespaceId": {p.Namespace}, "serviceName": {p.Grouped()}, "groupName": {p.Group},
		"ip": {p.IP}, "port": {strconv.Itoa(p.Port)}, "clusterName": {p.Cluster}, "ephemeral": {"true"},
		"encoding": {"UTF-8"}, "nofix": {"1"},
	}
}

// sleep waits; it is false when ctx ends first.
func sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}
