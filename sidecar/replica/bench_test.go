package replica

import (
	"context"
	"strconv"
	"sync/atomic"
	"testing"

	"github.com/go-logr/logr"

	"github.com/distro-naming/naming-operator/sidecar/member"
	"github.com/distro-naming/naming-operator/sidecar/naming"
)

// deaf is a peer that takes everything and does nothing.
type deaf struct{}

func (deaf) Send(context.Context, member.Address, *naming.Record) error         { return nil }
func (deaf) Drop(context.Context, member.Address, naming.ClientID, int64) error { return nil }
func (deaf) Load(context.Context, member.Address, []member.Address, func([]*naming.Record, int) error) (bool, error) {
	return true, nil
}
func (deaf) Post(member.Address, []naming.Change, func([]error)) bool { return false }
func (deaf) Summarize(context.Context, member.Address, [16]byte) ([][16]byte, error) {
	return nil, nil
}

func (deaf) Detail(context.Context, member.Address, [16]byte, []uint8, []naming.Mark) ([]naming.ClientID, error) {
	return nil, nil
}

func (deaf) Verify(context.Context, member.Address, []naming.Mark) ([]naming.ClientID, error) {
	return nil, nil
}

// BenchmarkRegister is what a registration costs the replica, with many clients
// that register at once, and two peers.
func BenchmarkRegister(b *testing.B) {
	l := New(DefaultConfig(memberA), logr.Discard(), deaf{}, quiet{}, func(naming.ServiceKey) {})
	ctx, cancel := context.WithCancel(b.Context())
	done := make(chan error, 1)
	go func() { done <- l.Run(ctx) }()
	all := []member.Address{memberA, memberB, memberC}
	up := map[member.Address]member.State{memberB: member.Up, memberC: member.Up}
	if err := l.SetMembers(ctx, member.NewView(memberA, member.NewList(1, all, nil), up)); err != nil {
		b.Fatal(err)
	}
	var clients atomic.Int64
	b.SetParallelism(100)
	b.ReportAllocs()
	b.ResetTimer()
	b.RunParallel(func(p *testing.PB) {
		c := naming.ClientID("1_10.0.0.1_" + strconv.FormatInt(clients.Add(1), 10))
		if err := l.Connect(ctx, c); err != nil {
			b.Error(err)
		}
		for i := 0; p.Next(); i++ {
			s := naming.ServiceKey{Namespace: "public", Group: "DEFAULT_GROUP", Name: "web-" + strconv.Itoa(i%10)}
			host := instance("10.0.0.1")
			host.Port = i % 1000
			if err := l.Register(ctx, c, s, []naming.Instance{host}, false); err != nil {
				b.Error(err)
			}
		}
	})
	b.StopTimer()
	cancel()
	if err := <-done; err != nil {
		b.Error(err)
	}
}
