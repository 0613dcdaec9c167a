package naming

import (
	"strconv"
	"testing"
)

// benchInstance is one as Java clients register them.
func benchInstance(s ServiceKey, host int) Instance {
	i := Instance{
		IP: "10." + strconv.Itoa(host>>16&255) + "." + strconv.Itoa(host>>8&255) + "." + strconv.Itoa(host&255), Port: 8080,
		Cluster: DefaultCluster, Weight: 1, Healthy: true, Enabled: true,
		Metadata: map[string]string{"preserved.register.source": "SPRING_CLOUD", "version": "1.24.3-release", "zone": "a"},
	}
	i.ID = DefaultID(i.IP, "8080", i.Cluster, s.Grouped())
	return i
}

func benchService(i int) ServiceKey {
	return ServiceKey{Namespace: DefaultNamespace, Group: DefaultGroup, Name: "com.example.bench.Service" + strconv.Itoa(1000+i)}
}

func benchClient(host int) ClientID {
	return ClientID("1700000000000_10.0." + strconv.Itoa(host>>8&255) + "." + strconv.Itoa(host&255) + "_" + strconv.Itoa(30000+host%30000))
}

// benchRegistry holds clients that each publish in that many services.
func benchRegistry(clients, services int) *Registry {
	g := NewRegistry()
	for c := range clients {
		var list []Publication
		for s := range services {
			list = append(list, Publication{Service: benchService(s), Instances: []Instance{benchInstance(benchService(s), c)}})
		}
		g.Put(Normal(benchClient(c), Issue("10.0.0.1:8848", int64(c+1)), list))
	}
	return g
}

// BenchmarkPut is a change of one of the services of a client.
func BenchmarkPut(b *testing.B) {
	for _, services := range []int{1, 10, 1000} {
		b.Run(strconv.Itoa(services)+"services", func(b *testing.B) {
			const clients = 100
			g := benchRegistry(clients, services)
			version := int64(clients)
			instances := [2][]Instance{{benchInstance(benchService(0), 1)}, {benchInstance(benchService(0), 1)}}
			instances[1][0].Weight = 2
			b.ReportAllocs()
			for b.Loop() {
				version++
				r := g.Record(benchClient(int(version % clients)))
				p := Publication{Service: benchService(0), Instances: instances[version/clients%2]}
				g.Put(r.With(p, Issue("10.0.0.1:8848", version)))
			}
		})
	}
}

// BenchmarkHosts is the answer for a service.
func BenchmarkHosts(b *testing.B) {
	for _, clients := range []int{10, 1000, 10_000} {
		b.Run(strconv.Itoa(clients)+"clients", func(b *testing.B) {
			g := benchRegistry(clients, 1)
			b.ReportAllocs()
			for b.Loop() {
				if hosts, _ := g.Hosts(benchService(0)); len(hosts) != clients {
					b.Fatalf("%d hosts, want %d", len(hosts), clients)
				}
			}
		})
	}
}
