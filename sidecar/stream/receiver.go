package stream

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/distro-naming/naming-operator/sidecar/frame"
	"github.com/distro-naming/naming-operator/sidecar/member"
	"github.com/distro-naming/naming-operator/sidecar/naming"
)

// Inbox is what peers may ask of the replica. Digests are those of the engine.
type Inbox interface {
	// Apply takes changes in order; clock is the sender's hybrid time. The first
	// result is nil when all were taken, otherwise an error or nil for each.
	Apply(ctx context.Context, from member.Address, clock int64, changes []naming.Change) ([]error, error)
	// CompareDigest returns nil when what from owns is held alike, otherwise the
	// digests of its parts.
	CompareDigest(ctx context.Context, from member.Address, root [16]byte) ([][16]byte, error)
	// CompareBuckets returns those of the marks that are not held alike.
	CompareBuckets(ctx context.Context, from member.Address, held [16]byte, buckets []uint8, marks []naming.Mark) (
		[]naming.ClientID, error)
	// Remaining returns all records as a member that loads should have them, in no
	// order, in a list that is the caller's own, and whether they are all that this
	// member will ever load.
	Remaining(ctx context.Context) (records []*naming.Record, loaded bool, err error)
}

// Receiver answers the Senders of all peers.
type Receiver struct {
	cfg   Config
	self  func() member.Node
	inbox Inbox

	mu    sync.Mutex
	of    map[member.Address]*series
	loads map[member.Address]bool // that are given a snapshot now
}

// series is what came from one peer, over one pipe after the other.
type series struct {
	mu      sync.Mutex
	begun   bool
	epoch   int64
	session uint64
	applied uint64
	refused []frame.Refusal // of which the peer may not know yet
	turn    uint64          // of the pipe that is listened to
}

// NewReceiver returns the side of the member self that peers speak to.
func NewReceiver(cfg Config, self func() member.Node, inbox Inbox) *Receiver {
	return &Receiver{
		cfg: cfg, self: self, inbox: inbox,
		of: map[member.Address]*series{}, loads: map[member.Address]bool{},
	}
}

// Serve answers a peer's stream until it ends, which is always an error. Of two
// streams of one peer the later one is listened to.
func (r *Receiver) Serve(ctx context.Context, from member.Address, pipe Pipe) error {
	hello, err := expect[frame.Hello](pipe, "a greeting")
	if err != nil {
		return err
	}
	if err := admit(from, hello.Member); err != nil {
		return err
	}
	s := r.series(from)
	welcome, turn := s.greet(hello)
	self := r.self()
	welcome.Epoch, welcome.Clock = self.Epoch, self.Clock
	if err := pipe.Send(welcome.Append(nil)); err != nil {
		return err
	}
	for {
		f, err := next(pipe)
		if err != nil {
			return err
		}
		out, err := r.take(ctx, from, s, turn, f)
		if err != nil {
			return err
		}
		if err := pipe.Send(out.Append(nil)); err != nil {
			return err
		}
	}
}

// admit refuses who says to be another than the member that introduced itself.
// The list is not asked: it does not reach all members at once, and one that
// joins would be told nothing by those who read it later.
func admit(from, said member.Address) error {
	if from == "" || said != from {
		return fmt.Errorf("%w: the connection is of member %q, not %q", ErrRefused, from, said)
	}
	return nil
}

// mostPeers bounds what is remembered of peers. Over it somebody, left to chance,
// begins anew after the next broken stream.
const mostPeers = 4096

func (r *Receiver) series(from member.Address) *series {
	r.mu.Lock()
	defer r.mu.Unlock()
	s := r.of[from]
	if s == nil {
		for other := range r.of {
			if len(r.of) < mostPeers {
				break
			}
			delete(r.of, other)
		}
		s = &series{}
		r.of[from] = s
	}
	return s
}

// greet begins a session, or goes on with it, and ends the turn of the pipe
// before.
func (s *series) greet(h frame.Hello) (frame.Welcome, uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.turn++
	if !s.begun || s.epoch != h.Epoch || s.session != h.Session {
		s.begun, s.epoch, s.session, s.applied, s.refused = true, h.Epoch, h.Session, 0, nil
		return frame.Welcome{}, s.turn
	}
	s.seen(h.Acked)
	return frame.Welcome{Known: true, Applied: s.applied, Refused: s.refused}, s.turn
}

// seen forgets the refusals that the peer knows of.
func (s *series) seen(acked uint64) {
	n := 0
	for n < len(s.refused) && s.refused[n].Seq <= acked {
		n++
	}
	s.refused = s.refused[n:]
}

// take carries a frame out and returns the answer.
func (r *Receiver) take(ctx context.Context, from member.Address, s *series, turn uint64, f frame.Frame) (frame.Frame, error) {
	switch f := f.(type) {
	case frame.Delta:
		return r.delta(ctx, from, s, turn, f)
	case frame.Summarize:
		digests, err := r.inbox.CompareDigest(ctx, from, f.Root)
		return answer(frame.Buckets{ID: f.ID, Digests: digests}, f.ID, err), nil
	case frame.Detail:
		different, err := r.inbox.CompareBuckets(ctx, from, f.Held, f.Buckets, f.Marks)
		return answer(frame.Different{ID: f.ID, Clients: different}, f.ID, err), nil
	default:
		return nil, fmt.Errorf("%T: %w", f, errOrder)
	}
}

// answer is what a question is answered with.
func answer(found frame.Frame, id uint64, err error) frame.Frame {
	if err != nil {
		return frame.Failed{ID: id, Reason: err.Error()}
	}
	return found
}

// delta applies a batch. One that was applied before, over a pipe that broke
// before its sender heard of it, is acknowledged and left alone.
func (r *Receiver) delta(ctx context.Context, from member.Address, s *series, turn uint64, f frame.Delta) (frame.Frame, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.turn != turn:
		return nil, errSuperseded
	case f.Seq > s.applied+1:
		return nil, fmt.Errorf("delta %d follows %d: %w", f.Seq, s.applied, errOrder)
	}
	s.seen(f.Seen)
	if f.Seq <= s.applied {
		return frame.Ack{Seq: s.applied, Clock: r.self().Clock, Refused: s.refused}, nil
	}
	errs, err := r.inbox.Apply(ctx, from, f.Clock, f.Changes)
	if err != nil {
		return nil, err
	}
	s.applied = f.Seq
	fresh := len(s.refused)
	for i, err := range errs {
		if err != nil {
			s.refused = append(s.refused, frame.Refusal{Seq: f.Seq, Item: i, Code: codeOf(err), Reason: err.Error()})
		}
	}
	return frame.Ack{Seq: f.Seq, Clock: r.self().Clock, Refused: s.refused[fresh:]}, nil
}

func codeOf(err error) frame.Code {
	switch {
	case errors.Is(err, naming.ErrOwnedHere):
		return frame.OwnedHere
	case errors.Is(err, naming.ErrLacksBase):
		return frame.LacksBase
	default:
		return frame.Other
	}
}
