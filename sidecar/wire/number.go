package wire

import (
	"bytes"
	"encoding/json"
	"math"
	"strconv"
	"strings"
)

// Java's Double.toString writes plain decimals in this range and computerised
// scientific notation outside it.
const (
	leastPlain = 1e-3
	mostPlain  = 1e7
)

// appendDouble writes f as Java prints a double: always with a decimal point,
// "2.0", "0.001", "1.0E7", "1.5E-4". A reader that decides a number's type by
// its form, as Java does for values in a map, then sees a double (gRPC page,
// 4.8). f must be finite.
func appendDouble(b []byte, f float64) []byte {
	if abs := math.Abs(f); abs == 0 || (abs >= leastPlain && abs < mostPlain) {
		start := len(b)
		b = strconv.AppendFloat(b, f, 'f', -1, 64)
		if bytes.IndexByte(b[start:], '.') < 0 {
			b = append(b, ".0"...)
		}
		return b
	}
	text := strconv.FormatFloat(f, 'E', -1, 64) // d.dddE±dd, or dE±dd
	mantissa, exponent, _ := bytes.Cut([]byte(text), []byte("E"))
	b = append(b, mantissa...)
	if bytes.IndexByte(mantissa, '.') < 0 {
		b = append(b, ".0"...)
	}
	b = append(b, 'E')
	n, _ := strconv.Atoi(string(exponent)) // drops "+" and leading zeros
	return strconv.AppendInt(b, int64(n), 10)
}

// finite reports whether f can be written as JSON.
func finite(f float64) bool { return !math.IsNaN(f) && !math.IsInf(f, 0) }

// numberText returns what Java's toString gives for a JSON number: integers as
// they stand, anything else as a double.
func numberText(n json.Number) string {
	text := n.String()
	if text == "-0" {
		return "0" // an integer, which has no such sign
	}
	if !strings.ContainsAny(text, ".eE") {
		return text
	}
	f, err := n.Float64()
	switch {
	case err == nil:
	case f > 0:
		return "Infinity"
	case f < 0:
		return "-Infinity"
	}
	return string(appendDouble(nil, f))
}
