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
	h := newHouse(t, b)
	h.setList(2, a, b)
	h.start(a) // when it reaches b, b serves already
	h.ready(a)
	h.meet(a, b)
	conn, receive := newcomer(t, a)
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

// Who balances the cluster can ask a member to send clients away; it goes on
// serving.
func TestMemberSendsSomeClientsToTheOneThatIsNamed(t *testing.T) {
	a, b := loopback(3), loopback(4)
	h := newHouse(t, a, b)
	h.meet(a, b)
	move := func(query string) (int, string) { return h.call("POST", "http://"+a+":8080/v1/move?"+query) }
	for query, want := range map[string]string{
		"to=" + a + ":8848": "not another member", "to=192.0.2.1:8848": "not another member", "clients=-1": "a number from 1",
	} {
		if status, text := move(query); status/100 != 4 || !strings.Contains(text, want) {
			t.Errorf("move?%s = %d %s, want a refusal with %q", query, status, text, want)
		}
	}
	_, receive := newcomer(t, a)
	asked := make(chan string, 1)
	go func() {
		_, text := move("clients=5&to=" + b + ":8848")
		asked <- text
	}()
	if told := receive(wire.ConnectResetRequest); !strings.Contains(told, `"serverIp":"`+b+`","serverPort":"8848"`) {
		t.Errorf("told %s, want to go to %s", told, b)
	}
	if text := <-asked; !strings.Contains(text, `"asked":1`) {
		t.Errorf("move answered %s, want one that was asked", text)
	}
	if status, text := h.call("GET", "http://"+a+":8080/readyz"); status != http.StatusOK {
		t.Errorf("afterwards readyz answers %d %s", status, text)
	}
}

// newcomer connects a client and returns what receives a request of a kind.
func newcomer(t *testing.T, a string) (*grpc.ClientConn, func(wire.Kind) string) {
	t.Helper()
	conn, err := grpc.NewClient(a+":9848", grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() }) // tests may close it before
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
	return conn, receive
}
