package main

import (
	"net"
	"testing"

	"google.golang.org/grpc"

	pb "github.com/distro-naming/naming-operator/sidecar/wire/nacospb"
)

// A connection that is asked whether it is there answers, and that is no push:
// who counts lists would take it for an empty one.
func TestOnlyPushesAreHandedOn(t *testing.T) {
	ports, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	asking := asker{answers: make(chan string, 2)}
	server := grpc.NewServer()
	pb.RegisterRequestServer(server, &echo{})
	pb.RegisterBiRequestStreamServer(server, asking)
	go func() { _ = server.Serve(ports) }() // it ends with the test
	t.Cleanup(server.Stop)
	c, err := dial(t.Context(), ports.Addr().String(), 0)
	if err != nil {
		t.Fatal(err)
	}
	defer c.close()
	for _, want := range []string{"ClientDetectionResponse", "NotifySubscriberResponse"} {
		if got := <-asking.answers; got != want {
			t.Errorf("answered with %s, want %s", got, want)
		}
	}
	if got := string(<-c.pushes); got != `{"requestId":"2"}` {
		t.Errorf("handed on %s, which is no push", got)
	}
}

// asker takes the set-up and then asks two things, of which it notes the answers.
type asker struct {
	pb.UnimplementedBiRequestStreamServer

	answers chan string
}

func (a asker) RequestBiStream(stream pb.BiRequestStream_RequestBiStreamServer) error {
	if _, err := stream.Recv(); err != nil {
		return err
	}
	for _, out := range []*pb.Payload{
		payload("SetupAckRequest", "{}"),
		payload(detection, `{"requestId":"1"}`),
		payload("NotifySubscriberRequest", `{"requestId":"2"}`),
	} {
		if err := stream.Send(out); err != nil {
			return err
		}
	}
	for {
		in, err := stream.Recv()
		if err != nil {
			return nil //nolint:nilerr // the client left
		}
		a.answers <- in.GetMetadata().GetType()
	}
}
