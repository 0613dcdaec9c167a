package nacosgrpc

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/distro-naming/naming-operator/sidecar/member"
	"github.com/distro-naming/naming-operator/sidecar/naming"
	"github.com/distro-naming/naming-operator/sidecar/wire"
	"github.com/distro-naming/naming-operator/sidecar/wire/nacospb"
)

func TestSnapshotWhileLoadingIsForOursOnly(t *testing.T) {
	s := start(t, nil)
	s.world.do(func() { s.world.loaded = false })
	c := connect(t, s.cluster, clusterSetup)
	java := wire.Payload(wire.DistroDataRequest, wire.SnapshotRequest())
	if r := c.distro(java); r.ResultCode != wire.CodeServerError {
		t.Errorf("Java was given %+v", r)
	}
	ours := wire.Sign(wire.Payload(wire.DistroDataRequest, wire.SnapshotRequest()), member.Node{Address: "127.0.0.1:38848"})
	out, err := c.calls.Request(t.Context(), ours)
	if err != nil {
		t.Fatal(err)
	}
	if records, complete, err := wire.DecodeSnapshot(wire.Body(out)); err != nil || complete || len(records) != 0 {
		t.Errorf("one of ours was given %v, complete %v, %v", records, complete, err)
	}
}

func TestJavaServerThatStartsIsNotGivenItsFormerConnections(t *testing.T) {
	s := start(t, nil)
	s.world.do(func() { s.world.java = callerAddress })
	c := connect(t, s.cluster, clusterSetup)
	for _, r := range []*naming.Record{
		naming.Normal("1_10.0.0.1_1", naming.Stamp{Owner: callerAddress, Revision: 1}, nil),
		naming.Normal("10.0.0.1:80#true", naming.Stamp{Owner: callerAddress, Revision: 1}, nil),
		naming.Normal("1_10.0.0.1_2", naming.Stamp{Owner: selfAddress, Revision: 1}, nil),
	} {
		s.world.do(func() { s.world.registry.Put(r) })
	}
	out, err := c.calls.Request(t.Context(), wire.Payload(wire.DistroDataRequest, wire.SnapshotRequest()))
	if err != nil {
		t.Fatal(err)
	}
	records, _, err := wire.DecodeSnapshot(wire.Body(out))
	if err != nil || len(records) != 2 || slices.ContainsFunc(records, func(r *naming.Record) bool { return r.Client == "1_10.0.0.1_1" }) {
		t.Errorf("it was given %v, %v", records, err)
	}
	s.world.see(func() {
		if !slices.Equal(s.world.restarted, []member.Address{callerAddress}) {
			t.Errorf("restarted: %v", s.world.restarted)
		}
	})
}

func TestOwnClientsAreNotChangedByPeers(t *testing.T) {
	s := start(t, nil)
	connect(t, s.sdk, namingSetup)
	c := connect(t, s.cluster, clusterSetup)
	own := naming.Normal(s.world.clients()[0], naming.Stamp{Revision: 3}, nil)
	r := c.distro(wire.Payload(wire.DistroDataRequest, wire.NewChange(own).Request(selfAddress)))
	if r.kind != wire.DistroDataResponse || r.ResultCode != wire.CodeServerError {
		t.Errorf("got %+v", r)
	}
}

func TestPeersAreHeard(t *testing.T) {
	s := start(t, nil)
	c := connect(t, s.cluster, clusterSetup)
	n := member.Node{Address: "127.0.0.1:38848", Epoch: 5, Version: "x", State: member.Draining, Clock: 9}
	in := wire.Introduce(wire.Payload(wire.MemberReportRequest, wire.ReportRequest(n)), n)
	out, err := c.calls.Request(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := wire.DecodeReportResult(out); err != nil || got != s.world.Node() {
		t.Errorf("answered as %+v, %v", got, err)
	}
	s.world.see(func() {
		if len(s.world.heard) != 1 || s.world.heard[0] != n {
			t.Errorf("heard %+v, want %+v", s.world.heard, n)
		}
	})
	record := naming.Normal("1_10.0.0.1_1", naming.Stamp{Revision: 3}, nil)
	c.distro(wire.Payload(wire.DistroDataRequest, wire.NewChange(record).Request(selfAddress)))
	if got := s.world.record(record.Client); got == nil || got.Stamp.Owner != n.Address {
		t.Errorf("stored %+v, want it to be owned by who reported on the connection", got)
	}
}

// A connection is verified by who holds it. A client that beats may be owned by one
// member and have been written by another, which a VERIFY does not tell.
func TestAVerifySaysWhoOwnsConnectionsOnly(t *testing.T) {
	s := start(t, nil)
	c := connect(t, s.cluster, clusterSetup)
	s.world.do(func() { s.world.java = callerAddress })
	want := []naming.Mark{
		{Client: "1_10.0.0.1_1", Stamp: naming.Stamp{Owner: callerAddress, Revision: 3}},
		{Client: "10.0.0.1:80#true", Stamp: naming.Stamp{Revision: 4}},
	}
	for _, m := range want {
		c.distro(wire.Payload(wire.DistroDataRequest, wire.VerifyRequest(m)))
	}
	s.world.see(func() {
		if diff := cmp.Diff(want, s.world.compared); diff != "" {
			t.Errorf("compared (-want +got):\n%s", diff)
		}
	})
}

func TestServerThatReportsOverHTTPIsKnownByItsPlace(t *testing.T) {
	s := start(t, nil)
	c := connect(t, s.cluster, clusterSetup)
	s.world.do(func() { s.world.java = callerAddress })
	record := naming.Normal("1_10.0.0.1_1", naming.Stamp{Revision: 3}, nil)
	c.distro(wire.Payload(wire.DistroDataRequest, wire.NewChange(record).Request(selfAddress)))
	if got := s.world.record(record.Client); got == nil || got.Stamp.Owner != callerAddress {
		t.Errorf("stored %+v, want it to be owned by %s", got, callerAddress)
	}
}

func (c *client) distro(in *nacospb.Payload) reply {
	c.t.Helper()
	return c.call(wire.KindOf(in), string(wire.Body(in)))
}
