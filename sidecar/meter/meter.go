// Package meter follows what a gRPC client sends on its connection, and knows
// which of its messages are not whole yet: how many bytes of them the server has to
// keep, and since when (RFC 9113, 4.1; gRPC over HTTP/2, Length-Prefixed-Message).
//
// It only counts. It keeps no byte of what is said, reads no clock, and does not
// judge whether the client keeps to the protocol: the server does. What it
// remembers is bounded by the streams that it is told to follow.
package meter

import (
	"cmp"
	"slices"
)

// Lengths and kinds of HTTP/2.
const (
	prefaceBytes = 24
	headBytes    = 9

	data      = 0x0
	headers   = 0x1
	rstStream = 0x3

	endStream = 0x1
	padded    = 0x8

	prefixBytes = 5 // of a gRPC message: whether it is compressed, and its length
)

// Meter follows one connection from its first byte on.
type Meter struct {
	most    int64 // bytes of one message; a longer one is refused, so nothing of it is kept
	streams int

	preface int
	head    [headBytes]byte
	have    int // bytes of head
	left    int // bytes of the frame's payload that are still to come
	padding int // the last of those
	pads    bool

	held int64
	open []message // in order of their streams
}

// message is where a stream stands.
type message struct {
	stream uint32
	since  int64 // when it was begun, or the stream was; 0: there is none under way
	have   int   // bytes of its prefix
	length int64 // as the prefix says
	body   int64 // bytes that came
}

// New returns a meter of a connection on which messages may have most bytes, and
// that many streams may wait for theirs at once.
func New(most int64, streams int) *Meter {
	return &Meter{most: most, streams: streams, preface: prefaceBytes}
}

// Held returns how many bytes of messages came that are not whole.
func (m *Meter) Held() int64 { return m.held }

// Oldest returns when the message was begun that is under way for longest, and 0
// when none is.
func (m *Meter) Oldest() (since int64) {
	for _, s := range m.open {
		if s.since != 0 && (since == 0 || s.since < since) {
			since = s.since
		}
	}
	return since
}

// Read takes what came in next, now. It reports whether that is still followed: no
// more when there are too many streams.
func (m *Meter) Read(p []byte, now int64) bool {
	for len(p) > 0 {
		switch {
		case m.preface > 0:
			n := min(m.preface, len(p))
			m.preface -= n
			p = p[n:]
		case m.have < headBytes:
			n := copy(m.head[m.have:], p)
			m.have += n
			p = p[n:]
			if m.have == headBytes && !m.begin(now) {
				return false
			}
		default:
			n := min(m.left, len(p))
			m.payload(p[:n], now)
			p = p[n:]
		}
		if m.have == headBytes && m.left == 0 {
			m.end()
		}
	}
	return true
}

func (m *Meter) id() uint32 {
	return (uint32(m.head[5])<<24 | uint32(m.head[6])<<16 | uint32(m.head[7])<<8 | uint32(m.head[8])) & 0x7fffffff
}

func (m *Meter) kind() byte { return m.head[3] }

func (m *Meter) is(flag byte) bool { return m.head[4]&flag != 0 }

// begin takes the head of a frame.
func (m *Meter) begin(now int64) bool {
	m.left = int(m.head[0])<<16 | int(m.head[1])<<8 | int(m.head[2])
	m.padding, m.pads = 0, m.kind() == data && m.is(padded)
	if at, known := m.find(); m.kind() == headers && !m.is(endStream) && !known {
		if len(m.open) >= m.streams {
			return false
		}
		m.open = slices.Insert(m.open, at, message{stream: m.id(), since: now})
	}
	return true
}

// payload takes what belongs to the frame that was begun.
func (m *Meter) payload(p []byte, now int64) {
	m.left -= len(p)
	if m.kind() != data {
		return
	}
	if m.pads && len(p) > 0 {
		m.padding, m.pads = int(p[0]), false
		p = p[1:]
	}
	if filling := m.padding - m.left; filling > 0 { // the end of p is padding
		p = p[:max(len(p)-filling, 0)]
	}
	at, known := m.find()
	if !known {
		return // the server drops it
	}
	for len(p) > 0 {
		p = p[m.take(&m.open[at], p, now):]
	}
}

// take takes from p what belongs to the prefix or the body of a message, and
// returns how many bytes that is.
func (m *Meter) take(s *message, p []byte, now int64) (n int) {
	if s.since == 0 {
		s.since = now
	}
	if s.have < prefixBytes {
		n = min(prefixBytes-s.have, len(p))
		for _, b := range p[:n] {
			if s.have++; s.have > 1 { // after the flag
				s.length = s.length<<8 | int64(b)
			}
		}
	} else {
		n = int(min(s.length-s.body, int64(len(p))))
		s.body += int64(n)
		if s.length <= m.most {
			m.held += int64(n)
		}
	}
	if s.have == prefixBytes && s.body == s.length {
		m.drop(*s)
		*s = message{stream: s.stream}
	}
	return n
}

// drop forgets what came of a message.
func (m *Meter) drop(s message) {
	if s.length <= m.most {
		m.held -= s.body
	}
}

// end ends the frame, and with it the stream if it says so.
func (m *Meter) end() {
	m.have = 0
	ends := m.kind() == rstStream || (m.kind() == data || m.kind() == headers) && m.is(endStream)
	if !ends {
		return
	}
	if at, known := m.find(); known {
		m.drop(m.open[at])
		m.open = slices.Delete(m.open, at, at+1)
	}
}

// find returns where the stream of the frame that was begun is, or would be.
func (m *Meter) find() (at int, known bool) {
	return slices.BinarySearchFunc(m.open, m.id(), func(s message, id uint32) int { return cmp.Compare(s.stream, id) })
}
