package distro

import (
	"fmt"
	"testing"
	"time"

	"github.com/distro-naming/naming-operator/sidecar/member"
	"github.com/distro-naming/naming-operator/sidecar/naming"
)

// streaming returns an engine that is loaded and whose first peer streams.
func streaming(t *testing.T, change func(*Config)) bench {
	t.Helper()
	b := ready(t, change)
	b.Streams(start, peer, true)
	return b
}

// round lets the round towards the peer be due and returns what it is shown, in
// words, and the ticket.
func (b bench) round(now time.Time) (string, Ticket) {
	b.t.Helper()
	b.rounds[peer].due = earlier(b.rounds[peer].due, now)
	var words string
	var ticket Ticket
	for _, a := range b.run(now) {
		switch a := a.(type) {
		case Verify:
			if a.To == peer {
				words, ticket = fmt.Sprintf("%d marks", len(a.Marks)), a.Ticket
			}
		case Summarize:
			words, ticket = "digest "+a.Root.String()[:8], a.Ticket
		case Detail:
			words, ticket = fmt.Sprintf("%d marks of %d buckets", len(a.Marks), len(a.Buckets)), a.Ticket
		}
	}
	return words, ticket
}

func TestAPeerThatStreamsIsShownADigest(t *testing.T) {
	b := streaming(t, nil)
	shown, ticket := b.round(after(time.Second))
	b.same("of nothing", shown, "digest 00000000")
	b.Finished(after(time.Second), ticket, Result{})
	c := apart(2)
	b.Local(after(2*time.Second), mark(c[0], at(self, 1)))
	b.Local(after(2*time.Second), mark(c[1], at(self, 1)))
	b.deliveries(after(2*time.Second), peer, nil)
	shown, ticket = b.round(after(3 * time.Second))
	b.same("of two", shown, "digest "+b.own.root.String()[:8])
	held := b.own.digests()
	held[bucketOf(c[0])] = Digest{}
	b.Finished(after(3*time.Second), ticket, Result{Buckets: held})
	shown, ticket = b.round(after(3 * time.Second))
	b.same("then what differs", shown, "1 marks of 1 buckets")
	b.Finished(after(3*time.Second), ticket, Result{Different: []naming.ClientID{c[0], "unknown"}})
	b.same("then what is lacked", b.deliveries(after(3*time.Second), peer, nil), []string{"send " + string(c[0])})
	s := b.Stats()
	b.same("counts", []uint64{s.Summaries, s.Differing, s.Different, s.Repaired}, []uint64{2, 1, 2, 1})
}

func TestWhatChangedSinceTheDigestIsNotDetailed(t *testing.T) {
	b := streaming(t, nil)
	c := apart(2)
	b.Local(start, mark(c[0], at(self, 1)))
	b.deliveries(start, peer, nil)
	_, ticket := b.round(after(time.Second))
	held := b.own.digests()
	held[bucketOf(c[1])] = Digest{1, 1}
	b.Local(after(time.Second), mark(c[0], at(self, 2)))
	b.Finished(after(time.Second), ticket, Result{Buckets: held})
	shown, _ := b.round(after(time.Second))
	b.same("shown", shown, "0 marks of 1 buckets")
}

func TestADigestWaitsUntilNothingElseDoesButNotForEver(t *testing.T) {
	b := streaming(t, func(c *Config) { c.MaxInFlightStream = 1 })
	b.Local(start, mark("c1", at(self, 1)))
	b.Local(start, mark("c2", at(self, 1)))
	due := b.rounds[peer].due
	flights := b.run(start)
	shown, _ := b.round(due.Add(b.cfg.VerifyInterval/2 - 1))
	b.same("while a change waits", shown, "")
	next, _ := b.Next()
	b.same("but no longer than", next.Sub(due), b.cfg.VerifyInterval/2)
	for _, a := range flights {
		if s, ok := a.(Send); ok && s.To == peer {
			b.Finished(due, s.Ticket, Result{})
		}
	}
	shown, _ = b.round(due.Add(b.cfg.VerifyInterval/2 - 1))
	b.same("when the last is in flight", shown, "digest "+b.own.root.String()[:8])
}

func TestAPeerThatNoLongerStreamsIsShownMarks(t *testing.T) {
	b := streaming(t, func(c *Config) { c.MaxInFlight = 1 })
	for i := range 10 {
		b.Local(start, mark(naming.ClientID(fmt.Sprintf("c%d", i)), at(self, 1)))
	}
	_, ticket := b.round(start)
	b.same("in flight at once", b.outbox.inFlight(peer), 10)
	b.Streams(after(time.Second), peer, false)
	b.Finished(after(time.Second), ticket, Result{Buckets: &[Buckets]Digest{}})
	shown, _ := b.round(after(time.Second))
	b.same("shown", shown, "10 marks")
	for i := range 3 {
		b.Local(after(time.Minute), mark(naming.ClientID(fmt.Sprintf("d%d", i)), at(self, 1)))
	}
	b.run(after(time.Minute))
	b.same("in flight until there is room", b.outbox.inFlight(peer), 10)
}

// A stream may be told of before the list names the peer.
func TestStreamsOfStrangersAreRemembered(t *testing.T) {
	b := ready(t, nil)
	b.Streams(start, "d:8848", true)
	b.Members(start, member.NewView(self, member.NewList(2, []member.Address{self, "d:8848"}, nil),
		map[member.Address]member.State{"d:8848": member.Up}))
	var words []string
	for d := time.Duration(0); d < b.cfg.VerifyInterval && len(words) == 0; d += 100 * time.Millisecond {
		for _, a := range b.run(after(d)) {
			words = append(words, fmt.Sprintf("%T", a))
		}
	}
	b.same("shown", words, []string{"distro.Summarize"})
}
