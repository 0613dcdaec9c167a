package wire

import (
	"bytes"
	"encoding/json"
)

// object writes JSON for what is seldom asked for. Its values are of this
// package and cannot fail.
func object(v any) []byte {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false) // as Java leaves it
	if err := e.Encode(v); err != nil {
		return []byte("null")
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}

// double is a number as Java writes it: 0.0, not 0.
type double float64

// MarshalJSON writes the number; what is not finite is 0.
func (d double) MarshalJSON() ([]byte, error) {
	if !finite(float64(d)) {
		d = 0
	}
	return appendDouble(nil, float64(d)), nil
}

// texts are strings, of which none is {} and not null.
type texts map[string]string

// MarshalJSON writes the strings in order of their keys.
func (t texts) MarshalJSON() ([]byte, error) { return appendMap(nil, t), nil }
