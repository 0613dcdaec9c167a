package nacosgrpc

import (
	"google.golang.org/grpc/encoding"
	"google.golang.org/grpc/encoding/proto"
	"google.golang.org/grpc/mem"
	"google.golang.org/protobuf/encoding/protowire"

	"github.com/distro-naming/naming-operator/sidecar/wire"
	"github.com/distro-naming/naming-operator/sidecar/wire/nacospb"
)

// Numbers of the fields that are written and read here, of a Payload, its metadata and its
// body (sidecar/wire/nacospb/nacos.proto, google/protobuf/any.proto).
const (
	payloadMetadata protowire.Number = 2
	payloadBody     protowire.Number = 3
	metadataType    protowire.Number = 3
	metadataHeaders protowire.Number = 7
	entryKey        protowire.Number = 1
	entryValue      protowire.Number = 2
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
		if made := constant[m]; made != nil {
			return made, nil
		}
		if bare(m) {
			return message{wire.KindOf(m), [][]byte{wire.Body(m)}}.marshal(), nil
		}
	}
	return c.CodecV2.Marshal(v)
}

// constant are the bytes of answers that are the same for everybody.
var constant = func() map[*nacospb.Payload]mem.BufferSlice {
	all := map[*nacospb.Payload]mem.BufferSlice{}
	for _, p := range []*nacospb.Payload{healthy, registered, deregistered, batched} {
		all[p] = mem.BufferSlice{mem.SliceBuffer(message{wire.KindOf(p), [][]byte{wire.Body(p)}}.marshal().Materialize())}
	}
	return all
}()

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

// readPayload reads kind and body out of the bytes of a Payload, of which the body stays a
// part. Nothing else of a message on a stream matters.
func readPayload(payload []byte) (kind wire.Kind, body []byte, err error) {
	metadata, body, err := split(payload)
	if err != nil {
		return "", nil, err
	}
	kind, err = readKind(metadata)
	return kind, body, err
}

// readCall reads kind, headers and body of a Payload, which are all that matters of a
// call. The body stays a part of its bytes.
func readCall(payload []byte) (*nacospb.Payload, error) {
	metadata, body, err := split(payload)
	if err != nil {
		return nil, err
	}
	kind, err := readKind(metadata)
	if err != nil {
		return nil, err
	}
	out := wire.Payload(kind, body)
	err = eachField(metadata, metadataHeaders, func(entry []byte) error {
		key, err := field(entry, entryKey)
		if err != nil {
			return err
		}
		value, err := field(entry, entryValue)
		if out.Metadata.Headers == nil {
			out.Metadata.Headers = map[string]string{}
		}
		out.Metadata.Headers[string(key)] = string(value)
		return err
	})
	return out, err
}

// split returns the two parts of a Payload.
func split(payload []byte) (metadata, body []byte, err error) {
	if metadata, err = field(payload, payloadMetadata); err != nil {
		return nil, nil, err
	}
	content, err := field(payload, payloadBody)
	if err != nil {
		return nil, nil, err
	}
	body, err = field(content, anyValue)
	return metadata, body, err
}

func readKind(metadata []byte) (wire.Kind, error) {
	name, err := field(metadata, metadataType)
	if string(name) == string(wire.InstanceRequest) { // what there is most of
		return wire.InstanceRequest, err
	}
	return wire.Kind(name), err
}

// field returns the bytes of a field of a message, nil when it has none, and of
// several the last.
func field(message []byte, wanted protowire.Number) (found []byte, err error) {
	err = eachField(message, wanted, func(one []byte) error { found = one; return nil })
	return found, err
}

// eachField hands on the bytes of each field of that number in a message, which is read to
// its end.
func eachField(message []byte, wanted protowire.Number, each func([]byte) error) error {
	for len(message) > 0 {
		number, kind, n := protowire.ConsumeTag(message)
		if n < 0 {
			return protowire.ParseError(n)
		}
		message = message[n:]
		if number != wanted || kind != protowire.BytesType {
			n = protowire.ConsumeFieldValue(number, kind, message)
		} else {
			var found []byte
			if found, n = protowire.ConsumeBytes(message); n >= 0 {
				if err := each(found); err != nil {
					return err
				}
			}
		}
		if n < 0 {
			return protowire.ParseError(n)
		}
		message = message[n:]
	}
	return nil
}
