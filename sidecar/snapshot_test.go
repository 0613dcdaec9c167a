package sidecar

import (
	"context"
	"fmt"
	"testing"

	"github.com/go-logr/logr"

	"github.com/distro-naming/naming-operator/sidecar/frame"
	"github.com/distro-naming/naming-operator/sidecar/member"
	"github.com/distro-naming/naming-operator/sidecar/metrics"
	"github.com/distro-naming/naming-operator/sidecar/naming"
	"github.com/distro-naming/naming-operator/sidecar/replica"
)

// donating is a Transport whose peer gives encoded chunks.
type donating struct {
	replica.Transport
	chunks [][]byte
	done   chan struct{}
}

func (d *donating) Load(_ context.Context, _ member.Address, _ []member.Address, take func([]*naming.Record, int) error) (bool, error) {
	defer close(d.done)
	for _, chunk := range d.chunks {
		f, err := frame.Decode(chunk)
		if err != nil {
			return false, err
		}
		c := f.(frame.Chunk)
		if err := take(c.Records, c.More); err != nil {
			return false, err
		}
	}
	return true, nil
}

// many returns records as a large cluster has them: clients with an instance
// each, of 5000 services, and metadata that deployments share.
func many(n int) []*naming.Record {
	list := make([]*naming.Record, n)
	for i := range list {
		s := naming.ServiceKey{Namespace: "public", Group: "DEFAULT_GROUP", Name: fmt.Sprintf("com.example.Service%04d", i%5000)}
		ip := fmt.Sprintf("10.%d.%d.%d", i>>16&255, i>>8&255, i&255)
		list[i] = naming.Normal(naming.ClientID(fmt.Sprintf("1700000000000_%s_%d", ip, 30000+i%30000)),
			naming.Issue("10.0.0.2:8848", int64(1700000000000+i)), []naming.Publication{{
				Service: s,
				Instances: []naming.Instance{{
					ID: naming.DefaultID(ip, "8080", "DEFAULT", s.Grouped()), IP: ip, Port: 8080, Cluster: "DEFAULT",
					Weight: 1, Healthy: true, Enabled: true,
					Metadata: map[string]string{"preserved.register.source": "SPRING_CLOUD", "version": "1.24.3-release", "zone": fmt.Sprint("z", i%3)},
				}},
			}})
	}
	return list
}

// BenchmarkLoad is what the snapshot costs the member that joins, for a record:
// to read it and to take it in.
func BenchmarkLoad(b *testing.B) {
	list := many(b.N)
	var e frame.Encoder
	d := &donating{done: make(chan struct{})}
	for rest := list; len(rest) > 0; {
		chunk, n := e.Chunk(nil, rest, 64<<10)
		d.chunks, rest = append(d.chunks, chunk), rest[n:]
	}
	list = nil
	l := replica.New(replica.DefaultConfig("10.0.0.1:8848"), logr.Discard(), d, metrics.New(), func(naming.ServiceKey) {})
	ctx, cancel := context.WithCancel(b.Context())
	ended := make(chan error, 1)
	go func() { ended <- l.Run(ctx) }()
	all := []member.Address{"10.0.0.1:8848", "10.0.0.2:8848"}
	up := map[member.Address]member.State{"10.0.0.2:8848": member.Up}
	b.ReportAllocs()
	b.ResetTimer()
	if err := l.SetMembers(ctx, member.NewView(all[0], member.NewList(1, all, nil), up)); err != nil {
		b.Fatal(err)
	}
	<-d.done
	b.StopTimer()
	cancel()
	if err := <-ended; err != nil {
		b.Error(err)
	}
}
