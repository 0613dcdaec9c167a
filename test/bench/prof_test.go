package main

import (
	"context"
	"testing"
	"sync"

	"github.com/distro-naming/naming-operator/sidecar/naming"
	"github.com/distro-naming/naming-operator/sidecar/wire"
	"github.com/distro-naming/naming-operator/sidecar/replica"
	"github.com/distro-naming/naming-operator/sidecar/member"
)

var snap = sync.OnceValue(func() []byte {
	p := population{clients: 100_000, services: 1000, each: 1}
	var list []*naming.Record
	for c := range p.clients {
		list = append(list, p.record(c, peerName))
	}
	body, _ := wire.SnapshotResult(list, 0, false)
	return body
})

func BenchmarkEncode(b *testing.B) {
	p := population{clients: 100_000, services: 1000, each: 1}
	var list []*naming.Record
	for c := range p.clients {
		list = append(list, p.record(c, peerName))
	}
	for b.Loop() {
		wire.SnapshotResult(list, 0, false)
	}
}

func BenchmarkDecode(b *testing.B) {
	body := snap()
	b.SetBytes(int64(len(body)))
	for b.Loop() {
		if _, _, err := wire.DecodeSnapshot(body); err != nil {
			b.Fatal(err)
		}
	}
}

type giver struct {
	deaf
	records []*naming.Record
}

func (g giver) Load(_ context.Context, _ member.Address, _ []member.Address, take func([]*naming.Record) error) (bool, error) {
	return true, take(g.records)
}

func BenchmarkApply(b *testing.B) {
	body := snap()
	for b.Loop() {
		b.StopTimer()
		records, _, _ := wire.DecodeSnapshot(body)
		ctx, cancel := context.WithCancel(context.Background())
		l := replica.New(replica.DefaultConfig(selfName), quietLog, giver{records: records}, deaf{}, func(naming.ServiceKey) {})
		b.StartTimer()
		done := make(chan error)
		go func() { done <- l.Run(ctx) }()
		m := &single{Loop: l}
		m.join(ctx)
		for !l.Loaded() {
			l.Ping(ctx)
		}
		cancel()
		<-done
	}
}
