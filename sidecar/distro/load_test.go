package distro

import (
	"slices"
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

// asked returns the loads that are due, each as "b" or "b without c".
func (b bench) asked(now time.Time) (words []string, tickets map[string]Ticket) {
	tickets = map[string]Ticket{}
	for _, a := range b.run(now) {
		l, ok := a.(Load)
		if !ok {
			continue
		}
		w := l.From.Host()
		for _, o := range l.Except {
			w += " -" + o.Host()
		}
		words, tickets[w] = append(words, w), l.Ticket
	}
	return words, tickets
}

func TestPeersThatStreamShareTheLoad(t *testing.T) {
	type views = []member.State
	up, down := member.Up, member.Down
	tests := map[string]struct {
		streams []member.Address
		states  views
		at      time.Duration
		want    []string
	}{
		"all are asked together":               {[]member.Address{peer, far}, views{up, up}, 0, []string{"b -c", "c -b"}},
		"one does not stream yet":              {[]member.Address{peer}, views{up, up}, 0, nil},
		"all are asked a little later":         {[]member.Address{peer}, views{up, up}, 100 * time.Millisecond, []string{"b", "c"}},
		"nobody streams":                       {nil, views{up, up}, 100 * time.Millisecond, []string{"b", "c"}},
		"one is down, which is not waited for": {[]member.Address{peer, far}, views{up, down}, 100 * time.Millisecond, []string{"b"}},
		"but for a little":                     {[]member.Address{peer, far}, views{up, down}, 99 * time.Millisecond, nil},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			b := bench{New(self, patient()), t}
			for _, p := range tc.streams {
				b.Streams(start, p, true)
			}
			b.Members(start, view(tc.states...))
			words, _ := b.asked(start)
			if tc.at > 0 {
				next, _ := b.Next()
				b.same("next", next.Sub(start), b.cfg.StreamWait)
				more, _ := b.asked(after(tc.at))
				words = append(words, more...)
			}
			b.same("asked", words, tc.want)
		})
	}
}

func patient() Config {
	cfg := Default()
	cfg.StreamWait = 100 * time.Millisecond
	return cfg
}

func TestAPeerThatBeginsToStreamIsAskedAtOnce(t *testing.T) {
	b := bench{New(self, patient()), t}
	b.Members(start, view(member.Up, member.Up))
	b.Streams(start, far, true)
	b.Streams(after(time.Millisecond), peer, true)
	words, _ := b.asked(after(time.Millisecond))
	b.same("asked", words, []string{"b -c", "c -b"})
}

func TestAPeerThatComesBackIsGivenTimeToStream(t *testing.T) {
	b := bench{New(self, patient()), t}
	b.Members(start, view(member.Suspect, member.Up))
	b.asked(after(time.Second))
	b.Members(after(time.Second), view(member.Up, member.Up))
	words, _ := b.asked(after(1100*time.Millisecond - 1))
	b.same("asked before it streams", words, []string(nil))
	words, _ = b.asked(after(1100 * time.Millisecond))
	b.same("asked when it does not", words, []string{"b"})
}

func TestWhatAPeerDidNotGiveIsAskedOfAnother(t *testing.T) {
	tests := map[string]struct {
		happens func(b bench, ticket Ticket)
		want    []string
	}{
		"it failed": {
			func(b bench, t Ticket) { b.Finished(start, t, Result{Err: errLost}) }, []string{"c -a -c"},
		},
		"it is out of reach": {
			func(b bench, _ Ticket) { b.Members(start, view(member.Suspect, member.Up)) }, []string{"c -a -c"},
		},
		"it left": {
			func(b bench, _ Ticket) {
				b.Members(start, member.NewView(self, member.NewList(2, []member.Address{self, far}, nil),
					map[member.Address]member.State{far: member.Up}))
			}, []string{"c -a -c"},
		},
		"it is still loading": {func(b bench, t Ticket) { b.Finished(start, t, Result{}) }, []string{"c -a -c"}},
		"it gave all":         {func(b bench, t Ticket) { b.Finished(start, t, Result{Complete: true}) }, nil},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			b := bench{New(self, Default()), t}
			b.Streams(start, peer, true)
			b.Streams(start, far, true)
			b.Members(start, view(member.Up, member.Up))
			_, tickets := b.asked(start)
			tc.happens(b, tickets["b -c"])
			words, again := b.asked(start)
			b.same("asked", words, tc.want)
			b.Finished(start, tickets["c -b"], Result{Complete: true})
			b.same("loaded", b.Loaded(), tc.want == nil)
			if tc.want == nil {
				return
			}
			b.Finished(start, again[tc.want[0]], Result{Err: errLost})
			words, again = b.asked(after(b.cfg.LoadRetry))
			b.same("and again after a failure", slices.Contains(words, tc.want[0]), true)
			b.Finished(after(time.Second), again[tc.want[0]], Result{})
			b.same("debts", len(b.loading.debts), 0)
			words, _ = b.asked(after(b.cfg.LoadTimeout))
			b.same("asked once it was given", slices.Contains(words, tc.want[0]), false)
			b.same("loaded in the end", b.Loaded(), true)
		})
	}
}

func TestADebtIsForgivenWhenItsOwnerGivesAll(t *testing.T) {
	b := bench{New(self, Default()), t}
	b.Streams(start, peer, true)
	b.Streams(start, far, true)
	b.Members(start, view(member.Up, member.Up))
	_, tickets := b.asked(start)
	b.Finished(start, tickets["b -c"], Result{Err: errLost})
	_, debt := b.asked(start)
	_, retry := b.asked(after(b.cfg.LoadRetry))
	b.Finished(after(time.Second), tickets["c -b"], Result{Complete: true})
	b.Finished(after(time.Second), retry["b -c"], Result{Complete: true})
	b.same("loaded", b.Loaded(), true)
	b.Finished(after(time.Second), debt["c -a -c"], Result{Err: errLost})
	words, _ := b.asked(after(time.Minute))
	b.same("asked later", words, []string(nil))
}

func TestADonorThatLeavesIsReplaced(t *testing.T) {
	b := bench{New(self, Default()), t}
	list := []member.Address{self, peer, far, "d:8848"}
	all := func(list ...member.Address) member.View {
		states := map[member.Address]member.State{}
		for _, p := range list {
			states[p] = member.Up
		}
		return member.NewView(self, member.NewList(1, list, nil), states)
	}
	for _, p := range list[1:] {
		b.Streams(start, p, true)
	}
	b.Members(start, all(list...))
	words, tickets := b.asked(start)
	b.same("asked", words, []string{"b -c -d", "c -b -d", "d -b -c"})
	b.Finished(start, tickets["d -b -c"], Result{Err: errLost})
	words, _ = b.asked(start)
	b.same("donor", words, []string{"b -a -b -c"})
	b.Members(start, all(self, far, "d:8848"))
	words, _ = b.asked(start)
	b.same("its successor, also for what it owned", words, []string{"c -a -c -d", "c -a -c"})
}
