package sidecar

import (
	"bytes"
	"strings"
	"testing"
)

func TestCheckRegistersReadsAndCleansUp(t *testing.T) {
	a, b := loopback(1), loopback(2)
	h := newHouse(t, a, b)
	var said bytes.Buffer
	err := Main(t.Context(), []string{"check", "--members=" + a + ":8848," + b + ":8848"}, &said, &said)
	if err != nil {
		t.Fatalf("check = %v after %q", err, said.String())
	}
	for _, want := range []string{"registered naming-check on " + a, "read it from " + b, "gone from every member"} {
		if !strings.Contains(said.String(), want) {
			t.Errorf("check says %q, want %q", said.String(), want)
		}
	}
	if h.lists(b, checked.service, checked.ip) {
		t.Error("the instance is still listed")
	}
}

func TestCheckSaysWhatIsWrong(t *testing.T) {
	for name, tc := range map[string]struct {
		args []string
		says string
	}{
		"no members":        {nil, "--members"},
		"nobody is there":   {[]string{"--members=" + loopback(9) + ":8848", "--timeout=1ms"}, "register on " + loopback(9)},
		"not a host at all": {[]string{"--members=:x", "--timeout=1ms"}, "register on :x"},
	} {
		t.Run(name, func(t *testing.T) {
			err := Main(t.Context(), append([]string{"check"}, tc.args...), new(bytes.Buffer), new(bytes.Buffer))
			if err == nil || !strings.Contains(err.Error(), tc.says) {
				t.Errorf("check = %v, want it to say %q", err, tc.says)
			}
		})
	}
}
