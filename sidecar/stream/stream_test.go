package stream

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/distro-naming/naming-operator/sidecar/frame"
	"github.com/distro-naming/naming-operator/sidecar/member"
	"github.com/distro-naming/naming-operator/sidecar/naming"
)

func TestFirstChangeGoesAtOnceAndTheNextTogether(t *testing.T) {
	inPair(t, func(p *pair) {
		p.plug()
		p.desk.stuck = make(chan struct{})
		for i := range 100 {
			p.post(single(naming.ClientID(fmt.Sprintf("1_a_%02d", i)), 1))
			settle()
		}
		if changes, _ := p.desk.told(); changes != 0 || p.taken != 0 {
			t.Errorf("%d told, %d taken", changes, p.taken)
		}
		close(p.desk.stuck)
		settle()
		if changes, batches := p.desk.told(); changes != 100 || batches != 2 || p.taken != 100 {
			t.Errorf("%d told in %d batches, %d taken", changes, batches, p.taken)
		}
	})
}

func TestRefusalsAreOfThoseThatWereRefused(t *testing.T) {
	inPair(t, func(p *pair) {
		p.plug()
		p.desk.refuse["1_a_2"] = fmt.Errorf("about it: %w", naming.ErrOwnedHere)
		p.desk.refuse["1_a_3"] = errors.New("ill")
		p.post(single("1_a_1", 1), single("1_a_2", 1), single("1_a_3", 1))
		settle()
		if p.taken != 1 || len(p.failed) != 2 || !errors.Is(p.failed[0], naming.ErrOwnedHere) || p.failed[1].Error() != "refused: ill" {
			t.Errorf("%d taken, %v", p.taken, p.failed)
		}
	})
}

func TestBrokenStreamIsGoneOnWith(t *testing.T) {
	for _, applied := range []bool{false, true} {
		t.Run(fmt.Sprint("applied ", applied), func(t *testing.T) {
			inPair(t, func(p *pair) {
				p.plug()
				p.post(single("1_a_0", 1))
				settle()
				p.desk.stuck = make(chan struct{})
				for i := range 3 {
					p.post(single(naming.ClientID(fmt.Sprint("1_a_", i)), 2))
					settle()
				}
				if applied {
					close(p.desk.stuck)
				}
				p.unplug()
				p.desk.stuck = nil
				if !p.post(single("1_a_4", 2)) {
					t.Error("nothing is taken while the stream is waited for")
				}
				elapse(time.Second)
				p.plug()
				if changes, _ := p.desk.told(); changes != 5 || p.taken != 5 || p.failed != nil {
					t.Errorf("%d told, %d taken, failed %v", changes, p.taken, p.failed)
				}
				if p.tally.resumed != 1 || !slices.Equal(p.tally.news, []bool{true}) {
					t.Errorf("resumed %d times, news %v", p.tally.resumed, p.tally.news)
				}
			})
		})
	}
}

func TestAcknowledgementThatWasLostIsToldAgain(t *testing.T) {
	inPair(t, func(p *pair) {
		r := p.receiver
		s := r.series(here)
		_, turn := s.greet(frame.Hello{Member: here, Epoch: 9, Session: 5})
		p.desk.refuse["1_a_1"] = naming.ErrOwnedHere
		delta := frame.Delta{Seq: 1, Changes: []naming.Change{single("1_a_1", 1), single("1_a_2", 1)}}
		refused := []frame.Refusal{{Seq: 1, Code: frame.OwnedHere, Reason: naming.ErrOwnedHere.Error()}}
		for range 2 { // the second one is a duplicate
			got, err := r.delta(p.t.Context(), here, s, turn, delta)
			if diff := cmp.Diff(frame.Ack{Seq: 1, Refused: refused}, got); err != nil || diff != "" {
				t.Errorf("%v, -want +got:\n%s", err, diff)
			}
		}
		if changes, _ := p.desk.told(); changes != 2 {
			t.Errorf("applied %d changes, want each once", changes)
		}
		got, next := s.greet(frame.Hello{Member: here, Epoch: 9, Session: 5})
		if diff := cmp.Diff(frame.Welcome{Known: true, Applied: 1, Refused: refused}, got); diff != "" {
			t.Errorf("-want +got:\n%s", diff)
		}
		if _, err := r.delta(p.t.Context(), here, s, turn, delta); !errors.Is(err, errSuperseded) {
			t.Errorf("over the former pipe: %v", err)
		}
		if _, err := r.delta(p.t.Context(), here, s, next, frame.Delta{Seq: 3}); !errors.Is(err, errOrder) {
			t.Errorf("after a gap: %v", err)
		}
		if got, _ := s.greet(frame.Hello{Member: here, Epoch: 9, Session: 5, Acked: 1}); len(got.Refused) != 0 {
			t.Errorf("refusals that are known are told again: %v", got)
		}
		p.plug()
	})
}

func TestStreamThatStaysBrokenFailsWhatWasUnderWay(t *testing.T) {
	inPair(t, func(p *pair) {
		p.plug()
		p.desk.stuck = make(chan struct{})
		p.post(single("1_a_1", 1), single("1_a_2", 1))
		settle()
		p.unplug()
		elapse(DefaultConfig().ResumeWithin)
		if len(p.failed) != 2 || p.post(single("1_a_3", 1)) || p.sender.Up() {
			t.Errorf("failed %v", p.failed)
		}
		p.desk.stuck = nil
		p.plug()
		p.post(single("1_a_3", 1))
		settle()
		if p.taken != 1 || !slices.Equal(p.tally.news, []bool{true, false, true}) || p.tally.resumed != 0 {
			t.Errorf("%d taken, news %v, resumed %d times", p.taken, p.tally.news, p.tally.resumed)
		}
	})
}

func TestPeerThatRestartedIsToldNothingOfBefore(t *testing.T) {
	inPair(t, func(p *pair) {
		p.plug()
		p.desk.stuck = make(chan struct{})
		p.post(single("1_a_1", 1))
		settle()
		p.unplug()
		p.restart()
		p.desk.stuck = nil
		p.plug()
		if changes, _ := p.desk.told(); changes != 0 || len(p.failed) != 1 || p.tally.resumed != 0 {
			t.Errorf("%d told, failed %v", changes, p.failed)
		}
	})
}

func TestOfALargeRecordOnlyTheDifferenceIsTold(t *testing.T) {
	inPair(t, func(p *pair) {
		p.plug()
		first := record("1_a_1", 1, 20)
		list := first.Publications()
		second := first.With(list[3], naming.Issue(here, 2)).Without(list[5].Service, naming.Issue(here, 3))
		third := second.With(list[0], naming.Issue(here, 4))
		for i, r := range []*naming.Record{first, second, third} {
			if i == 2 { // what the peer has of it is lost
				delete(p.desk.held, "1_a_1")
			}
			p.post(naming.Change{Client: r.Client, Record: r})
			settle()
			if diff := cmp.Diff(r, p.desk.held["1_a_1"]); diff != "" {
				t.Errorf("record %d: -told +held:\n%s", i+1, diff)
			}
		}
		var sizes []int
		for _, b := range p.desk.batches {
			sizes = append(sizes, b[0].Record.Len())
		}
		if want := []int{20, 1, 1, 19}; !slices.Equal(sizes, want) || p.taken != 3 {
			t.Errorf("publications told %v, want %v; %d taken", sizes, want, p.taken)
		}
	})
}

func TestSlowPeerBoundsWhatIsKept(t *testing.T) {
	inPair(t, func(p *pair) {
		p.sender.cfg.WindowBytes, p.sender.cfg.FrameBytes, p.sender.cfg.FrameItems = 16<<10, 4<<10, 8
		p.plug()
		p.desk.stuck = make(chan struct{})
		for i := range 2000 {
			p.post(single(naming.ClientID(fmt.Sprintf("1_a_%04d", i)), 1))
		}
		settle()
		if bytes := p.sender.window.bytes; bytes > 24<<10 {
			t.Errorf("%d bytes are kept", bytes)
		}
		close(p.desk.stuck)
		settle()
		if changes, _ := p.desk.told(); changes != 2000 || p.taken != 2000 || p.sender.window.bytes != 0 {
			t.Errorf("%d told, %d taken, %d bytes are kept", changes, p.taken, p.sender.window.bytes)
		}
	})
}

func TestPeerThatAcknowledgesNothingIsGivenUp(t *testing.T) {
	inPair(t, func(p *pair) {
		p.plug()
		p.desk.stuck = make(chan struct{})
		p.post(single("1_a_1", 1))
		err := <-p.ended
		if !errors.Is(err, errStalled) {
			t.Errorf("ended with %v", err)
		}
		p.ended <- err
	})
}

func TestQuestionsAreAnsweredBehindWhatWasPosted(t *testing.T) {
	inPair(t, func(p *pair) {
		p.plug()
		p.post(single("1_a_1", 1))
		root := [16]byte{7}
		got, err := p.sender.Ask(p.t.Context(), func(id uint64) frame.Frame { return frame.Summarize{ID: id, Root: root} })
		if diff := cmp.Diff(frame.Buckets{ID: 1, Digests: [][16]byte{root}}, got); err != nil || diff != "" {
			t.Errorf("%v, -want +got:\n%s", err, diff)
		}
		if changes, _ := p.desk.told(); changes != 1 {
			t.Error("the change was not told before")
		}
		if _, err := p.sender.Ask(p.t.Context(), func(id uint64) frame.Frame { return frame.Detail{ID: id} }); err == nil {
			t.Error("a failure is taken for an answer")
		}
	})
}

func TestWhoSaysToBeSomebodyElseIsRefused(t *testing.T) {
	inPair(t, func(p *pair) {
		self := func() member.Node { return member.Node{Address: "c:8848"} }
		p.sender = NewSender(DefaultConfig(), there, self, p.tally, p.tally.up)
		p.plug()
		err := <-p.ended
		if !errors.Is(err, ErrRefused) {
			t.Errorf("ended with %v", err)
		}
		p.ended <- err
	})
}
