package stream

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/distro-naming/naming-operator/sidecar/frame"
)

// looks is how often within AnswerWithin a stream is looked at.
const looks = 4

// Run greets the peer over a new pipe, tells so, and carries what is posted until
// the pipe breaks or ctx ends; the context that open is given ends with Run. What
// is not acknowledged then is kept for the next Run, if that comes within
// ResumeWithin and the peer still knows what it has taken.
func (s *Sender) Run(ctx context.Context, open func(context.Context) (Pipe, error), greeted func()) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	pipe, err := open(ctx)
	if err != nil {
		return fmt.Errorf("open stream to %s: %w", s.to, err)
	}
	if err := s.greet(pipe, cancel); err != nil {
		return fmt.Errorf("greet %s: %w", s.to, err)
	}
	s.tell()
	greeted()
	ended, wrote := make(chan error, 1), make(chan struct{})
	go func() { defer close(wrote); s.write(ctx, pipe) }()
	go func() { ended <- s.listen(pipe) }()
	err = s.watch(ctx, ended)
	cancel(err)
	<-wrote
	s.pause()
	return fmt.Errorf("stream to %s: %w", s.to, err)
}

// greet opens the conversation and finds out where it stands.
func (s *Sender) greet(pipe Pipe, cancel context.CancelCauseFunc) error {
	late := time.AfterFunc(s.cfg.AnswerWithin, func() { cancel(errStalled) })
	defer late.Stop()
	self := s.self()
	s.mu.Lock()
	hello := frame.Hello{
		Member: self.Address, Epoch: self.Epoch, Clock: self.Clock,
		Session: s.window.session, Acked: s.window.acked,
	}
	s.mu.Unlock()
	if err := pipe.Send(hello.Append(nil)); err != nil {
		return err
	}
	welcome, err := expect[frame.Welcome](pipe, "a welcome")
	if err != nil {
		return err
	}
	return s.welcomed(hello, welcome)
}

// welcomed goes on with what was under way, or gives it up if the peer does not
// know of it.
func (s *Sender) welcomed(hello frame.Hello, w frame.Welcome) error {
	s.mu.Lock()
	if s.window.session != hello.Session { // given up while the peer was greeted
		s.mu.Unlock()
		return ErrDown
	}
	if s.giveUp != nil {
		s.giveUp.Stop()
		s.giveUp = nil
	}
	var (
		out settled
		err error
	)
	resumed := s.up && w.Known && w.Epoch == s.epoch
	if resumed {
		out, err = s.window.settle(w.Applied, w.Refused)
		s.window.again = 0
		s.queue = append(out.lacking, s.queue...)
	} else {
		session := hello.Session
		out.ended = s.abandon(errForgotten)
		s.window.session = session
		s.bases.clear()
	}
	s.up, s.epoch = err == nil, w.Epoch
	s.mu.Unlock()
	finish(out.ended)
	if resumed {
		s.observer.Resumed(s.to)
	}
	return err
}

// watch waits for the end: of the pipe, of ctx, or of the patience with a peer
// that acknowledges nothing.
func (s *Sender) watch(ctx context.Context, ended <-chan error) error {
	tick := time.NewTicker(s.cfg.AnswerWithin / looks)
	defer tick.Stop()
	var seen uint64
	idle := 0
	for {
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case err := <-ended:
			return err
		case <-tick.C:
		}
		s.mu.Lock()
		acked, open := s.window.acked, len(s.window.frames) > 0
		s.mu.Unlock()
		if !open || acked != seen {
			seen, idle = acked, 0
		} else if idle++; idle >= looks {
			return errStalled
		}
	}
}

// pause keeps what is under way for a while: the pipe has broken.
func (s *Sender) pause() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.up {
		return
	}
	for id, answer := range s.waiting { // answers came by the pipe that is no more
		close(answer)
		delete(s.waiting, id)
	}
	s.giveUp = time.AfterFunc(s.cfg.ResumeWithin, func() { s.Fail(ErrDown) })
}

// listen takes what the peer says until the pipe ends.
func (s *Sender) listen(pipe Pipe) error {
	for {
		f, err := next(pipe)
		if err != nil {
			return err
		}
		switch f := f.(type) {
		case frame.Ack:
			err = s.acknowledged(f)
		case frame.Buckets:
			s.answer(f.ID, f)
		case frame.Different:
			s.answer(f.ID, f)
		case frame.Failed:
			s.answer(f.ID, f)
		default:
			err = fmt.Errorf("%T: %w", f, errOrder)
		}
		if err != nil {
			return err
		}
	}
}

func (s *Sender) acknowledged(f frame.Ack) error {
	s.mu.Lock()
	out, err := s.window.settle(f.Seq, f.Refused)
	s.queue = append(s.queue, out.lacking...)
	s.mu.Unlock()
	finish(out.ended)
	s.stir()
	return err
}

// write writes what there is, as soon as it may, until ctx or the pipe ends.
func (s *Sender) write(ctx context.Context, pipe Pipe) {
	var began time.Time
	again := time.NewTimer(0)
	defer again.Stop()
	for {
		rest := s.cfg.Pace - time.Since(began)
		for next := s.next(rest <= 0); next != nil; next = s.next(false) {
			if began = time.Now(); pipe.Send(next) != nil {
				return // who listens is told why
			}
			rest = s.cfg.Pace
			s.observer.Framed(s.to, len(next))
		}
		if rest > 0 {
			again.Reset(rest)
		}
		select {
		case <-ctx.Done():
			return
		case <-s.wake:
		case <-again.C:
		}
	}
}

// next returns the frame that may be written now, or nil. The first change after
// a pause goes at once; those that follow are gathered until it is acknowledged
// and it is their turn, or until they fill a frame.
func (s *Sender) next(turn bool) []byte {
	s.mu.Lock()
	w := &s.window
	switch {
	case w.again < len(w.frames): // on a new pipe
		f := w.frames[w.again].frame
		w.again++
		s.mu.Unlock()
		return f
	case len(s.queue) == 0 || w.bytes >= s.cfg.WindowBytes:
		s.mu.Unlock()
		return nil
	case s.queue[0].question != nil:
		f := s.queue[0].question
		s.queue = s.queue[1:]
		s.mu.Unlock()
		return f
	case (!turn || len(w.frames) > 0) && len(s.queue) < s.cfg.FrameItems:
		s.mu.Unlock()
		return nil
	}
	session, seq, acked := w.session, w.seq+1, w.acked
	parcels := s.queue[:min(len(s.queue), s.cfg.FrameItems)]
	s.mu.Unlock()
	f, n := s.frame(seq, acked, parcels)
	s.mu.Lock()
	defer s.mu.Unlock()
	if w.session != session { // all was given up meanwhile
		return nil
	}
	s.queue = s.queue[n:]
	w.add(f, parcels[:n:n])
	return f
}

// frame writes the first of some parcels, up to a question or a full frame, and
// returns how many they are.
func (s *Sender) frame(seq, acked uint64, parcels []parcel) ([]byte, int) {
	n, b := 0, frame.AppendDelta(s.draft[:0], seq, acked, s.self().Clock)
	for ; n < len(parcels); n++ {
		p := parcels[n]
		if p.question != nil || n > 0 && len(b) >= s.cfg.FrameBytes {
			break
		}
		s.change = s.encoder.Change(s.change[:0], s.bases.part(p.changes[p.place], p.whole))
		b = frame.AppendChange(b, s.change)
	}
	if s.draft = b; cap(b) > 2*s.cfg.FrameBytes { // a large record was in it
		s.draft, s.change = nil, nil
	}
	return slices.Clone(b), n
}
