package stream

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/distro-naming/naming-operator/sidecar/frame"
	"github.com/distro-naming/naming-operator/sidecar/member"
	"github.com/distro-naming/naming-operator/sidecar/naming"
)

// Sender tells one peer changes and asks it questions, over one pipe after the
// other. Its methods may be called by any goroutine, Run by one at a time.
type Sender struct {
	cfg      Config
	to       member.Address
	self     func() member.Node
	news     func(up bool)
	observer Observer

	wake    chan struct{}    // there may be something to write
	encoder frame.Encoder    // of the goroutine that writes
	draft   []byte           // of that goroutine: the frame before
	change  []byte           // of that goroutine: the change before
	bases   bases            // of that goroutine, and of who greets
	telling sync.Mutex       // held while news is told
	told    bool             // the last news
	mu      sync.Mutex       // of all that follows
	up      bool             // the peer has welcomed this member and was not given up
	epoch   int64            // incarnation of that peer
	giveUp  *time.Timer      // runs while there is no pipe
	window  window           // what was written
	queue   []parcel         // what was not
	waiting map[uint64]reply // questions, by id
	asked   uint64
}

// parcel is something to be written: a change of a batch, or a question.
type parcel struct {
	*batch
	place    int
	whole    bool // not as the difference from what the peer should have
	question []byte
}

// batch is some changes that were posted together.
type batch struct {
	changes []naming.Change
	left    int     // of which nothing is known yet
	errs    []error // nil while there is none
	done    func([]error)
}

type reply chan frame.Frame

// NewSender returns the side of the member self towards a peer. news is told
// whenever changes begin or cease to be taken, in order and outside all locks.
func NewSender(cfg Config, to member.Address, self func() member.Node, observer Observer, news func(up bool)) *Sender {
	return &Sender{
		cfg: cfg, to: to, self: self, news: news, observer: observer,
		wake:    make(chan struct{}, 1),
		waiting: map[uint64]reply{},
		window:  window{session: rand.Uint64()}, //nolint:gosec // a name, not a secret
	}
}

// Post takes changes to be told, in order, and reports whether it did; it never
// waits. done is then called once, when it is known what became of all of them:
// with nil if the peer took all, otherwise with an error or nil for each. It
// must return soon and not call the Sender.
func (s *Sender) Post(changes []naming.Change, done func([]error)) bool {
	s.mu.Lock()
	up, before := s.up, len(s.queue)
	if up {
		b := &batch{changes: changes, left: len(changes), done: done}
		for i := range changes {
			s.queue = append(s.queue, parcel{batch: b, place: i})
		}
	}
	full := before < s.cfg.FrameItems && len(s.queue) >= s.cfg.FrameItems
	s.mu.Unlock()
	if before == 0 || full { // else who writes knows that something waits
		s.stir()
	}
	return up
}

// Ask puts a question behind everything posted before and returns the answer.
// The question is made from the id by which its answer is known.
func (s *Sender) Ask(ctx context.Context, question func(id uint64) frame.Frame) (frame.Frame, error) {
	s.mu.Lock()
	if !s.up {
		s.mu.Unlock()
		return nil, ErrDown
	}
	s.asked++
	id, answer := s.asked, make(reply, 1) // buffered: who reads never waits for who asked
	s.waiting[id] = answer
	s.queue = append(s.queue, parcel{question: question(id).Append(nil)})
	s.mu.Unlock()
	s.stir()
	defer s.forget(id)
	select {
	case got, ok := <-answer:
		if failed, is := got.(frame.Failed); is {
			return nil, fmt.Errorf("%s could not look: %s", s.to, failed.Reason)
		}
		if !ok {
			return nil, ErrDown
		}
		return got, nil
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

func (s *Sender) forget(id uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.waiting, id)
}

// answer gives an answer to who asked, if it is still awaited.
func (s *Sender) answer(id uint64, f frame.Frame) {
	s.mu.Lock()
	answer, ok := s.waiting[id]
	delete(s.waiting, id)
	s.mu.Unlock()
	if ok {
		answer <- f
	}
}

func (s *Sender) stir() {
	select {
	case s.wake <- struct{}{}:
	default: // it is going to look anyway
	}
}

// Fail gives everything up that is not acknowledged: it is reported failed, and
// nothing is taken until Run has met the peer again.
func (s *Sender) Fail(err error) {
	s.mu.Lock()
	failed := s.abandon(err)
	s.mu.Unlock()
	finish(failed)
	s.tell()
}

// abandon forgets all that was under way and returns the batches that this ends;
// the lock is held.
func (s *Sender) abandon(err error) (ended []*batch) {
	ended = s.window.fail(err)
	for _, p := range s.queue {
		if p.batch != nil && p.settle(p.place, err) {
			ended = append(ended, p.batch)
		}
	}
	for id, answer := range s.waiting {
		close(answer)
		delete(s.waiting, id)
	}
	if s.giveUp != nil {
		s.giveUp.Stop()
	}
	s.queue, s.up, s.giveUp = nil, false, nil
	s.window = window{session: rand.Uint64()} //nolint:gosec // a name, not a secret
	return ended
}

// settle notes what became of a change and reports whether it was the last one.
func (b *batch) settle(place int, err error) bool {
	if err != nil {
		if b.errs == nil {
			b.errs = make([]error, len(b.changes))
		}
		b.errs[place] = err
	}
	b.left--
	return b.left == 0
}

func finish(ended []*batch) {
	for _, b := range ended {
		b.done(b.errs)
	}
}

// tell says whether changes are taken, if that is news.
func (s *Sender) tell() {
	s.telling.Lock()
	defer s.telling.Unlock()
	s.mu.Lock()
	up := s.up
	s.mu.Unlock()
	if up != s.told {
		s.told = up
		s.news(up)
	}
}

// Up reports whether changes are taken.
func (s *Sender) Up() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.up
}
