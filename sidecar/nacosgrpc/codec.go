package nacosgrpc

import (
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/encoding"
	"google.golang.org/grpc/encoding/proto"
	"google.golang.org/grpc/mem"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protowire"

	"github.com/distro-naming/naming-operator/sidecar/wire"
	"github.com/distro-naming/naming-operator/sidecar/wire/nacospb"
)

// Numbers of the fields that are written here, of a Payload, its metadata and its
// body (sidecar/wire/nacospb/nacos.proto, google/protobuf/any.proto).
const (
	payloadMetadata protowire.Number = 2
	payloadBody     protowire.Number = 3
	metadataType    protowire.Number = 3
	anyValue        protowire.Number = 2
)

// codec is that of protobuf, except that bodies are sent from where they are: the
// body of a push is the same bytes for everybody who watches a service.
type codec struct{ encoding.CodecV2 }

func newCodec() codec { return codec{encoding.GetCodecV2(proto.Name)} }

// message is a Payload whose body is in parts, which are only read.
type message struct {
	kind wire.Kind
	body [][]byte
}

// Marshal writes a message, or what protobuf knows.
func (c codec) Marshal(v any) (mem.BufferSlice, error) {
	switch m := v.(type) {
	case message:
		return m.marshal(), nil
	case *nacospb.Payload:
		if bare(m) {
			return message{wire.KindOf(m), [][]byte{wire.Body(m)}}.marshal(), nil
		}
	}
	return c.CodecV2.Marshal(v)
}

// bare reports whether p is of a kind and a body only, as wire.Payload makes it.
func bare(p *nacospb.Payload) bool {
	return p.GetMetadata() != nil && p.GetMetadata().GetClientIp() == "" && len(p.GetMetadata().GetHeaders()) == 0 &&
		p.GetBody() != nil && p.GetBody().GetTypeUrl() == ""
}

// marshal writes what stands before the body, and leaves the body where it is.
func (m message) marshal() mem.BufferSlice {
	size := 0
	for _, part := range m.body {
		size += len(part)
	}
	metadata := protowire.SizeTag(metadataType) + protowire.SizeBytes(len(m.kind))
	body := protowire.SizeTag(anyValue) + protowire.SizeBytes(size)
	const tagsAndLengths = 32 // at most
	b := make([]byte, 0, len(m.kind)+tagsAndLengths)
	b = appendHead(b, payloadMetadata, metadata)
	b = append(appendHead(b, metadataType, len(m.kind)), m.kind...)
	b = appendHead(b, payloadBody, body)
	b = appendHead(b, anyValue, size)
	out := make(mem.BufferSlice, 0, 1+len(m.body))
	out = append(out, mem.SliceBuffer(b))
	for _, part := range m.body {
		out = append(out, mem.SliceBuffer(part))
	}
	return out
}

// appendHead writes what stands before a field of that many bytes.
func appendHead(b []byte, field protowire.Number, size int) []byte {
	return protowire.AppendVarint(protowire.AppendTag(b, field, protowire.BytesType), uint64(size)) //nolint:gosec // not negative
}

// received is a message as it came, to be read elsewhere.
type received struct{ bytes mem.BufferSlice }

// Unmarshal keeps the bytes of a received message, and reads any other.
func (c codec) Unmarshal(data mem.BufferSlice, v any) error {
	if r, is := v.(*received); is {
		data.Ref()
		r.bytes = data
		return nil
	}
	return c.CodecV2.Unmarshal(data, v)
}

// payload reads the message and gives its bytes back.
func (r *received) payload() (*nacospb.Payload, error) {
	defer func() { r.bytes.Free(); r.bytes = nil }()
	p := &nacospb.Payload{}
	if err := encoding.GetCodecV2(proto.Name).Unmarshal(r.bytes, p); err != nil {
		return nil, status.Errorf(codes.Internal, "read a message: %v", err)
	}
	return p, nil
}
