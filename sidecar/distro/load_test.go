package distro

import (
	"testing"
	"time"

	"github.com/distro-naming/naming-operator/sidecar/member"
)

// answer is how a peer answers when it is asked.
type answer int

const (
	complete answer = iota
	partial
	failure
	silence
)

func TestLoadedWhenEveryListedPeerHasAnswered(t *testing.T) {
	up, down := member.Up, member.Down
	tests := map[string]struct {
		states  []member.State
		answers map[member.Address]answer
		want    time.Duration
	}{
		"both are complete":          {[]member.State{up, up}, map[member.Address]answer{}, 0},
		"all boot together":          {[]member.State{up, up}, map[member.Address]answer{peer: partial, far: partial}, 0},
		"one boots too":              {[]member.State{up, up}, map[member.Address]answer{far: partial}, 0},
		"one is down and waited for": {[]member.State{up, down}, nil, 10 * time.Second},
		"nobody is within reach":     {[]member.State{down, down}, nil, 10 * time.Second},
		"one fails again and again":  {[]member.State{up, up}, map[member.Address]answer{far: failure}, 10 * time.Second},
		"one never answers":          {[]member.State{up, up}, map[member.Address]answer{far: silence}, 10 * time.Second},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			b := bench{New(self, Default()), t}
			b.Members(start, view(tc.states...))
			d := time.Duration(0)
			for ; !b.Loaded() && d < time.Minute; d += 100 * time.Millisecond {
				b.answer(after(d), tc.answers)
				if b.Loaded() {
					break
				}
			}
			if d != tc.want {
				t.Errorf("loaded after %v, want %v", d, tc.want)
			}
		})
	}
}

func (b bench) answer(now time.Time, answers map[member.Address]answer) {
	for _, a := range b.run(now) {
		l, ok := a.(Load)
		if !ok {
			continue
		}
		switch answers[l.From] {
		case complete:
			b.Finished(now, l.Ticket, Result{Complete: true})
		case partial:
			b.Finished(now, l.Ticket, Result{})
		case failure:
			b.Finished(now, l.Ticket, Result{Err: errLost})
		case silence:
		}
	}
}

func TestAFailedLoadIsRetried(t *testing.T) {
	b := bench{New(self, Default()), t}
	b.Members(start, view(member.Up))
	b.answer(start, map[member.Address]answer{peer: failure})
	b.same("at once", len(b.run(start)), 0)
	b.same("after LoadRetry", len(b.run(after(b.cfg.LoadRetry))), 1)
}

func TestALatePeerIsStillAsked(t *testing.T) {
	b := bench{New(self, Default()), t}
	b.Members(start, view())
	b.run(after(b.cfg.LoadTimeout))
	b.same("loaded", b.Loaded(), true)
	b.Members(after(time.Minute), view(member.Up))
	b.same("questions", len(b.run(after(time.Minute))), 1)
	b.Members(after(time.Minute), member.NewView(self, member.NewList(2, []member.Address{self, peer, far, "d:8848"}, nil),
		map[member.Address]member.State{"d:8848": member.Up, peer: member.Up}))
	b.same("questions to one that joined later", len(b.run(after(time.Minute))), 0)
}

func TestAnEmptyListIsNotACluster(t *testing.T) {
	b := bench{New(self, Default()), t}
	b.Members(start, member.NewView(self, member.List{}, nil))
	b.run(after(time.Hour))
	b.same("loaded", b.Loaded(), false)
}

func TestAPeerThatLeavesIsNotWaitedFor(t *testing.T) {
	b := bench{New(self, Default()), t}
	b.Members(start, view(member.Up))
	b.answer(start, nil)
	b.same("loaded", b.Loaded(), false)
	b.Members(start, member.NewView(self, member.NewList(2, []member.Address{self, peer}, nil),
		map[member.Address]member.State{peer: member.Up}))
	b.same("loaded without the other", b.Loaded(), true)
}
