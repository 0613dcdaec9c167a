package wire

import (
	"encoding/json"
	"math"
	"strconv"
	"unicode/utf8"
)

// deepest is how far a reader follows nested values that nobody asked for.
const deepest = 32

// reader reads JSON of the form that clients nearly always send, in one pass.
// At anything else (most nulls, a member given twice or in other capitals, a
// wrong type, a fault) it gives up, and encoding/json reads the body from the
// start: that decides what the body means and what is wrong with it. So a
// reader need not know everything, but what it reads it must read alike.
//
// A reader that gave up stays so; its methods then return zero values.
type reader struct {
	text   []byte
	at     int
	gaveUp bool
}

// done reports whether one value was read, and nothing but space follows.
func (r *reader) done() bool { return r.next() == 0 && r.at == len(r.text) && !r.gaveUp }

func (r *reader) giveUp() { r.gaveUp, r.at = true, len(r.text) }

// next returns the first byte that is not space, which stays to be read; 0 at
// the end.
func (r *reader) next() byte {
	for ; r.at < len(r.text); r.at++ {
		switch c := r.text[r.at]; c {
		case ' ', '\t', '\n', '\r':
		default:
			return c
		}
	}
	return 0
}

// take reads the next byte if it is c.
func (r *reader) take(c byte) bool {
	if r.next() != c || r.at == len(r.text) {
		return false
	}
	r.at++
	return true
}

// need reads c or gives up.
func (r *reader) need(c byte) {
	if !r.take(c) {
		r.giveUp()
	}
}

// object reads an object; member must read the value of each of its keys.
func (r *reader) object(member func(key []byte)) {
	r.need('{')
	if r.take('}') {
		return
	}
	for !r.gaveUp {
		key := r.raw()
		r.need(':')
		member(key)
		if r.take('}') {
			return
		}
		r.need(',')
	}
}

// array reads an array; element must read each of its elements.
func (r *reader) array(element func()) {
	r.need('[')
	if r.take(']') {
		return
	}
	for !r.gaveUp {
		element()
		if r.take(']') {
			return
		}
		r.need(',')
	}
}

// raw reads a string and returns its bytes, which may be the body's own.
func (r *reader) raw() []byte {
	r.need('"')
	start, plain := r.at, true
	for ; r.at < len(r.text); r.at++ {
		switch c := r.text[r.at]; {
		case c == '"':
			r.at++
			if !plain {
				return r.unescape(r.text[start-1 : r.at])
			}
			return r.text[start : r.at-1]
		case c == '\\':
			plain = false
			r.at++ // whatever follows does not end the string
		case c < ' ', c >= utf8.RuneSelf:
			plain = false
		}
	}
	r.giveUp()
	return nil
}

// unescape leaves one string with its quotes to encoding/json.
func (r *reader) unescape(quoted []byte) []byte {
	var s string
	if !utf8.Valid(quoted) || json.Unmarshal(quoted, &s) != nil {
		r.giveUp()
	}
	return []byte(s)
}

func (r *reader) string() string { return string(r.raw()) }

// word reads a string that is nearly always one of a few, which are then shared.
func (r *reader) word() string {
	switch raw := r.raw(); string(raw) {
	case "public":
		return "public"
	case "DEFAULT_GROUP":
		return "DEFAULT_GROUP"
	case "DEFAULT":
		return "DEFAULT"
	case RegisterInstance:
		return RegisterInstance
	default:
		return string(raw)
	}
}

// boolean reads true or false.
func (r *reader) boolean() bool {
	switch r.next() {
	case 't':
		r.literal("true")
		return !r.gaveUp
	case 'f':
		r.literal("false")
	default:
		r.giveUp()
	}
	return false
}

func (r *reader) literal(word string) {
	if len(r.text)-r.at < len(word) || string(r.text[r.at:r.at+len(word)]) != word {
		r.giveUp()
		return
	}
	r.at += len(word)
}

// number reads a number, and says whether it is a whole one.
func (r *reader) number() (text []byte, whole bool) {
	r.next()
	start := r.at
	if r.follows("-") {
		r.at++
	}
	if r.follows("0") {
		r.at++ // and no digit may follow
	} else {
		r.digits()
	}
	whole = true
	if r.follows(".") {
		whole = false
		r.at++
		r.digits()
	}
	if r.follows("eE") {
		whole = false
		r.at++
		if r.follows("+-") {
			r.at++
		}
		r.digits()
	}
	return r.text[min(start, r.at):r.at], whole
}

// follows reports whether the next byte is one of set.
func (r *reader) follows(set string) bool {
	if r.at < len(r.text) {
		for i := range len(set) {
			if r.text[r.at] == set[i] {
				return true
			}
		}
	}
	return false
}

// digits reads one digit or more.
func (r *reader) digits() {
	start := r.at
	for r.at < len(r.text) && r.text[r.at] >= '0' && r.text[r.at] <= '9' {
		r.at++
	}
	if r.at == start {
		r.giveUp()
	}
}

func (r *reader) integer() int64 {
	text, whole := r.number()
	n, err := strconv.ParseInt(string(text), 10, 64)
	if !whole || err != nil {
		r.giveUp()
		return 0
	}
	return n
}

func (r *reader) double() float64 {
	text, _ := r.number()
	if string(text) == "1.0" { // nearly always
		return 1
	}
	f, err := strconv.ParseFloat(string(text), 64)
	if err != nil || math.IsInf(f, 0) {
		r.giveUp()
		return 0
	}
	return f
}

// texts reads an object of strings, or null.
func (r *reader) texts() map[string]string {
	if r.next() == 'n' {
		r.literal("null")
		return nil
	}
	out := map[string]string{}
	r.object(func(key []byte) { out[string(key)] = r.string() })
	return out
}

// skip reads any value.
func (r *reader) skip() { r.skipTo(deepest) }

func (r *reader) skipTo(depth int) {
	if depth == 0 {
		r.giveUp()
		return
	}
	switch r.next() {
	case '{':
		r.object(func([]byte) { r.skipTo(depth - 1) })
	case '[':
		r.array(func() { r.skipTo(depth - 1) })
	case '"':
		r.raw()
	case 't', 'f':
		r.boolean()
	case 'n':
		r.literal("null")
	default:
		r.number()
	}
}

// members reads an object of which it knows the members named. value must read
// the value of the one with that index; unknown ones are skipped.
func (r *reader) members(names []string, value func(index int)) {
	met := uint(0)
	r.object(func(key []byte) {
		i := r.find(names, key)
		switch {
		case i < 0:
			r.skip()
		case met&(1<<i) != 0:
			r.giveUp() // given twice
		default:
			met |= 1 << i
			value(i)
		}
	})
}

// find returns the index of key among names, -1 when it is unknown. It gives up
// at a key in other capitals, which encoding/json takes for the same.
func (r *reader) find(names []string, key []byte) int {
	for i, name := range names {
		if string(key) == name {
			return i
		}
	}
	for _, name := range names {
		if alike(key, name) {
			r.giveUp()
		}
	}
	return -1
}

// alike reports whether key may be name in other capitals. It errs on the side
// of yes: some letters outside ASCII count as capitals of others inside.
func alike(key []byte, name string) bool {
	for _, c := range key {
		if c >= utf8.RuneSelf {
			return true
		}
	}
	if len(key) != len(name) {
		return false
	}
	for i := range key {
		if key[i]|0x20 != name[i]|0x20 {
			return false
		}
	}
	return true
}
