package nacosgrpc

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"

	"github.com/distro-naming/naming-operator/sidecar/member"
	"github.com/distro-naming/naming-operator/sidecar/naming"
	"github.com/distro-naming/naming-operator/sidecar/wire"
)

// javaReads is what a Java server takes in one message, in bytes.
const javaReads = 10 << 20

// TestJavaServerIsGivenWhatItCanRead holds more than fits into one message: half
// is owned here, half by another member.
func TestJavaServerIsGivenWhatItCanRead(t *testing.T) {
	s := start(t, nil)
	const clients = 12_000
	s.world.do(func() {
		s.world.java = callerAddress
		for i := range clients {
			owner := []member.Address{selfAddress, "127.0.0.1:18848"}[i%2]
			c := naming.ClientID(fmt.Sprintf("1_10.0.0.1_%d", i))
			s.world.registry.Put(naming.Normal(c, naming.Stamp{Owner: owner, Revision: 1}, []naming.Publication{{
				Service: naming.ServiceKey{Namespace: "public", Group: "g", Name: "s"},
				Instances: []naming.Instance{{
					IP: "10.0.0.1", Port: 80, Cluster: "DEFAULT", Weight: 1, Healthy: true, Enabled: true,
					Metadata: map[string]string{"k": strings.Repeat("v", 512)},
				}},
			}}))
		}
	})
	c := connect(t, s.cluster, clusterSetup)
	out, err := c.calls.Request(t.Context(), wire.Payload(wire.DistroDataRequest, wire.SnapshotRequest()), grpc.MaxCallRecvMsgSize(javaReads))
	if err != nil {
		t.Fatal(err)
	}
	records, _, err := wire.DecodeSnapshot(wire.Body(out))
	if err != nil {
		t.Fatal(err)
	}
	if size := proto.Size(out); size < javaReads*9/10 || len(records) <= clients/2 {
		t.Errorf("%d records in %d bytes: there was room for more", len(records), size)
	}
	s.world.see(func() {
		if len(s.world.lacking)+len(records) != clients {
			t.Errorf("%d given and %d to follow, of %d", len(records), len(s.world.lacking), clients)
		}
		for _, left := range s.world.lacking {
			if s.world.registry.Record(left).Stamp.Owner != selfAddress {
				t.Fatalf("%s was left out, which its owner must send", left)
			}
		}
	})
}

func TestFewSnapshotsAreWrittenAtOnce(t *testing.T) {
	s, c := javaWith(t)
	for range loadsAtOnce {
		s.loads <- struct{}{} // somebody is being given one
	}
	given := func(ctx context.Context) bool { // who runs out of time is told so by either side
		out, err := c.calls.Request(ctx, wire.Payload(wire.DistroDataRequest, wire.SnapshotRequest()))
		result, unread := wire.DecodeResult(wire.Body(out))
		return err == nil && unread == nil && result.OK()
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if given(ctx) {
		t.Error("one more was given, want it to wait")
	}
	<-s.loads
	if !given(t.Context()) {
		t.Error("when one is done, none was given")
	}
}
