package distro

import (
	"fmt"
	"testing"
	"time"

	"github.com/distro-naming/naming-operator/sidecar/member"
	"github.com/distro-naming/naming-operator/sidecar/naming"
)

func TestALoneChangeLeavesAtOnceAndFollowersMerge(t *testing.T) {
	b := ready(t, nil)
	b.Local(start, mark("c1", at(self, 1)))
	b.same("at once", b.deliveries(start, peer, nil), []string{"send c1"})
	b.Local(after(10*time.Millisecond), mark("c1", at(self, 2)))
	b.Local(after(20*time.Millisecond), mark("c1", at(self, 3)))
	b.same("within SyncDelay", b.deliveries(after(99*time.Millisecond), peer, nil), []string(nil))
	b.same("at its end", b.deliveries(after(100*time.Millisecond), peer, nil), []string{"send c1"})
	b.Local(after(time.Second), mark("c1", at(self, 4)))
	b.same("after a pause", b.deliveries(after(time.Second), peer, nil), []string{"send c1"})
}

func TestTheWindowGrowsWithTheLoadAndShrinksAgain(t *testing.T) {
	b := ready(t, func(c *Config) { c.MaxInFlight = 10 })
	tests := []struct {
		name    string
		clients int // that change beside c1, at once
		want    time.Duration
	}{
		{"idle", 0, 100 * time.Millisecond},
		{"some changes", 18, 100 * time.Millisecond},
		{"many changes", 35, 300 * time.Millisecond},
		{"more than the most", 1000, 500 * time.Millisecond},
		{"idle again", 0, 100 * time.Millisecond},
	}
	for i, tc := range tests {
		now := after(time.Duration(i+1) * time.Minute)
		b.Local(now, mark("c1", at(self, int64(i)*10+1)))
		b.deliveries(now, peer, nil)
		for n := range tc.clients {
			b.Local(now, mark(naming.ClientID(fmt.Sprintf("d%d", n)), at(self, int64(i)+1)))
		}
		b.Local(now, mark("c1", at(self, int64(i)*10+2)))
		b.same(tc.name, b.outbox.lanes[peer].items["c1"].due.Sub(now), tc.want)
		for range 200 { // ten at a time
			b.deliveries(now, peer, nil)
		}
		b.same(tc.name+", before", b.deliveries(now.Add(tc.want-1), peer, nil), []string(nil))
		b.same(tc.name+", then", b.deliveries(now.Add(tc.want), peer, nil), []string{"send c1"})
	}
}

func TestADeliveryKnowsSinceWhenThePeerIsBehind(t *testing.T) {
	b := ready(t, nil)
	flight := func(name string, now time.Time, since time.Time) Send {
		t.Helper()
		for _, a := range b.run(now) {
			if s, ok := a.(Send); ok && s.To == peer {
				b.same(name, s.Since, since)
				return s
			}
		}
		t.Fatalf("%s: nothing is sent", name)
		return Send{}
	}
	at1, at2, at3 := after(time.Second), after(2*time.Second), after(3*time.Second)
	b.Local(at1, mark("c1", at(self, 1)))
	first := flight("a lone change", at1, at1)
	b.Local(at2, mark("c1", at(self, 2)))
	b.Finished(at3, first.Ticket, Result{Err: errLost})
	again := flight("after a failure, though it changed meanwhile", after(4*time.Second), at1)
	b.Local(after(5*time.Second), mark("c1", at(self, 3)))
	b.Local(after(6*time.Second), mark("c1", at(self, 4)))
	b.Finished(after(7*time.Second), again.Ticket, Result{})
	last := flight("the oldest change during the flight", after(8*time.Second), after(5*time.Second))
	b.Finished(after(8*time.Second), last.Ticket, Result{})
	b.outbox.hurry(after(9*time.Second), peer, "c1")
	flight("a repair", after(9*time.Second), time.Time{})
	b.same("retried", b.Stats().Retried, uint64(1))
}

func TestWhatAPeerIsToldNoMoreIsCounted(t *testing.T) {
	b := ready(t, nil)
	b.Members(start, view(member.Suspect, member.Up))
	b.Local(start, mark("c1", at(self, 1)))
	b.Local(start, mark("c2", at(self, 1)))
	b.deliveries(start, far, nil)
	b.Members(start, member.NewView(self, member.NewList(2, []member.Address{self, far}, nil), nil))
	b.same("abandoned", b.Stats().Abandoned, uint64(2))
}

func TestTheNewestOperationWins(t *testing.T) {
	mine := beatOf(self)
	tests := map[string]struct {
		second, third func(bench)
		want          string
	}{
		"an end after a change": {write(mine, 2), end(mine, 3), "drop " + string(mine)},
		"a change after an end": {end(mine, 2), write(mine, 3), "send " + string(mine)},
		"two changes are one":   {write(mine, 2), write(mine, 3), "send " + string(mine)},
		"two ends are one":      {end(mine, 2), end(mine, 3), "drop " + string(mine)},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			b := ready(t, nil)
			write(mine, 1)(b)
			b.deliveries(start, peer, nil)
			tc.second(b)
			tc.third(b)
			b.same("pending", b.PendingFor(peer), 1)
			b.same("deliveries", b.deliveries(after(time.Second), peer, nil), []string{tc.want})
		})
	}
}

func write(c naming.ClientID, version int64) func(bench) {
	return func(b bench) { b.Local(start, mark(c, at(self, version))) }
}

func end(c naming.ClientID, version int64) func(bench) {
	return func(b bench) { b.Gone(start, c, version) }
}

func TestAChangeDuringAFlightIsSentAfterIt(t *testing.T) {
	b := ready(t, nil)
	b.Local(start, mark("c1", at(self, 1)))
	flights := b.run(start)
	b.Gone(after(10*time.Millisecond), "c1", 2)
	b.same("while in flight", len(b.run(after(time.Minute))), 0)
	for _, a := range flights {
		if s, ok := a.(Send); ok { // it fails, and must not bring the change back over the end
			b.Finished(after(time.Minute), s.Ticket, Result{Err: errLost})
		}
	}
	b.same("afterwards", b.deliveries(after(2*time.Minute), peer, nil), []string{"drop c1"})
}

func TestAFailureIsRetriedEverMoreSlowly(t *testing.T) {
	b := ready(t, nil)
	b.Local(start, mark("c1", at(self, 1)))
	var waits []time.Duration
	for last, now := start, start; len(waits) < 8; {
		if d := b.deliveries(now, peer, errLost); len(d) > 0 {
			waits = append(waits, now.Sub(last))
			last = now
		}
		now = now.Add(10 * time.Millisecond)
	}
	for i, ms := range []int{0, 500, 1000, 2000, 4000, 5000, 5000, 5000} {
		want := time.Duration(ms) * time.Millisecond
		if low, high := want*8/10, want*12/10+20*time.Millisecond; waits[i] < low || waits[i] > high {
			t.Errorf("wait %d is %v, want %v-%v", i, waits[i], low, high)
		}
	}
}

func TestPeersOutOfReachAreToldWhenTheyComeBack(t *testing.T) {
	b := ready(t, nil)
	b.Members(start, view(member.Suspect, member.Draining))
	b.Local(start, mark("c1", at(self, 1)))
	b.same("out of reach", b.deliveries(start, peer, nil), []string(nil))
	b.Local(after(time.Minute), mark("c1", at(self, 2)))
	b.same("draining", b.deliveries(after(time.Minute), far, nil), []string{"send c1"})
	b.same("pending", b.PendingFor(peer), 1)
	b.Members(after(time.Hour), view(member.Up, member.Up))
	b.same("back", b.deliveries(after(time.Hour), peer, nil), []string{"send c1"})
}

func TestFlightsToOnePeerAreBounded(t *testing.T) {
	b := ready(t, func(c *Config) { c.MaxInFlight = 3 })
	for i := range 10 {
		b.Local(start, mark(naming.ClientID(fmt.Sprintf("c%d", i)), at(self, 1)))
	}
	for want := 10; want > 0; {
		count := 0
		for _, a := range b.run(start) {
			if s, ok := a.(Send); ok {
				b.Finished(start, s.Ticket, Result{})
				count++
			}
		}
		if want -= count / 2; count > 6 || count == 0 {
			t.Fatalf("%d deliveries to two peers at once, want 1-6", count)
		}
	}
	b.same("pending", b.Pending(), 0)
}

func TestWhatIsToldIsForgottenAfterSyncDelay(t *testing.T) {
	b := ready(t, nil)
	for i := range 100 {
		b.Local(start, mark(naming.ClientID(fmt.Sprintf("c%d", i)), at(self, 1)))
	}
	for range 3 {
		b.deliveries(start, peer, nil)
	}
	b.run(after(time.Second))
	b.same("items kept", len(b.outbox.lanes[peer].items), 0)
}

func TestAVerifyMismatchIsSentAtOnceEvenAfterFailures(t *testing.T) {
	b := ready(t, nil)
	b.Local(start, mark("c1", at(self, 1)))
	b.deliveries(start, peer, errLost)
	now := after(100 * time.Millisecond)
	b.rounds[peer].due = now
	for _, a := range b.run(now) {
		if a, ok := a.(Verify); ok {
			b.same("marks", a.Marks, []naming.Mark{mark("c1", at(self, 1))})
			b.Finished(now, a.Ticket, Result{Different: []naming.ClientID{"c1", "unknown"}})
		}
	}
	b.same("sent", b.deliveries(now, peer, nil), []string{"send c1"})
}

func TestNobodyIsVerifiedBeforeTheLoadOrWithoutOwnClients(t *testing.T) {
	b := ready(t, nil)
	b.same("verifies without own clients", len(b.run(after(time.Minute))), 0)
	fresh := bench{New(self, Default()), t}
	fresh.Members(start, view(member.Up))
	fresh.Local(start, mark("c1", at(self, 1)))
	for _, a := range fresh.run(after(time.Second)) {
		if _, ok := a.(Verify); ok {
			t.Errorf("verifies while loading")
		}
	}
}

func TestOneVerifyAtATimeEveryInterval(t *testing.T) {
	b := ready(t, nil)
	b.Local(start, mark("c1", at(self, 1)))
	b.deliveries(start, peer, nil)
	var flying []Verify
	rounds := 0
	for d := time.Duration(0); d < time.Minute; d += 100 * time.Millisecond {
		for _, a := range b.run(after(d)) {
			if v, ok := a.(Verify); ok && v.To == peer {
				flying = append(flying, v)
				rounds++
			}
		}
		if len(flying) > 1 {
			t.Fatalf("two verifies at once to %s", peer)
		}
		if d%time.Second == 0 {
			for _, v := range flying {
				b.Finished(after(d), v.Ticket, Result{})
			}
			flying = nil
		}
	}
	if rounds < 9 || rounds > 15 {
		t.Errorf("%d rounds in a minute, want about 12", rounds)
	}
}
