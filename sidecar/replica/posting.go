package replica

import (
	"context"
	"sync"
	"time"

	"github.com/distro-naming/naming-operator/sidecar/distro"
	"github.com/distro-naming/naming-operator/sidecar/member"
	"github.com/distro-naming/naming-operator/sidecar/naming"
)

// errand is what is remembered of a Send or Drop under way.
type errand struct {
	ticket distro.Ticket
	since  time.Time // of the oldest change that it brings; zero when there is none
}

// post is what one peer is told at once.
type post struct {
	to      member.Address
	errands []errand
	changes []naming.Change
	began   time.Time
	errs    []error // once it is done; nil when all went well
}

// settling gathers posts that are done until it is somebody's turn to settle them: one
// takes all.
type settling struct {
	mu    sync.Mutex
	posts []*post
}

// tell carries out a Send or Drop: gathered with others of this turn for a peer
// that streams, as a call for any other.
func (l *Loop) tell(to member.Address, e errand, c naming.Change) {
	if !l.streaming[to] {
		l.callWith(to, e, c)
		return
	}
	p := l.outgoing[to]
	if p == nil {
		p = &post{to: to}
		l.outgoing[to] = p
	}
	p.errands, p.changes = append(p.errands, e), append(p.changes, c)
}

// postAll posts what was gathered. A stream that has just ended leaves calls.
func (l *Loop) postAll() {
	for to, p := range l.outgoing {
		delete(l.outgoing, to)
		p.began = time.Now()
		if l.transport.Post(to, p.changes, func(errs []error) { l.posted(p, errs) }) {
			continue
		}
		for i, e := range p.errands {
			l.callWith(to, e, p.changes[i])
		}
	}
}

func (l *Loop) callWith(to member.Address, e errand, c naming.Change) {
	kind := "send"
	if c.Record == nil {
		kind = "drop"
	}
	l.start(e.ticket, call{to, kind, l.cfg.CallTimeout, e.since}, func(ctx context.Context) (distro.Result, error) {
		if c.Record == nil {
			return distro.Result{}, l.transport.Drop(ctx, to, c.Client, c.Version)
		}
		return distro.Result{}, l.transport.Send(ctx, to, c.Record)
	})
}

// posted notes what became of a post; the transport calls it.
func (l *Loop) posted(p *post, errs []error) {
	p.errs = errs
	s := &l.settling
	s.mu.Lock()
	s.posts = append(s.posts, p)
	first := len(s.posts) == 1
	s.mu.Unlock()
	if first {
		l.report(l.settle)
	}
}

// settle tells the engine what became of all posts that are done.
func (l *Loop) settle(now time.Time) {
	s := &l.settling
	s.mu.Lock()
	posts := s.posts
	s.posts = nil
	s.mu.Unlock()
	for _, p := range posts {
		var failed error
		for i, e := range p.errands {
			var result distro.Result
			if p.errs != nil {
				result.Err = p.errs[i]
			}
			if result.Err != nil {
				failed = result.Err
			} else if !e.since.IsZero() {
				l.observer.Acknowledged(p.to, now.Sub(e.since))
			}
			l.engine.Finished(now, e.ticket, result)
		}
		l.observer.Called(p.to, "post", now.Sub(p.began), failed)
	}
}
