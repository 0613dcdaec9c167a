package replica

import (
	"context"
	"errors"
	"time"

	"github.com/distro-naming/naming-operator/sidecar/distro"
	"github.com/distro-naming/naming-operator/sidecar/member"
	"github.com/distro-naming/naming-operator/sidecar/naming"
)

// perform does what the engine decided. Calls to peers run beside the loop, as
// many at once as the engine allows, and report back as commands.
func (l *Loop) perform(now time.Time) {
	for actions := l.engine.Take(); len(actions) > 0; actions = l.engine.Take() {
		l.lostTogether(now, actions)
		for _, a := range actions {
			l.performOne(now, a)
		}
		l.postAll()
	}
}

func (l *Loop) performOne(now time.Time, a distro.Action) {
	switch a := a.(type) {
	case distro.Send:
		r := l.registry.Record(a.Client)
		if r == nil { // gone since it was planned; the removal is planned too
			l.engine.Finished(now, a.Ticket, distro.Result{})
			return
		}
		l.tell(a.To, errand{a.Ticket, a.Since}, naming.Change{Client: a.Client, Record: l.attributed(r)})
	case distro.Drop:
		l.tell(a.To, errand{a.Ticket, a.Since}, naming.Change{Client: a.Client, Version: a.Version})
	case distro.Verify:
		asking := call{a.To, "verify", l.cfg.VerifyTimeout, time.Time{}}
		l.start(a.Ticket, asking, func(ctx context.Context) (distro.Result, error) {
			different, err := l.transport.Verify(ctx, a.To, a.Marks)
			return distro.Result{Different: different}, err
		})
	case distro.Summarize:
		l.summarize(a)
	case distro.Detail:
		l.detail(a)
	case distro.Load:
		l.load(a)
	case distro.Expire:
		delete(l.beats.last, a.Client)
		l.lose(now, a.Client, naming.Cause{Kind: naming.CauseExpired, Client: a.Client, Reason: string(a.Reason)}, false)
		l.observer.Expired(a.Client, string(a.Reason))
	case distro.Adopt:
		l.adopt(now, a.Client)
	case distro.Yield:
		delete(l.beats.last, a.Client)
		delete(l.departures.holds, a.Client)
	}
}

// call says whom an outbound call goes to, what it is, how long it may take, and
// since when there is something that the peer does not know, if so.
type call struct {
	to      member.Address
	kind    string
	timeout time.Duration
	since   time.Time
}

// start runs one call to a peer beside the loop and reports its end.
func (l *Loop) start(t distro.Ticket, c call, do func(context.Context) (distro.Result, error)) {
	v1 := l.view.V1(c.to) // it is told in another way, and observed there
	l.calls.Go(func() {
		ctx, cancel := context.WithTimeout(l.ctx, c.timeout)
		defer cancel()
		began := time.Now()
		result, err := do(ctx)
		if !v1 {
			l.observer.Called(c.to, c.kind, time.Since(began), err)
		}
		if err == nil && !c.since.IsZero() && !v1 {
			l.observer.Acknowledged(c.to, time.Since(c.since))
		}
		result.Err = err
		l.report(func(now time.Time) { l.engine.Finished(now, t, result) })
	})
}

// load asks a peer for everything and offers what it gives to the engine, part
// by part, for as long as parts come. The next part is asked for when one was
// taken.
func (l *Loop) load(a distro.Load) {
	l.calls.Go(func() {
		ctx, cancel := context.WithCancelCause(l.ctx)
		defer cancel(nil)
		late := time.AfterFunc(l.cfg.LoadTimeout, func() { cancel(context.DeadlineExceeded) })
		defer late.Stop()
		began := time.Now()
		complete, err := l.transport.Load(ctx, a.From, a.Except, func(records []*naming.Record, more int) error {
			late.Reset(l.cfg.LoadTimeout)
			return l.hearsay(ctx, a.From, records, more)
		})
		l.observer.Called(a.From, "load", time.Since(began), err)
		l.report(func(now time.Time) {
			l.engine.Finished(now, a.Ticket, distro.Result{Err: err, Complete: complete, Busy: errors.Is(err, naming.ErrBusy)})
		})
	})
}

// mostExpected bounds the clients that room is made for before they are known, lest
// a peer's word takes more memory than its records could.
const mostExpected = 1 << 20

// hearsay offers what a peer gave to the engine, in one command, so that readers
// see all of it or nothing.
func (l *Loop) hearsay(ctx context.Context, from member.Address, records []*naming.Record, more int) error {
	more = min(len(records)+more, mostExpected)
	return l.call(ctx, func(now time.Time) error {
		l.engine.Expect(more)
		l.registry.Expect(more)
		for _, r := range records {
			if err := l.offered(now, from, r, false); err != nil {
				l.log.V(1).Info("hearsay refused", "peer", from, "reason", err.Error())
			}
		}
		return nil
	})
}

// adopt takes over an HTTP client that the ring gave to this member: its beats
// count from now, so that nobody expires by the move itself.
func (l *Loop) adopt(now time.Time, c naming.ClientID) {
	if r := l.registry.Record(c); r != nil {
		for _, p := range r.Publications() {
			l.beats.heard(now, c, p.Service)
		}
	}
}
