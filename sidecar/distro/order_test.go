package distro

import (
	"iter"
	"slices"
	"testing"
	"time"

	"github.com/distro-naming/naming-operator/sidecar/member"
	"github.com/distro-naming/naming-operator/sidecar/naming"
)

// message is something that may be said to a member about one client, with the
// version that it speaks of.
type message struct {
	name    string
	version int64
	ends    bool
	say     func(e *Engine, now time.Time)
}

// messages are all that can be under way about a connection of peer that was
// written three times and then ended: its changes, its end, what others repeat of
// it, and a verification.
func messages(c naming.ClientID) []message {
	offer := func(version int64, from member.Address, direct bool) func(*Engine, time.Time) {
		return func(e *Engine, now time.Time) { e.Offered(now, from, mark(c, at(peer, version)), direct) }
	}
	return []message{
		{"change 1", 1, false, offer(1, peer, direct)},
		{"change 2", 2, false, offer(2, peer, direct)},
		{"change 3", 3, false, offer(3, peer, direct)},
		{"hearsay of 2", 2, false, offer(2, far, hearsay)},
		{"end at 4", 4, true, func(e *Engine, now time.Time) { e.Dropped(now, peer, c, 4) }},
		{"verify of 3", 0, false, func(e *Engine, now time.Time) { e.Compare(now, peer, []naming.Mark{mark(c, at(peer, 3))}) }},
	}
}

// Messages may be lost, doubled, and arrive in any order. Each of the 1957 orders
// of some of them is tried, and each once more with every message of it repeated at
// the end: what is known then depends on which have arrived and on nothing else,
// the version never falls, and what has ended stays so.
func TestEveryOrderOfMessagesEndsInTheSame(t *testing.T) {
	const c = naming.ClientID("client")
	all := messages(c)
	tried := 0
	for order := range orders(len(all)) {
		tried++
		e := ready(t, nil).Engine
		now, highest, ended := start, int64(0), false
		for _, i := range slices.Concat(order, order) {
			now = now.Add(time.Millisecond)
			all[i].say(e, now)
			e.Advance(now)
			e.Take()
			highest, ended = max(highest, all[i].version), ended || all[i].ends
			stamp, known := e.Stamp(c)
			if want := highest > 0 && !ended; known != want || known && stamp.Version != highest {
				t.Fatalf("after %v: known %t at version %d, want %t at %d", names(all, order), known, stamp.Version, want, highest)
			}
		}
	}
	if tried != 1957 {
		t.Errorf("%d orders were tried, there are 1957", tried)
	}
}

func names(all []message, order []int) []string {
	var out []string
	for _, i := range order {
		out = append(out, all[i].name)
	}
	return out
}

// orders returns every order of every choice among n things.
func orders(n int) iter.Seq[[]int] {
	var extend func(chosen []int, yield func([]int) bool) bool
	extend = func(chosen []int, yield func([]int) bool) bool {
		if !yield(chosen) {
			return false
		}
		for i := range n {
			if !slices.Contains(chosen, i) && !extend(append(slices.Clone(chosen), i), yield) {
				return false
			}
		}
		return true
	}
	return func(yield func([]int) bool) { extend(nil, yield) }
}
