package distro

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/distro-naming/naming-operator/sidecar/member"
	"github.com/distro-naming/naming-operator/sidecar/naming"
)

const (
	self = member.Address("a:8848")
	peer = member.Address("b:8848")
	far  = member.Address("c:8848")
)

var (
	start   = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	errLost = errors.New("lost")
)

func after(d time.Duration) time.Time { return start.Add(d) }

// at is the stamp of an own member.
func at(owner member.Address, version int64) naming.Stamp { return naming.Issue(owner, version) }

// java is the stamp of a Java server.
func java(owner member.Address, revision int32) naming.Stamp {
	return naming.Stamp{Owner: owner, Revision: revision}
}

func mark(c naming.ClientID, s naming.Stamp) naming.Mark { return naming.Mark{Client: c, Stamp: s} }

// view is a list of a, b and c in which the peers have the states given, b's
// first.
func view(states ...member.State) member.View {
	m := map[member.Address]member.State{}
	for i, s := range states {
		m[[]member.Address{peer, far}[i]] = s
	}
	return member.NewView(self, member.NewList(1, []member.Address{self, peer, far}, nil), m)
}

// bench is an engine whose actions a test looks at.
type bench struct {
	*Engine
	t *testing.T
}

// ready returns an engine that is loaded and has two peers within reach.
func ready(t *testing.T, change func(*Config)) bench {
	t.Helper()
	cfg := Default()
	if change != nil {
		change(&cfg)
	}
	if err := cfg.Validate(); err != nil {
		t.Fatal(err)
	}
	b := bench{New(self, cfg), t}
	b.Members(start, view(member.Up, member.Up))
	for _, a := range b.run(start) {
		b.Finished(start, a.(Load).Ticket, Result{Complete: true})
	}
	if !b.Loaded() {
		t.Fatal("not loaded though both peers answered")
	}
	return b
}

// run advances the engine and returns what it wants, as a shell does that comes
// back when it is asked to.
func (b bench) run(now time.Time) []Action {
	b.Advance(now)
	b.Next()
	return b.Take()
}

// deliveries returns the Send and Drop to one peer that are due, in words, and
// reports them finished unless hold is set.
func (b bench) deliveries(now time.Time, to member.Address, err error) []string {
	var out []string
	for _, a := range b.run(now) {
		switch a := a.(type) {
		case Send:
			if a.To == to {
				out = append(out, "send "+string(a.Client))
			}
			b.Finished(now, a.Ticket, Result{Err: err})
		case Drop:
			if a.To == to {
				out = append(out, "drop "+string(a.Client))
			}
			b.Finished(now, a.Ticket, Result{Err: err})
		case Verify:
			b.Finished(now, a.Ticket, Result{Err: err})
		}
	}
	return out
}

// expired returns the reason for which c is given up at the time, or "".
func (b bench) expired(now time.Time, c naming.ClientID) Reason {
	for _, a := range b.run(now) {
		switch a := a.(type) {
		case Expire:
			if a.Client == c {
				return a.Reason
			}
		case Verify:
			b.Finished(now, a.Ticket, Result{})
		}
	}
	return ""
}

func (b bench) same(what string, got, want any) {
	b.t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		b.t.Errorf("%s differs (-want +got):\n%s", what, diff)
	}
}

func TestASecondAdvanceAddsNothingAndNextIsLater(t *testing.T) {
	b := ready(t, nil)
	b.Local(start, mark("c1", at(self, 1)))
	b.Offered(start, peer, mark("c2", at(peer, 1)), true)
	for d := time.Duration(0); d < 4*time.Minute; d += 333 * time.Millisecond {
		b.run(after(d))
		if again := b.run(after(d)); len(again) > 0 {
			t.Fatalf("a second Advance at %v adds %v", d, again)
		}
		if next, ok := b.Next(); ok && !next.After(after(d)) {
			t.Fatalf("Next at %v is %v", d, next.Sub(start))
		}
	}
}

func TestTimeNeverMovesBack(t *testing.T) {
	b := ready(t, nil)
	b.Local(after(time.Minute), mark("c1", at(self, 1)))
	b.same("deliveries after the clock was set back", b.deliveries(start, peer, nil), []string{"send c1"})
}

func TestAMemberWithoutPeersIsLoadedAndTellsNobody(t *testing.T) {
	b := bench{New(self, Default()), t}
	b.Members(start, member.NewView(self, member.NewList(1, []member.Address{self}, nil), nil))
	b.Local(start, mark("c1", at(self, 1)))
	b.same("actions", len(b.run(start)), 0)
	b.same("loaded", b.Loaded(), true)
	b.same("pending", b.Pending(), 0)
}

func TestAMemberThatLeavesTakesItsItemsWithIt(t *testing.T) {
	b := ready(t, nil)
	b.Local(start, mark("c1", at(self, 1)))
	actions := b.run(start)
	b.Members(start, member.NewView(self, member.NewList(2, []member.Address{self, far}, nil),
		map[member.Address]member.State{far: member.Up}))
	b.same("pending for the one that left", b.PendingFor(peer), 0)
	for _, a := range actions { // late results of what was sent to it are no surprise
		switch a := a.(type) {
		case Send:
			b.Finished(start, a.Ticket, Result{Err: errLost})
		case Verify:
			b.Finished(start, a.Ticket, Result{Err: errLost})
		}
	}
	b.same("pending for the one that stayed", b.PendingFor(far), 1)
	b.same("deliveries to the one that left", len(b.deliveries(after(time.Minute), peer, nil)), 0)
}
