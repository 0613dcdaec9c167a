package nacosv1

import (
	"context"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/distro-naming/naming-operator/sidecar/member"
	"github.com/distro-naming/naming-operator/sidecar/naming"
	"github.com/distro-naming/naming-operator/sidecar/wire"
)

// link deals with one member of Nacos 1.x.
type link struct {
	x      *Exchange
	to     member.Address
	cancel context.CancelFunc
	loaded chan struct{} // closed when all it knows was taken over

	mu    sync.Mutex
	dirty map[naming.ServiceKey]struct{}

	// Owned by the goroutine of run.
	shown  map[naming.ServiceKey]bool // services of this member that it was sent a list of
	paused time.Time                  // after a failure nothing is sent before
	pause  time.Duration
	verify time.Time // when checksums are due
	renew  time.Time // when all lists are

	handed    handover
	forbidden atomic.Bool              // it takes this one for no member, and the log says so
	lacks     chan []naming.ServiceKey // lists that differ here
}

func newLink(x *Exchange, to member.Address) *link {
	return &link{
		x: x, to: to, loaded: make(chan struct{}), dirty: map[naming.ServiceKey]struct{}{},
		shown: map[naming.ServiceKey]bool{}, handed: newHandover(), lacks: make(chan []naming.ServiceKey, 1),
	}
}

func (l *link) touch(services ...naming.ServiceKey) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, s := range services {
		l.dirty[s] = struct{}{}
	}
}

func (l *link) take() []naming.ServiceKey {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.dirty) == 0 {
		return nil
	}
	out := slices.SortedFunc(maps.Keys(l.dirty), naming.ServiceKey.Compare)
	clear(l.dirty)
	return out
}

func (l *link) pending() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.dirty) + l.handed.pending()
}

// run takes over what the member knows, and then tells it what it does not.
func (l *link) run(ctx context.Context) {
	if !l.load(ctx) {
		return
	}
	var beside sync.WaitGroup
	defer beside.Wait()
	beside.Go(func() { l.handOver(ctx) })
	beside.Go(func() { l.fetchAll(ctx) })
	tick := time.NewTicker(l.x.cfg.MergeFor)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case now := <-tick.C:
			if now.Before(l.paused) || !l.x.deps.Catalog.Loaded() {
				continue
			}
			if err := l.round(ctx, now); err != nil && ctx.Err() == nil {
				l.failed(now, err)
				continue
			}
			l.pause = 0
		}
	}
}

func (l *link) failed(now time.Time, err error) {
	cfg := l.x.cfg
	l.pause = min(max(2*l.pause, cfg.RetryFrom), cfg.RetryTo)
	l.paused = now.Add(l.pause)
	cfg.Log.V(1).Info("member of 1.x was not told", "member", l.to, "again", l.pause.String(), "reason", err.Error())
}

// load asks until the member has said all it knows. What it owns is taken as
// that; what nobody of 1.x owns may be known to it alone, and is taken too.
func (l *link) load(ctx context.Context) bool {
	for {
		body, err := l.x.tell(ctx, l.to, call{
			kind: "load", method: http.MethodGet, path: wire.DatumsPath, large: true,
			query: url.Values{"encoding": {"UTF-8"}, "nofix": {"1"}},
		})
		if err == nil {
			err = l.x.receive(ctx, l.to, body, func(s naming.ServiceKey) member.Address {
				if owner, v1 := l.x.deps.Catalog.ServiceOwner(s); v1 && owner != l.to {
					return "" // it is asked itself
				}
				return l.to
			})
		}
		if err == nil {
			close(l.loaded)
			return true
		}
		l.failed(time.Now(), err)
		select {
		case <-ctx.Done():
			return false
		case <-time.After(l.pause):
		}
	}
}

// round sends what is due.
func (l *link) round(ctx context.Context, now time.Time) error {
	if now.After(l.renew) {
		l.renew = now.Add(l.x.cfg.RefreshEvery)
		l.touch(l.x.owned()...)
	}
	if touched := l.take(); len(touched) > 0 {
		err := l.plan(ctx, touched)
		if err == nil {
			err = l.push(ctx, l.own(touched))
		}
		if err != nil {
			l.touch(touched...)
			return err
		}
	}
	if now.After(l.verify) {
		l.verify = now.Add(l.x.cfg.VerifyEvery)
		return l.show(ctx)
	}
	return nil
}

// own returns those of the services that this member owns.
func (l *link) own(services []naming.ServiceKey) (own []naming.ServiceKey) {
	for _, s := range services {
		if owner, _ := l.x.deps.Catalog.ServiceOwner(s); owner == l.x.cfg.Self {
			own = append(own, s)
		} else {
			delete(l.shown, s)
		}
	}
	return own
}

// push sends the lists of services. One that has emptied is sent once as such.
func (l *link) push(ctx context.Context, services []naming.ServiceKey) error {
	for batch := range slices.Chunk(services, l.x.cfg.Batch) {
		var lists []wire.Datum
		for _, s := range batch {
			if d := l.x.datum(s); len(d.List) > 0 || l.shown[s] {
				lists = append(lists, d)
			}
		}
		if len(lists) == 0 {
			continue
		}
		put := call{kind: "send", method: http.MethodPut, path: wire.DatumPath, body: wire.Datums(lists)}
		if _, err := l.x.tell(ctx, l.to, put); err != nil {
			return err
		}
		for _, d := range lists {
			if l.shown[d.Service] = true; len(d.List) == 0 {
				delete(l.shown, d.Service)
			}
		}
	}
	return nil
}

// show sends the checksums of all services of this member, also when it has none:
// the other one gives up what it holds of this member and is not named. Health
// travels beside, as lists do not change that of an instance that is known.
func (l *link) show(ctx context.Context) error {
	sums := map[naming.ServiceKey]string{}
	status := map[string]map[string]string{naming.DefaultNamespace: {}}
	for _, s := range l.x.owned() {
		held := l.x.sums.of(l.x.deps.Catalog.View(s))
		sums[s] = held.list
		if status[s.Namespace] == nil {
			status[s.Namespace] = map[string]string{}
		}
		status[s.Namespace][s.Grouped()] = held.service
	}
	l.x.sums.trim(len(sums))
	_, err := l.x.tell(ctx, l.to, call{
		kind: "verify", method: http.MethodPut, path: wire.ChecksumPath,
		query: url.Values{"source": {string(l.x.cfg.Self)}}, body: wire.Checksums(sums),
	})
	for _, namespace := range slices.Sorted(maps.Keys(status)) {
		if err == nil {
			body := wire.ServiceStatus(l.x.cfg.Self, namespace, status[namespace])
			_, err = l.x.tell(ctx, l.to, call{method: http.MethodPost, path: wire.StatusPath, body: body})
		}
	}
	return err
}

// owned returns the services with instances that this member owns.
func (x *Exchange) owned() []naming.ServiceKey {
	return slices.DeleteFunc(x.deps.Catalog.AllServices(), func(s naming.ServiceKey) bool {
		owner, _ := x.deps.Catalog.ServiceOwner(s)
		return owner != x.cfg.Self
	})
}

func (x *Exchange) datum(s naming.ServiceKey) wire.Datum {
	return wire.NewDatum(s, x.deps.Catalog.View(s).Hosts)
}
