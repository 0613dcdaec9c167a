package nacosgrpc

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/distro-naming/naming-operator/sidecar/member"
	"github.com/distro-naming/naming-operator/sidecar/naming"
	"github.com/distro-naming/naming-operator/sidecar/wire"
)

const callerAddress member.Address = "127.0.0.1:38848"

// calling starts Peers that find the cluster port of each member as given.
func calling(t *testing.T, ports map[member.Address]string) (*Peers, *streets) {
	t.Helper()
	return tuned(t, ports, func(*PeersConfig) {})
}

func tuned(t *testing.T, ports map[member.Address]string, tune func(*PeersConfig)) (*Peers, *streets) {
	t.Helper()
	routes := &streets{world: newWorld(callerAddress), ports: ports, reached: map[member.Address]int{}}
	cfg := DefaultPeersConfig()
	cfg.ReportEvery, cfg.RedialFrom = cfg.ReportEvery/100, cfg.RedialFrom/10
	tune(&cfg)
	p := NewPeers(cfg, routes)
	t.Cleanup(p.Close)
	return p, routes
}

// met waits until the server of the test was reached.
func (s *streets) met() bool {
	return s.until(func() bool { return s.reached[selfAddress] > 1 })
}

func someRecord(c naming.ClientID, revision int32) *naming.Record {
	return naming.Normal(c, naming.Stamp{Owner: callerAddress, Version: int64(revision), Revision: revision}, []naming.Publication{{
		Service:   naming.ServiceKey{Namespace: "public", Group: "g", Name: "s"},
		Instances: []naming.Instance{{IP: "10.0.0.1", Port: 80, Cluster: "DEFAULT", Weight: 2, Healthy: true, Enabled: true}},
	}})
}

func TestPeersCarryRecordsBothWays(t *testing.T) {
	s := start(t, nil)
	p, routes := calling(t, map[member.Address]string{selfAddress: s.cluster})
	p.SetPeers([]member.Address{selfAddress})
	if !routes.met() {
		t.Fatal("not reached")
	}
	ctx, a, b := t.Context(), someRecord("1_10.0.0.1_1", 1), someRecord("1_10.0.0.1_2", 2)
	for _, r := range []*naming.Record{a, b} {
		if err := p.Send(ctx, selfAddress, r); err != nil {
			t.Fatal(err)
		}
	}
	if got := s.world.record(a.Client); got == nil || got.Stamp != a.Stamp {
		t.Errorf("stored %+v", got)
	}
	marks := []naming.Mark{a.Mark(), someRecord(b.Client, 3).Mark(), {Client: "1_10.0.0.1_3", Stamp: naming.Stamp{Revision: 1}}}
	different, err := p.Verify(ctx, selfAddress, marks)
	if want := []naming.ClientID{b.Client, "1_10.0.0.1_3"}; err != nil || !slices.Equal(different, want) {
		t.Errorf("Verify = %v, %v, want %v", different, err, want)
	}
	if err := p.Drop(ctx, selfAddress, b.Client, 2); err != nil {
		t.Fatal(err)
	}
	var records []*naming.Record
	complete, err := p.Load(ctx, selfAddress, nil, func(list []*naming.Record, _ int) error {
		records = list
		return nil
	})
	if err != nil || !complete || len(records) != 1 || records[0].Stamp != a.Stamp {
		t.Errorf("Load = %v, %v, %v", records, complete, err)
	}
	s.world.see(func() {
		if heard := s.world.heard[0]; heard != routes.self {
			t.Errorf("heard %+v, want %+v", heard, routes.self)
		}
	})
}

func TestPeersRefusedByOneSaySo(t *testing.T) {
	s := start(t, nil)
	p, routes := calling(t, map[member.Address]string{selfAddress: s.cluster})
	p.SetPeers([]member.Address{selfAddress})
	routes.met()
	connect(t, s.sdk, namingSetup)
	err := p.Send(t.Context(), selfAddress, someRecord(s.world.clients()[0], 1))
	if err == nil || !strings.Contains(err.Error(), naming.ErrOwnedHere.Error()) {
		t.Errorf("got %v", err)
	}
}

func TestPeerThatIsNotThereIsRefusedAndUnconnected(t *testing.T) {
	free := listen(t)
	p, routes := calling(t, map[member.Address]string{selfAddress: free.Addr().String()})
	_ = free.Close() // nobody listens there any more
	p.SetPeers([]member.Address{selfAddress})
	if !routes.until(func() bool { return len(routes.failed) > 1 && routes.failed[0].refused }) {
		t.Error("not refused")
	}
	for _, to := range []member.Address{selfAddress, "127.0.0.1:1"} {
		if err := p.Send(t.Context(), to, someRecord("1_a_1", 1)); !errors.Is(err, ErrNotConnected) {
			t.Errorf("Send to %s: %v", to, err)
		}
	}
}

func TestAddressThatBelongsToAnotherMemberIsNotUsed(t *testing.T) {
	s := start(t, nil)
	const expected member.Address = "127.0.0.1:18848"
	p, routes := calling(t, map[member.Address]string{expected: s.cluster})
	p.SetPeers([]member.Address{expected})
	if !routes.until(func() bool { return len(routes.failed) > 0 }) {
		t.Fatal("no failure")
	}
	routes.see(func() {
		if text := routes.failed[0].err.Error(); !strings.Contains(text, "answered as member "+selfAddress) {
			t.Errorf("failed with %q", text)
		}
		if len(routes.reached) != 0 {
			t.Errorf("reached %v", routes.reached)
		}
	})
}

func TestPeerThatMovedIsFoundAgain(t *testing.T) {
	before, after := start(t, nil), start(t, nil)
	p, routes := calling(t, map[member.Address]string{selfAddress: before.cluster})
	p.SetPeers([]member.Address{selfAddress})
	routes.met()
	routes.do(func() { routes.ports[selfAddress] = after.cluster })
	p.Redial(selfAddress)
	if !after.world.until(func() bool { return len(after.world.heard) > 0 }) {
		t.Error("the new place was not called")
	}
	routes.see(func() {
		if len(routes.failed) != 0 {
			t.Errorf("failures: %v", routes.failed)
		}
	})
}

func TestPeerTakenFromTheListIsLeft(t *testing.T) {
	s := start(t, nil)
	p, routes := calling(t, map[member.Address]string{selfAddress: s.cluster})
	p.SetPeers([]member.Address{selfAddress})
	routes.met()
	p.SetPeers(nil)
	if err := p.Send(t.Context(), selfAddress, someRecord("1_a_1", 1)); !errors.Is(err, ErrNotConnected) {
		t.Errorf("Send: %v", err)
	}
	p.Close()
	if n := len(s.open.all()); n > 1 {
		t.Errorf("%d connections are open", n)
	}
}

func TestPeersAnswerOnTheirStream(t *testing.T) {
	s := start(t, nil)
	p, routes := calling(t, map[member.Address]string{selfAddress: s.cluster})
	p.SetPeers([]member.Address{selfAddress})
	routes.met()
	for _, c := range s.open.all() {
		if err := c.ask(t.Context(), wire.ClientDetectionRequest, wire.Detection); err != nil {
			t.Error(err)
		}
		if err := s.moveTo(t.Context(), c, ""); err != nil {
			t.Error(err)
		}
		<-c.done
	}
	var met int
	routes.see(func() { met = routes.reached[selfAddress] })
	if !routes.until(func() bool { return routes.reached[selfAddress] > met+1 }) {
		t.Error("not connected anew after a reset")
	}
}
