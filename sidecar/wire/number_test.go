package wire

import (
	"encoding/json"
	"math"
	"testing"
)

// The forms are those of Java's Double.toString.
func TestDoublesAreWrittenAsJavaPrintsThem(t *testing.T) {
	tests := map[float64]string{
		0:                   "0.0",
		1:                   "1.0",
		2:                   "2.0",
		2.5:                 "2.5",
		-1:                  "-1.0",
		0.1:                 "0.1",
		0.001:               "0.001",
		0.0009:              "9.0E-4",
		0.00012345:          "1.2345E-4",
		9999999:             "9999999.0",
		1e7:                 "1.0E7",
		12345678.9:          "1.23456789E7",
		1e10:                "1.0E10",
		1e100:               "1.0E100",
		math.MaxFloat64:     "1.7976931348623157E308",
		1e-300:              "1.0E-300",
		100:                 "100.0",
		10000:               "10000.0",
		0.30000000000000004: "0.30000000000000004",
	}
	for f, want := range tests {
		t.Run(want, func(t *testing.T) {
			if got := string(appendDouble(nil, f)); got != want {
				t.Errorf("appendDouble(%v) = %s, want %s", f, got, want)
			}
		})
	}
}

func FuzzDoubleReadsBack(f *testing.F) {
	for _, seed := range []float64{0, 1, 2.5, 1e7, 1e-4, math.Pi, -1e300} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, v float64) {
		if !finite(v) {
			return // nothing to compare
		}
		var back float64
		if err := json.Unmarshal(appendDouble(nil, v), &back); err != nil || back != v {
			t.Errorf("%v was written as %s and read as %v (%v)", v, appendDouble(nil, v), back, err)
		}
	})
}

func FuzzStringReadsBack(f *testing.F) {
	for _, seed := range []string{"", "a", `"\`, "\x00\x1f\u00e9\u4e2d", "<&>"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		text := appendString(nil, s)
		var back, want string
		plain, err := json.Marshal(s)
		if err != nil || json.Unmarshal(plain, &want) != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(text, &back); err != nil || back != want {
			t.Errorf("%q was written as %s and read as %q (%v)", s, text, back, err)
		}
	})
}
