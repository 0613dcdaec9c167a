package nacosgrpc

import (
	"context"
	"testing"

	"github.com/distro-naming/naming-operator/sidecar/naming"
	"github.com/distro-naming/naming-operator/sidecar/wire"
	"github.com/distro-naming/naming-operator/sidecar/wire/nacospb"
)

// still is a registry that takes everything and does nothing, so that what is
// measured is the adapter.
type still struct{ view *naming.View }

func (still) Connect(context.Context, naming.ClientID) error { return nil }
func (still) Register(context.Context, naming.ClientID, naming.ServiceKey, []naming.Instance, bool) error {
	return nil
}
func (still) Deregister(context.Context, naming.ClientID, naming.ServiceKey) error { return nil }
func (still) Depart(context.Context, naming.ClientID) error                        { return nil }
func (still) Disconnect(context.Context, naming.ClientID) error                    { return nil }
func (s still) View(naming.ServiceKey) *naming.View                                { return s.view }
func (still) AllServices() []naming.ServiceKey                                     { return nil }
func (still) Services(string, string) []string                                     { return nil }
func (still) Loaded() bool                                                         { return true }

// BenchmarkDispatch is what a call costs beyond grpc's own work.
func BenchmarkDispatch(b *testing.B) {
	view := &naming.View{Service: naming.ServiceKey{Namespace: "public", Group: "g", Name: "s"}}
	for i := range 10 {
		host := naming.Instance{IP: "10.0.0.1", Port: i, Cluster: "DEFAULT", Weight: 1, Healthy: true, Enabled: true}
		view.Hosts = append(view.Hosts, host)
	}
	const instance = `{"instanceId":"","ip":"10.9.0.1","port":7001,"weight":2.5,"healthy":true,"enabled":true,` +
		`"ephemeral":true,"clusterName":"","serviceName":"","metadata":{"zone":"a"},"instanceHeartBeatInterval":0}`
	requests := map[string]*nacospb.Payload{
		"Register": wire.Payload(wire.InstanceRequest, []byte(registration("s", instance))),
		"Query":    wire.Payload(wire.ServiceQueryRequest, []byte(query("s"))),
		"Health":   wire.Payload(wire.HealthCheckRequest, []byte(`{}`)),
	}
	s := &Server{cfg: DefaultConfig(), deps: Deps{Registrar: still{}, Catalog: still{view}}}
	p := &port{server: s, handlers: s.handlers()}
	c := &session{port: p, id: "1_10.0.0.1_1"}
	c.phase.Store(connected)
	for name, in := range requests {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if out := p.dispatch(b.Context(), c, in); wire.KindOf(out) == wire.ErrorResponse {
					b.Fatal(string(wire.Body(out)))
				}
			}
		})
	}
}
