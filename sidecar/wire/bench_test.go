package wire

import (
	"strconv"
	"testing"

	"github.com/distro-naming/naming-operator/sidecar/naming"
)

// BenchmarkRecord is what one change of a client with many services costs its
// owner for each peer, and each peer.
func BenchmarkRecord(b *testing.B) {
	var list []naming.Publication
	for i := range 200 {
		s := naming.ServiceKey{Namespace: "public", Group: "g", Name: "service-" + strconv.Itoa(1000+i)}
		list = append(list, naming.Publication{Service: s, Instances: []naming.Instance{{
			ID: "10.0.0.1#80#DEFAULT#" + s.Grouped(), IP: "10.0.0.1", Port: 80, Cluster: "DEFAULT", Weight: 1,
			Healthy: true, Enabled: true, Metadata: map[string]string{"zone": "a"},
		}}})
	}
	r := naming.Normal("1_10.0.0.1_1", naming.Issue("127.0.0.1:8848", 7), list)
	b.Run("Write", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			NewChange(r).Request("127.0.0.1:8848")
		}
	})
	body := NewChange(r).Request("127.0.0.1:8848")
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

// BenchmarkInstanceRequest is what a registration costs before it is carried
// out: the body of a Java client with three metadata entries.
func BenchmarkInstanceRequest(b *testing.B) {
	body := []byte(`{"headers":{"app":"shop"},"namespace":"public","groupName":"DEFAULT_GROUP","module":"naming",` +
		`"serviceName":"com.example.Orders","type":"registerInstance","instance":{"ip":"10.0.0.1","port":8080,"weight":1.0,` +
		`"healthy":true,"enabled":true,"ephemeral":true,"clusterName":"DEFAULT","serviceName":"","metadata":` +
		`{"preserved.register.source":"SPRING_CLOUD","version":"1.24.3","zone":"a"}}}`)
	for name, read := range map[string]func() (InstanceChange, error){
		"Quick": func() (InstanceChange, error) { return DecodeInstanceChange(body) },
		"Plain": func() (out InstanceChange, err error) { err = decode(body, &out); return out, err },
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := read(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
