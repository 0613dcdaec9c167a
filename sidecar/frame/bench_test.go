package frame

import (
	"fmt"
	"testing"

	"github.com/distro-naming/naming-operator/sidecar/naming"
)

// many returns records as a large cluster has them: clients with an instance
// each, of 5000 services, and metadata that deployments share but for one value.
func many(n int) []*naming.Record {
	list := make([]*naming.Record, n)
	for i := range list {
		s := naming.ServiceKey{Namespace: "public", Group: "DEFAULT_GROUP", Name: fmt.Sprintf("com.example.Service%04d", i%5000)}
		ip := fmt.Sprintf("10.%d.%d.%d", i>>16&255, i>>8&255, i&255)
		list[i] = naming.Normal(naming.ClientID(fmt.Sprintf("1700000000000_%s_%d", ip, 30000+i%30000)),
			naming.Issue("10.0.0.1:8848", int64(1700000000000+i)), []naming.Publication{{
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

// Each round is one record.
func BenchmarkChunk(b *testing.B) {
	list := many(20_000)
	var (
		e      Encoder
		chunks [][]byte
		counts []int
	)
	for rest := list; len(rest) > 0; {
		chunk, n := e.Chunk(nil, rest, 64<<10)
		chunks, counts, rest = append(chunks, chunk), append(counts, n), rest[n:]
	}
	b.Run("encode", func(b *testing.B) {
		buffer := make([]byte, 0, 80<<10)
		b.ReportAllocs()
		for i := 0; i < b.N; {
			for rest := list; len(rest) > 0 && i < b.N; {
				_, n := e.Chunk(buffer, rest, 64<<10)
				rest, i = rest[n:], i+n
			}
		}
		b.ReportMetric(float64(len(chunks[0]))/float64(counts[0]), "bytes/record")
	})
	b.Run("decode", func(b *testing.B) {
		b.ReportAllocs()
		for i := 0; i < b.N; {
			for k, chunk := range chunks {
				if _, err := Decode(chunk); err != nil {
					b.Fatal(err)
				}
				if i += counts[k]; i >= b.N {
					break
				}
			}
		}
	})
}
