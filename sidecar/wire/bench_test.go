package wire

import (
	"strconv"
	"testing"

	"github.com/distro-naming/naming-operator/sidecar/naming"
)

// BenchmarkRecord is what one change of a client with many services costs its
// owner for each peer, and each peer.
func BenchmarkRecord(b *testing.B) {
	r := &naming.Record{Client: "1_10.0.0.1_1", Stamp: naming.Issue("127.0.0.1:8848", 7)}
	for i := range 200 {
		s := naming.ServiceKey{Namespace: "public", Group: "g", Name: "service-" + strconv.Itoa(1000+i)}
		r.Publications = append(r.Publications, naming.Publication{Service: s, Instances: []naming.Instance{{
			ID: "10.0.0.1#80#DEFAULT#" + s.Grouped(), IP: "10.0.0.1", Port: 80, Cluster: "DEFAULT", Weight: 1,
			Healthy: true, Enabled: true, Metadata: map[string]string{"zone": "a"},
		}}})
	}
	b.Run("Write", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			ChangeRequest(r, "127.0.0.1:8848")
		}
	})
	body := ChangeRequest(r, "127.0.0.1:8848")
	b.Run("Read", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			in, err := DecodeDistro(body)
			if err != nil {
				b.Fatal(err)
			}
			if _, err := DecodeRecord(in.Content); err != nil {
				b.Fatal(err)
			}
		}
	})
}
