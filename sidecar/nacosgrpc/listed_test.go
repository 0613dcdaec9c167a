package nacosgrpc

import (
	"bytes"
	"testing"

	"github.com/distro-naming/naming-operator/sidecar/member"
	"github.com/distro-naming/naming-operator/sidecar/naming"
	"github.com/distro-naming/naming-operator/sidecar/wire"
	"github.com/distro-naming/naming-operator/sidecar/wire/nacospb"
)

// meeting makes Peers reach a Java peer.
func meeting(t *testing.T, java *javaPeer) (*Peers, *streets) {
	t.Helper()
	p, routes := calling(t, map[member.Address]string{selfAddress: java.at})
	p.SetPeers([]member.Address{selfAddress})
	if !routes.met() {
		t.Fatal("not reached")
	}
	return p, routes
}

// TestTrapsOfAListedMember are about what Java sends to a member of its list.
func TestTrapsOfAListedMember(t *testing.T) {
	spring(t, trap{
		"a Java that boots answers the check with 300, and is tried again": bootingPeer,
		"a member that connects is no client": func(t *testing.T) {
			s, _ := javaWith(t)
			if got := s.world.clients(); len(got) != 0 || s.Clients() != 0 {
				t.Errorf("clients %v, %d counted", got, s.Clients())
			}
		},
		"a pure subscriber is verified with revision 0, and sent empty": subscriberOnly,
		"clientIp is not where the member is": func(t *testing.T) {
			s, c := javaWith(t)
			in := changeOf(naming.Normal(theirs, naming.Stamp{Revision: 3}, nil))
			in.Metadata.ClientIp = "10.9.9.9"
			if _, err := c.calls.Request(t.Context(), in); err != nil {
				t.Fatal(err)
			}
			if r := s.world.record(theirs); r == nil || r.Stamp.Owner != callerAddress {
				t.Errorf("stored %+v", r)
			}
		},
		"a report from outside the list is answered all the same": func(t *testing.T) {
			_, c := javaWith(t)
			c.must(wire.MemberReportRequest, string(wire.ReportRequest(member.Node{Address: "127.0.0.1:29999"})))
		},
		"port -1 is refused in kind, no node by an ErrorResponse": func(t *testing.T) {
			_, c := javaWith(t)
			r := c.call(wire.MemberReportRequest, `{"node":{"port":-1}}`)
			if r.kind != wire.MemberReportResponse || r.ResultCode != 500 || r.ErrorCode != wire.CodeInvalid {
				t.Errorf("port -1: %+v", r)
			}
			if r = c.call(wire.MemberReportRequest, `{}`); r.kind != wire.ErrorResponse || r.ResultCode != 500 || r.ErrorCode != 500 {
				t.Errorf("no node: %+v", r)
			}
		},
		"reports and their answers say the same, or Java publishes an event each time": func(t *testing.T) {
			n := newWorld(selfAddress).self
			node := bytes.TrimSuffix(bytes.TrimPrefix(wire.ReportRequest(n), []byte(`{"headers":{},"node":`)), []byte(`,"module":"cluster"}`))
			for name, body := range map[string][]byte{"answer": wire.ReportResult(n), "HTTP": wire.HTTPReport(n)} {
				if !bytes.Contains(body, node) {
					t.Errorf("%s says %s, the report %s", name, body, node)
				}
			}
		},
		"what is asked on the stream is answered with its id, the unknown is passed over": askedOnTheStream,
		"nothing is done for what an unknown stream message says": func(t *testing.T) {
			_, c := javaWith(t)
			c.send("NopeRequest", `{"requestId":"9"}`)
			c.must(wire.HealthCheckRequest, `{}`)
		},
	})
}

// subscriberOnly is a connection of Java's that publishes nothing: it is known by
// an empty record with revision 0, which stands for any revision of what is known
// and for nothing that is not.
func subscriberOnly(t *testing.T) {
	s, c := javaWith(t)
	refusedTyped(t, c.distro(verifyOf(theirs, 0)))
	const content = `{"clientId":"1_10.0.0.1_1","attributes":{"clientAttributes":{"revision":0}},"namespaces":[],"groupNames":[],` +
		`"serviceNames":[],"instancePublishInfos":[],"batchInstanceData":{}}`
	r, err := wire.DecodeRecord([]byte(content))
	if err != nil || r.Stamp.Revision != 0 {
		t.Fatalf("DecodeRecord = %+v, %v", r, err)
	}
	if r := c.distro(changeOf(r)); r.ResultCode != wire.CodeSuccess {
		t.Errorf("the change: %+v", r)
	}
	if r := c.distro(verifyOf(theirs, 0)); r.ResultCode != wire.CodeSuccess {
		t.Errorf("verified again: %+v", r)
	}
	if got := s.world.registry.Services(); len(got) != 0 {
		t.Errorf("it publishes in %v", got)
	}
}

// TestResetLinkIsReplacedBeforeItIsLeft: a peer that asks to connect anew is
// called on the old connection until there is another.
func TestResetLinkIsReplacedBeforeItIsLeft(t *testing.T) {
	java := startJava(t, "2.5.1")
	p, _ := meeting(t, java)
	old := <-java.streams
	held := make(chan struct{})
	java.answer(wire.MemberReportRequest, func() (*nacospb.Payload, error) {
		<-held
		return wire.Payload(wire.MemberReportResponse, wire.ReportResult(java.node)), nil
	})
	if err := old.Send(wire.Payload(wire.ConnectResetRequest, wire.Reset("8", "1_127.0.0.1_1", ""))); err != nil {
		t.Fatal(err)
	}
	if !java.until(func() bool { return len(java.got(wire.ConnectResetResponse)) == 1 }) {
		t.Fatal("not answered")
	}
	<-java.streams // the next is under way, but not yet good
	if err := p.Send(t.Context(), selfAddress, someRecord(theirs, 3)); err != nil || old.Context().Err() != nil {
		t.Errorf("meanwhile Send: %v, the old stream: %v", err, old.Context().Err())
	}
	close(held)
	<-old.Context().Done()
	if err := p.Send(t.Context(), selfAddress, someRecord(theirs, 4)); err != nil {
		t.Errorf("then Send: %v", err)
	}
}

func bootingPeer(t *testing.T) {
	java := startJava(t, "2.5.1")
	java.answer(wire.ServerCheckRequest, func() (*nacospb.Payload, error) { return starting, nil })
	p, routes := calling(t, map[member.Address]string{selfAddress: java.at})
	p.SetPeers([]member.Address{selfAddress})
	if !routes.until(func() bool { return len(routes.failed) > 0 && !routes.failed[0].refused }) {
		t.Error("no failure, or it is taken for dead")
	}
	java.answer(wire.ServerCheckRequest, nil)
	if !routes.met() {
		t.Error("not reached when it had booted")
	}
}

func askedOnTheStream(t *testing.T) {
	java := startJava(t, "2.5.1")
	meeting(t, java)
	stream := <-java.streams
	for _, p := range []*nacospb.Payload{
		wire.Payload("NopeRequest", []byte(`{"requestId":"6"}`)),
		wire.Payload(wire.ClientDetectionRequest, wire.Detection("7")),
	} {
		if err := stream.Send(p); err != nil {
			t.Fatal(err)
		}
	}
	if !java.until(func() bool { return len(java.got(wire.ClientDetectionResponse)) == 1 }) {
		t.Fatal("not answered")
	}
	result, err := wire.DecodeResult(wire.Body(java.got(wire.ClientDetectionResponse)[0]))
	if err != nil || result.RequestID != "7" || !result.OK() {
		t.Errorf("answered %+v, %v", result, err)
	}
}
