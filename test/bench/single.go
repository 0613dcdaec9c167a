package main

import (
	"context"
	"errors"
	"strconv"
	"time"

	"github.com/go-logr/logr"

	"github.com/distro-naming/naming-operator/sidecar/member"
	"github.com/distro-naming/naming-operator/sidecar/naming"
	"github.com/distro-naming/naming-operator/sidecar/replica"
	"github.com/distro-naming/naming-operator/sidecar/wire"
)

const (
	selfName member.Address = "10.9.0.1:8848"
	peerName member.Address = "10.9.0.2:8848"
)

var quietLog = logr.Discard()

// single is the Loop of one member in this process, whose only peer takes
// everything and says nothing.
type single struct {
	*replica.Loop
	stop func() error
}

func startSingle(ctx context.Context) *single {
	ctx, cancel := context.WithCancel(ctx)
	m := &single{Loop: replica.New(replica.DefaultConfig(selfName), quietLog, deaf{}, deaf{}, func(naming.ServiceKey) {})}
	ended := make(chan error, 1)
	go func() { ended <- m.Run(ctx) }()
	m.stop = func() error { cancel(); return <-ended }
	return m
}

// settle lets the outbox rest, so that what is left is what is kept.
func (m *single) settle(ctx context.Context) error {
	return errors.Join(m.Flush(ctx), pause(ctx, 2*time.Second))
}

// receive fills m as a peer's changes would: with the bytes that peers send.
func (m *single) receive(ctx context.Context, p population) error {
	if err := m.join(ctx); err != nil {
		return err
	}
	for c := range p.clients {
		body := wire.NewChange(p.record(c, peerName)).Request(selfName)
		in, err := wire.DecodeDistro(body)
		if err != nil {
			return err
		}
		r, err := wire.DecodeRecord(in.Content)
		if err != nil {
			return err
		}
		if err := m.Receive(ctx, peerName, r); err != nil {
			return err
		}
	}
	return nil
}

// register fills m as clients would: with the bodies that they send.
func (m *single) register(ctx context.Context, p population) error {
	if err := m.join(ctx); err != nil {
		return err
	}
	for c := range p.clients {
		if err := m.Connect(ctx, clientID(c)); err != nil {
			return err
		}
	}
	for i := range p.each {
		for c := range p.clients {
			if err := m.publish(ctx, p, c, i, "a"); err != nil {
				return err
			}
		}
	}
	return nil
}

func (m *single) publish(ctx context.Context, p population, client, i int, zone string) error {
	s := p.service(client, i)
	change, err := wire.DecodeInstanceChange(register(s.Name, client, zone).GetBody().GetValue())
	if err != nil {
		return err
	}
	instance, err := change.Instance.Publish(change.Service(), nil)
	if err != nil {
		return err
	}
	return m.Register(ctx, clientID(client), change.Service(), []naming.Instance{instance}, false)
}

func (m *single) join(ctx context.Context) error {
	list := member.NewList(1, []member.Address{selfName, peerName}, nil)
	return m.SetMembers(ctx, member.NewView(selfName, list, map[member.Address]member.State{peerName: member.Up}))
}

// collecting changes instances at a rate and returns how much of a core the
// garbage collector took.
func (m *single) collecting(ctx context.Context, p population, rate int, during time.Duration) (float64, error) {
	began, before := time.Now(), collectorTime()
	const tick = 10 * time.Millisecond
	for n := 0; time.Since(began) < during; {
		for due := int(time.Since(began).Seconds() * float64(rate)); n < due; n++ {
			c := n * 7919 % p.clients
			if err := m.Connect(ctx, clientID(c)); err != nil {
				return 0, err
			}
			if err := m.publish(ctx, p, c, n%p.each, strconv.Itoa(n%2)); err != nil {
				return 0, err
			}
		}
		if err := pause(ctx, tick); err != nil {
			return 0, err
		}
	}
	return (collectorTime() - before).Seconds() / time.Since(began).Seconds(), nil
}

// service is the one in which a client publishes its i-th instance.
func (p population) service(client, i int) naming.ServiceKey {
	return naming.ServiceKey{
		Namespace: naming.DefaultNamespace, Group: naming.DefaultGroup, Name: serviceName((client + i) % p.services),
	}
}

// record is what a client publishes, as its owner has it.
func (p population) record(client int, owner member.Address) *naming.Record {
	list := make([]naming.Publication, p.each)
	for i := range list {
		s := p.service(client, i)
		list[i] = naming.Publication{Service: s, Instances: []naming.Instance{p.instance(client, s)}}
	}
	return naming.Normal(clientID(client), naming.Issue(owner, 1_800_000_000_000+int64(client)), list)
}

// instance is what a client publishes in a service.
func (p population) instance(client int, s naming.ServiceKey) naming.Instance {
	ip := hostIP(client)
	return naming.Instance{
		ID: naming.DefaultID(ip, "8080", naming.DefaultCluster, s.Grouped()), IP: ip, Port: 8080,
		Cluster: naming.DefaultCluster, Weight: 1, Healthy: true, Enabled: true,
		Metadata: map[string]string{
			"preserved.register.source": "SPRING_CLOUD", "version": "1.24.3-release", "sequence": "a",
		},
	}
}

// clientID is as the ids of connections are.
func clientID(client int) naming.ClientID {
	opened, port := 1_800_000_000_000+client%1_000_000, 20_000+client%40_000
	return naming.ClientID(strconv.Itoa(opened) + "_" + hostIP(client) + "_" + strconv.Itoa(port))
}

func hostIP(client int) string {
	return "10." + strconv.Itoa(client>>16&255) + "." + strconv.Itoa(client>>8&255) + "." + strconv.Itoa(client&255)
}

// deaf is a peer that takes everything, and an observer that notes nothing.
type deaf struct{ replica.Stream }

func (deaf) Send(context.Context, member.Address, *naming.Record) error         { return nil }
func (deaf) Drop(context.Context, member.Address, naming.ClientID, int64) error { return nil }
func (deaf) Load(context.Context, member.Address, []member.Address, func([]*naming.Record, int) error) (bool, error) {
	return true, nil
}

func (deaf) Verify(context.Context, member.Address, []naming.Mark) ([]naming.ClientID, error) {
	return nil, nil
}

func (deaf) Called(member.Address, string, time.Duration, error) {}
func (deaf) Braked(int)                                          {}
func (deaf) Acknowledged(member.Address, time.Duration)          {}
func (deaf) Offered(member.Address, string)                      {}
func (deaf) Expired(naming.ClientID, string)                     {}
func (deaf) Framed(member.Address, int)                          {}
func (deaf) Resumed(member.Address)                              {}
