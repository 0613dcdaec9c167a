package sidecar

import (
	"strings"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/distro-naming/naming-operator/sidecar/wire"
	"github.com/distro-naming/naming-operator/sidecar/wire/nacospb"
)

// TestWhoWatchesAPatternIsToldOfWhatOtherMembersTake: a service that comes and
// goes at one member comes and goes for who watches at another.
func TestWhoWatchesAPatternIsToldOfWhatOtherMembersTake(t *testing.T) {
	a, b := loopback(90), loopback(91)
	h := newHouse(t, a, b)
	c := &sdk{t: t, ctx: t.Context(), hosts: map[string]bool{}}
	conn, err := grpc.NewClient("passthrough:///"+a+":9848", grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() }) // nothing is lost by it
	stream, err := c.introduce(conn)
	if err != nil {
		t.Fatal(err)
	}
	watch := `{"groupKeyPattern":"public>>*>>or*","watchType":"WATCH","receivedGroupKeys":[],"initializing":true}`
	out, err := nacospb.NewRequestClient(conn).Request(t.Context(), wire.Payload(wire.NamingFuzzyWatchRequest, []byte(watch)))
	if err != nil || string(wire.Body(out)) != string(wire.Success()) {
		t.Fatalf("%s, %v", wire.Body(out), err)
	}
	told := func(want string) {
		t.Helper()
		in, err := stream.Recv()
		if err != nil || !strings.Contains(string(wire.Body(in)), want) {
			t.Fatalf("told %s, %v, want %s", wire.Body(in), err, want)
		}
		answer := wire.Answered(wire.RequestID(wire.Body(in)))
		if err := stream.Send(wire.Payload(wire.NamingFuzzyWatchChangeNotifyResponse, answer)); err != nil {
			t.Fatal(err)
		}
	}
	told(wire.FuzzyFinish)
	for _, instance := range []string{"?serviceName=stock&ip=10.0.0.1&port=80", "?serviceName=orders&ip=10.0.0.1&port=80"} {
		if got := h.instances(b, "POST", instance); got != "ok" {
			t.Fatalf("register: %s", got)
		}
	}
	told(`"serviceKey":"public@@DEFAULT_GROUP@@orders","changedType":"ADD_SERVICE"`)
	if got := h.instances(b, "DELETE", "?serviceName=orders&ip=10.0.0.1&port=80"); got != "ok" {
		t.Fatalf("deregister: %s", got)
	}
	told(`"serviceKey":"public@@DEFAULT_GROUP@@orders","changedType":"DELETE_SERVICE"`)
}
