package naming

import (
	"cmp"
	"maps"
)

// Instance is one published endpoint. It is compared with Equal and never
// changed after it was handed to this package: Metadata is shared.
type Instance struct {
	ID       string // instance id as clients see it
	IP       string // IP or host name
	Port     int    // 0-65535
	Cluster  string // never empty: DefaultCluster
	Weight   float64
	Healthy  bool
	Enabled  bool
	Metadata map[string]string
}

// Endpoint is what a list shows once, whoever published it.
type Endpoint struct {
	IP      string
	Port    int
	Cluster string
}

// Endpoint returns the identity of the instance within its service.
func (i Instance) Endpoint() Endpoint { return Endpoint{IP: i.IP, Port: i.Port, Cluster: i.Cluster} }

// Compare orders endpoints by IP, port and cluster.
func (e Endpoint) Compare(o Endpoint) int {
	return cmp.Or(cmp.Compare(e.IP, o.IP), cmp.Compare(e.Port, o.Port), cmp.Compare(e.Cluster, o.Cluster))
}

// Equal reports whether both publish the same endpoint with the same content.
func (i Instance) Equal(o Instance) bool {
	return i.ID == o.ID && i.Endpoint() == o.Endpoint() && i.Weight == o.Weight &&
		i.Healthy == o.Healthy && i.Enabled == o.Enabled && maps.Equal(i.Metadata, o.Metadata)
}

// DefaultID returns the id that Nacos gives an instance without one:
// "ip#port#cluster#group@@name", with the cluster as the client sent it.
func DefaultID(ip, port, cluster, grouped string) string {
	return ip + "#" + port + "#" + cluster + "#" + grouped
}

// UsualID returns the DefaultID of an instance of s, made at once.
func UsualID(ip string, port int, cluster string, s ServiceKey) string {
	var buffer [128]byte
	return string(appendID(append(buffer[:0], ip...), port, cluster, &s))
}
