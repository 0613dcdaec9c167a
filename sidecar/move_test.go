package sidecar

import (
	"net/http"
	"strings"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/distro-naming/naming-operator/sidecar/wire"
	"github.com/distro-naming/naming-operator/sidecar/wire/nacospb"
)

// A member that leaves tells its clients to go to one that serves, and has left
// when they have gone.
func TestLeavingMemberSendsItsClientsToOneThatServes(t *testing.T) {
	a, b := loopback(1), loopback(2)
	h := newHouse(t, a, b)
	conn, err := grpc.NewClient(a+":9848", grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() }) // the test closes it, unless it fails
	stream, err := nacospb.NewBiRequestStreamClient(conn).RequestBiStream(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	setup := `{"clientVersion":"test","labels":{"source":"sdk","module":"naming"},"abilityTable":{}}`
	if err := stream.Send(wire.Payload(wire.ConnectionSetupRequest, []byte(setup))); err != nil {
		t.Fatal(err)
	}
	receive := func(kind wire.Kind) string {
		for {
			p, err := stream.Recv()
			if err != nil {
				t.Fatalf("waiting for %s: %v", kind, err)
			}
			if wire.KindOf(p) == kind {
				return string(wire.Body(p))
			}
		}
	}
	receive(wire.SetupAckRequest)

	left := make(chan int, 1)
	go func() {
		status, _ := h.call("POST", "http://"+a+":8080/v1/drain")
		left <- status
	}()
	if told := receive(wire.ConnectResetRequest); !strings.Contains(told, `"serverIp":"`+b+`","serverPort":"8848"`) {
		t.Errorf("told %s, want to go to %s", told, b)
	}
	_ = conn.Close() // it has gone
	if status := <-left; status != http.StatusOK {
		t.Errorf("drain answered %d", status)
	}
}
