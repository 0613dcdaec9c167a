package distro

import (
	"fmt"
	"runtime"
	"testing"
	"time"

	"github.com/distro-naming/naming-operator/sidecar/member"
	"github.com/distro-naming/naming-operator/sidecar/naming"
)

// connections returns the marks of that many connections of one member.
func connections(n int, owner member.Address) []naming.Mark {
	marks := make([]naming.Mark, n)
	for i := range marks {
		marks[i] = mark(naming.ClientID(fmt.Sprintf("1760000%06d_10.0.%d.%d_%d", i, i>>16, i>>8&255, 40000+i&255)), at(owner, int64(i+1)))
	}
	return marks
}

// loaded returns an engine of a member that holds those marks of its peer.
func loaded(b *testing.B, marks []naming.Mark) *Engine {
	b.Helper()
	e := New(self, Default())
	e.Members(start, member.NewView(self, member.NewList(1, []member.Address{self}, nil), nil))
	e.Members(start, view(member.Up, member.Up))
	for _, m := range marks {
		e.Offered(start, peer, m, true)
	}
	return e
}

// BenchmarkOffered takes a million records that were not known; B/client is what the
// engine then keeps for each, without the text of its id.
func BenchmarkOffered(b *testing.B) {
	marks := connections(1_000_000, peer)
	var before, after runtime.MemStats
	for b.Loop() {
		b.StopTimer()
		runtime.GC()
		runtime.ReadMemStats(&before)
		b.StartTimer()
		e := loaded(b, marks)
		b.StopTimer()
		runtime.GC()
		runtime.ReadMemStats(&after)
		runtime.KeepAlive(e)
		b.StartTimer()
	}
	n := float64(len(marks))
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/n, "ns/client")
	b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/n, "B/client")
}

// BenchmarkOfferedAgain takes a change of one of a million known records.
func BenchmarkOfferedAgain(b *testing.B) {
	marks := connections(1_000_000, peer)
	e := loaded(b, marks)
	version := int64(10_000_000)
	for i := 0; b.Loop(); i = (i + 7919) % len(marks) {
		version++
		e.Offered(start, peer, naming.Mark{Client: marks[i].Client, Stamp: at(peer, version)}, true)
	}
}

// BenchmarkVerifyEqual is a round between two members of which one owns 100,000
// clients that the other holds alike.
func BenchmarkVerifyEqual(b *testing.B) {
	marks := connections(100_000, peer)
	holds, owns := loaded(b, marks), owning(marks)
	for b.Loop() {
		if holds.CompareDigest(start, peer, summarize(owns).Root) != nil {
			b.Fatal("they differ")
		}
	}
}

// BenchmarkVerifyOneBucket is a round in which one of 100,000 clients differs.
func BenchmarkVerifyOneBucket(b *testing.B) {
	marks := connections(100_000, peer)
	holds, owns := loaded(b, marks), owning(marks)
	owns.Local(start, naming.Mark{Client: marks[5].Client, Stamp: at(peer, 1<<40)})
	deliverAll(owns)
	for b.Loop() {
		buckets := holds.CompareDigest(start, peer, summarize(owns).Root)
		owns.Finished(start, owns.issued, Result{Buckets: buckets})
		owns.Advance(start)
		d := owns.Take()[0].(Detail)
		if n := len(holds.CompareBuckets(start, peer, d.Held, d.Buckets, d.Marks)); n != 1 {
			b.Fatalf("%d differ, want 1", n)
		}
		owns.Finished(start, d.Ticket, Result{})
	}
}

// BenchmarkVerifyMarks is what the same takes towards a peer that does not stream.
func BenchmarkVerifyMarks(b *testing.B) {
	marks := connections(100_000, peer)
	holds, owns := loaded(b, marks), owning(marks)
	for b.Loop() {
		owns.marks = nil // something changes between two rounds
		if len(holds.Compare(start, peer, owns.ownMarks())) > 0 {
			b.Fatal("they differ")
		}
	}
}

// BenchmarkIdle is what any input costs beside its own work, with a hundred peers.
func BenchmarkIdle(b *testing.B) {
	list, states := []member.Address{self}, map[member.Address]member.State{}
	for i := range 100 {
		list = append(list, member.Address(fmt.Sprintf("p%02d:8848", i)))
		states[list[i+1]] = member.Up
	}
	e := New(self, Default())
	e.Members(start, member.NewView(self, member.NewList(1, list, nil), states))
	for i, m := range connections(10_000, "") {
		m.Stamp.Owner = list[1+i%100]
		e.Offered(start, m.Stamp.Owner, m, true)
	}
	e.Advance(start)
	e.Take()
	for b.Loop() {
		e.Advance(start)
		e.Next()
	}
}

// owning returns the engine of the peer, which owns those clients and streams to
// this member.
func owning(marks []naming.Mark) *Engine {
	e := New(peer, Default())
	list := member.NewList(1, []member.Address{self, peer}, nil)
	e.Members(start, member.NewView(peer, member.NewList(1, []member.Address{peer}, nil), nil))
	e.Streams(start, self, true)
	for _, m := range marks {
		e.Local(start, m)
	}
	e.Members(start, member.NewView(peer, list, map[member.Address]member.State{self: member.Up}))
	deliverAll(e)
	return e
}

func deliverAll(e *Engine) {
	e.Advance(start)
	for _, a := range e.Take() {
		if s, ok := a.(Send); ok {
			e.Finished(start, s.Ticket, Result{})
		}
	}
}

// summarize has a round begin.
func summarize(e *Engine) Summarize {
	e.rounds[self].due, e.rounds[self].flying = time.Time{}, false
	e.Advance(start)
	return e.Take()[0].(Summarize)
}
