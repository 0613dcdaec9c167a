package nacosgrpc

import (
	"bytes"
	"maps"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"

	"github.com/distro-naming/naming-operator/sidecar/wire"
	"github.com/distro-naming/naming-operator/sidecar/wire/nacospb"
)

// What is sent is what protobuf makes of it.
func TestCodecWritesWhatProtobufWrites(t *testing.T) {
	long := strings.Repeat("x", 1<<16)
	tests := map[string]struct {
		send any
		same *nacospb.Payload
	}{
		"an answer": {wire.Payload(wire.HealthCheckResponse, wire.Success()), wire.Payload(wire.HealthCheckResponse, wire.Success())},
		"a body in parts": {
			message{wire.NotifySubscriberRequest, [][]byte{[]byte(`{"a":`), []byte(long), []byte(`}`)}},
			wire.Payload(wire.NotifySubscriberRequest, []byte(`{"a":`+long+`}`)),
		},
		"a Payload with more than a kind and a body": {
			&nacospb.Payload{Metadata: &nacospb.Metadata{Type: "T", ClientIp: "10.0.0.1", Headers: map[string]string{"a": "b"}}},
			&nacospb.Payload{Metadata: &nacospb.Metadata{Type: "T", ClientIp: "10.0.0.1", Headers: map[string]string{"a": "b"}}},
		},
		"nothing": {&nacospb.Payload{}, &nacospb.Payload{}},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := newCodec().Marshal(tc.send)
			if err != nil {
				t.Fatal(err)
			}
			want, err := proto.Marshal(tc.same)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(got.Materialize(), want) {
				t.Errorf("%.200q, want %.200q", got.Materialize(), want)
			}
		})
	}
}

// Answers whose bytes are kept are what protobuf writes.
func TestConstantAnswersAreWhatProtobufWrites(t *testing.T) {
	for p, kept := range constant {
		want, err := proto.Marshal(p)
		if err != nil {
			t.Fatal(err)
		}
		if got := kept.Materialize(); !bytes.Equal(got, want) {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

// The body of a push is the view's own bytes, for every subscriber.
func TestPushesShareTheirBody(t *testing.T) {
	info := []byte(`{"name":"n"}`)
	for _, id := range []string{"1", "2"} {
		sent := message{wire.NotifySubscriberRequest, wire.Notification(id, info)}.marshal()
		shared := false
		for _, part := range sent {
			shared = shared || &part.ReadOnlyData()[0] == &info[0]
		}
		if !shared {
			t.Errorf("push %s has a copy of it", id)
		}
	}
}

// What is read on a stream, and of a call, is what protobuf reads.
func FuzzReadPayload(f *testing.F) {
	for _, p := range []*nacospb.Payload{
		{},
		wire.Payload(wire.ConnectionSetupRequest, []byte(namingSetup)),
		{Metadata: &nacospb.Metadata{Type: "T", ClientIp: "10.0.0.1", Headers: map[string]string{"a": "b", "type": "c"}}},
		wire.Payload(wire.InstanceRequest, []byte("{}")),
		{Body: &anypb.Any{TypeUrl: "u", Value: []byte("{}")}},
	} {
		sent, err := proto.Marshal(p)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(sent)
	}
	f.Fuzz(func(t *testing.T, sent []byte) {
		var p nacospb.Payload
		if proto.Unmarshal(sent, &p) != nil {
			_, _, _ = readPayload(sent) // which only must not panic
			_, _ = readCall(sent)
			return
		}
		again, err := proto.Marshal(&p) // what comes twice is merged
		if err != nil {
			t.Fatal(err)
		}
		kind, body, err := readPayload(again)
		if err != nil || kind != wire.KindOf(&p) || !bytes.Equal(body, wire.Body(&p)) {
			t.Errorf("%q, %q, %v; want %q, %q", kind, body, err, wire.KindOf(&p), wire.Body(&p))
		}
		in, err := readCall(again)
		if err != nil || wire.KindOf(in) != kind || !bytes.Equal(wire.Body(in), body) ||
			!maps.Equal(in.GetMetadata().GetHeaders(), p.GetMetadata().GetHeaders()) {
			t.Errorf("%v, %v; want %v", in, err, &p)
		}
	})
}
