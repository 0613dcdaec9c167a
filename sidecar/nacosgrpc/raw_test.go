package nacosgrpc

import (
	"bytes"
	"encoding/binary"
	"errors"
	"net"
	"testing"
	"time"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
	"google.golang.org/protobuf/proto"

	"github.com/distro-naming/naming-operator/sidecar/wire"
)

// raw is a client that speaks HTTP/2 frame by frame, as no library would.
type raw struct {
	t    *testing.T
	conn net.Conn
	*http2.Framer
}

const (
	requestPath = "/Request/request"
	streamPath  = "/BiRequestStream/requestBiStream"
)

// speak connects and says what every client says first.
func speak(t *testing.T, address string) *raw {
	t.Helper()
	c := dial(t, address)
	if _, err := c.Write([]byte(http2.ClientPreface)); err != nil {
		t.Fatal(err)
	}
	r := &raw{t: t, conn: c, Framer: http2.NewFramer(c, c)}
	r.ReadMetaHeaders = hpack.NewDecoder(4096, nil)
	r.sent(r.WriteSettings())
	return r
}

func (r *raw) sent(err error) {
	r.t.Helper()
	if err != nil {
		r.t.Fatal(err)
	}
}

// fields returns the head of a call with more fields than it needs.
func fields(path string, more ...hpack.HeaderField) []byte {
	var b bytes.Buffer
	e := hpack.NewEncoder(&b)
	for _, f := range append([]hpack.HeaderField{
		{Name: ":method", Value: "POST"},
		{Name: ":scheme", Value: "http"},
		{Name: ":path", Value: path},
		{Name: ":authority", Value: "test"},
		{Name: "content-type", Value: "application/grpc"},
		{Name: "te", Value: "trailers"},
	}, more...) {
		_ = e.WriteField(f) // into memory
	}
	return b.Bytes()
}

// begin begins a call.
func (r *raw) begin(id uint32, path string, more ...hpack.HeaderField) {
	r.t.Helper()
	r.sent(r.WriteHeaders(http2.HeadersFrameParam{StreamID: id, BlockFragment: fields(path, more...), EndHeaders: true}))
}

// framed returns a gRPC message as it stands in DATA frames.
func framed(kind wire.Kind, body string) []byte {
	text, err := proto.Marshal(wire.Payload(kind, []byte(body)))
	if err != nil {
		panic(err) // a payload can be written
	}
	return append(binary.BigEndian.AppendUint32([]byte{0}, uint32(len(text))), text...) //nolint:gosec // short
}

// answered is how a call ended.
type ending struct {
	status, text string
	reset        http2.ErrCode // of a stream that was reset
	away         http2.ErrCode // with which the connection was ended
	closed       bool
}

// until reads frames until the stream is over, or the connection. It says nothing, so
// that another goroutine may.
func (r *raw) until(id uint32) (e ending) {
	r.t.Helper()
	_ = r.conn.SetReadDeadline(time.Now().Add(20 * time.Second))
	for {
		f, err := r.ReadFrame()
		var timeout net.Error
		if errors.As(err, &timeout) && timeout.Timeout() {
			r.t.Fatal("the connection stays open, and nothing is said")
		}
		if err != nil {
			e.closed = true
			return e
		}
		switch f := f.(type) {
		case *http2.GoAwayFrame:
			e.away = f.ErrCode
		case *http2.RSTStreamFrame:
			if f.StreamID == id {
				e.reset = f.ErrCode
				return e
			}
		case *http2.MetaHeadersFrame:
			if f.StreamID == id && f.StreamEnded() {
				for _, field := range f.Fields {
					switch field.Name {
					case "grpc-status":
						e.status = field.Value
					case "grpc-message":
						e.text = field.Value
					}
				}
				return e
			}
		}
	}
}

// end reads until the connection is over.
func (r *raw) end() ending {
	r.t.Helper()
	return r.until(1 << 30)
}

// http2Headers is the head of a call.
func http2Headers(id uint32) http2.HeadersFrameParam {
	return http2.HeadersFrameParam{StreamID: id, BlockFragment: fields(requestPath), EndHeaders: true}
}
