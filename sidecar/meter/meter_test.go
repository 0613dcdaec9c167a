package meter

import (
	"encoding/binary"
	"testing"
)

// frame returns a frame of HTTP/2.
func frame(kind, flags byte, id uint32, payload string) string {
	head := binary.BigEndian.AppendUint32(nil, uint32(len(payload))<<8|uint32(kind))
	head = binary.BigEndian.AppendUint32(append(head, flags), id)
	return string(head) + payload
}

// grpcMessage returns what stands in DATA frames.
func grpcMessage(length int, body string) string {
	return string(binary.BigEndian.AppendUint32([]byte{0}, uint32(length))) + body //nolint:gosec // of a test
}

const preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"

func TestWhatIsHeld(t *testing.T) {
	begun := preface + frame(4, 0, 0, "") + frame(headers, 4, 1, "fields")
	tests := map[string]struct {
		sent   string
		held   int64
		oldest bool
	}{
		"nothing":                    {preface, 0, false},
		"a call without a body yet":  {begun, 0, true},
		"a call without a body":      {preface + frame(headers, 5, 1, "fields"), 0, false},
		"a prefix":                   {begun + frame(data, 0, 1, grpcMessage(10, "")), 0, true},
		"half a message":             {begun + frame(data, 0, 1, grpcMessage(10, "12345")), 5, true},
		"a message in two frames":    {begun + frame(data, 0, 1, grpcMessage(10, "12345")) + frame(data, 0, 1, "67890"), 0, false},
		"a whole message":            {begun + frame(data, 1, 1, grpcMessage(5, "12345")), 0, false},
		"an empty one":               {begun + frame(data, 0, 1, grpcMessage(0, "")), 0, false},
		"one and a half":             {begun + frame(data, 0, 1, grpcMessage(2, "12")+grpcMessage(9, "123")), 3, true},
		"half a message, given up":   {begun + frame(data, 0, 1, grpcMessage(10, "12345")) + frame(rstStream, 0, 1, "1234"), 0, false},
		"half a message, ended":      {begun + frame(data, 1, 1, grpcMessage(10, "12345")), 0, false},
		"ended by trailers":          {begun + frame(data, 0, 1, grpcMessage(10, "12345")) + frame(headers, 5, 1, "x"), 0, false},
		"padding is not held":        {begun + frame(data, 8, 1, "\x03"+grpcMessage(10, "12345")+"\x00\x00\x00"), 5, true},
		"nothing but padding":        {begun + frame(data, 8, 1, "\x05\x00\x00\x00\x00\x00"), 0, true},
		"more padding than there is": {begun + frame(data, 8, 1, "\xff12"), 0, true},
		"of a stream never begun":    {preface + frame(data, 0, 7, grpcMessage(10, "12345")), 0, false},
		"longer than is taken":       {begun + frame(data, 0, 1, grpcMessage(101, "12345")), 0, true},
		"two streams": {
			begun + frame(headers, 4, 3, "f") + frame(data, 0, 1, grpcMessage(9, "123")) + frame(data, 0, 3, grpcMessage(9, "1234")), 7, true,
		},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			whole, bytes := New(100, 10), New(100, 10)
			if !whole.Read([]byte(tc.sent), 7) {
				t.Fatal("not followed")
			}
			for i := range len(tc.sent) {
				bytes.Read([]byte{tc.sent[i]}, 7)
			}
			for how, m := range map[string]*Meter{"at once": whole, "byte by byte": bytes} {
				if m.Held() != tc.held || (m.Oldest() == 7) != tc.oldest {
					t.Errorf("%s: %d held, oldest %d; want %d, %v", how, m.Held(), m.Oldest(), tc.held, tc.oldest)
				}
			}
		})
	}
}

func TestOldestIsTheOneBegunFirst(t *testing.T) {
	m := New(100, 10)
	m.Read([]byte(preface+frame(headers, 4, 1, "")), 5)
	m.Read([]byte(frame(headers, 4, 3, "")), 6)
	m.Read([]byte(frame(data, 0, 1, grpcMessage(1, "1"))), 7)
	if m.Oldest() != 6 {
		t.Errorf("oldest %d, want that of the second stream", m.Oldest())
	}
	m.Read([]byte(frame(data, 0, 1, "\x00")), 8) // the next message of the first
	m.Read([]byte(frame(rstStream, 0, 3, "1234")), 9)
	if m.Oldest() != 8 {
		t.Errorf("oldest %d, want that of the second message", m.Oldest())
	}
}

// Who opens streams without end is not followed any further.
func TestStreamsAreBounded(t *testing.T) {
	m := New(100, 3)
	m.Read([]byte(preface), 1)
	for id := range uint32(3) {
		if !m.Read([]byte(frame(headers, 4, 2*id+1, "x")), 1) {
			t.Fatal("too few streams are followed")
		}
	}
	if m.Read([]byte(frame(headers, 4, 9, "x")), 1) || len(m.open) != 3 {
		t.Errorf("%d streams are followed", len(m.open))
	}
}

// However a connection's bytes are cut, they mean the same; and nothing is held of
// streams that are over.
func FuzzMeter(f *testing.F) {
	f.Add([]byte(frame(headers, 4, 1, "fields")+frame(data, 1, 1, grpcMessage(5, "12345"))), 3)
	f.Add([]byte(frame(headers, 4, 1, "fields")+frame(data, 8, 1, "\x03"+grpcMessage(10, "12345")+"\x00\x00\x00")), 11)
	f.Add([]byte(frame(headers, 4, 1, "")+frame(data, 0, 1, grpcMessage(100, "1"))+frame(rstStream, 0, 1, "1234")), 1)
	f.Fuzz(func(t *testing.T, sent []byte, cut int) {
		whole, parts := New(64, 4), New(64, 4)
		whole.Read([]byte(preface), 1)
		parts.Read([]byte(preface), 1)
		followed := whole.Read(sent, 1)
		at := min(max(cut, 0), len(sent))
		if same := parts.Read(sent[:at], 1) && parts.Read(sent[at:], 1); same != followed {
			t.Fatalf("followed: %v at once, %v in parts", followed, same)
		}
		if whole.held != parts.held || whole.Oldest() != parts.Oldest() {
			t.Errorf("%d held at once, %d in parts", whole.held, parts.held)
		}
		var held int64
		for _, s := range whole.open {
			if s.length <= whole.most {
				held += s.body
			}
		}
		if whole.held != held || held < 0 || held > 4*64 {
			t.Errorf("%d held, %d by streams", whole.held, held)
		}
	})
}

func BenchmarkCall(b *testing.B) {
	m := New(1<<20, 256)
	m.Read([]byte(preface), 1)
	call := []byte(frame(headers, 4, 1, "fields of a call") + frame(data, 1, 1, grpcMessage(300, string(make([]byte, 300)))))
	b.ReportAllocs()
	for b.Loop() {
		m.Read(call, 1)
	}
}
