package nacosgrpc

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"testing"

	"github.com/distro-naming/naming-operator/sidecar/wire"
	"github.com/distro-naming/naming-operator/sidecar/wire/nacospb"
)

// outcome is what every reader looks at in an answer.
type outcome struct {
	kind        wire.Kind
	result, err int
}

func outcomeOf(t *testing.T, p *nacospb.Payload) outcome {
	t.Helper()
	return recordedOutcome(t, wire.KindOf(p), string(wire.Body(p)))
}

func recordedOutcome(t *testing.T, kind wire.Kind, body string) outcome {
	t.Helper()
	var codes struct{ ResultCode, ErrorCode int }
	if err := json.Unmarshal([]byte(body), &codes); err != nil {
		t.Fatalf("%s: %v: %s", kind, err, body)
	}
	return outcome{kind, codes.ResultCode, codes.ErrorCode}
}

// alike fails unless an answer of ours has the members of the recorded one, with
// the same types, but for what the table "members" lists.
func (m recorded) alike(t *testing.T, ours *nacospb.Payload) {
	t.Helper()
	if wire.KindOf(ours) != m.Type {
		t.Errorf("got a %s, recorded %s", wire.KindOf(ours), m.Type)
	}
	sameShape(t, string(wire.Body(ours)), m.Body)
}

func sameShape(t *testing.T, ours, recorded string) {
	t.Helper()
	got, want := shapeOf(t, ours), shapeOf(t, recorded)
	for _, path := range slices.Sorted(maps.Keys(want)) {
		if got[path] != want[path] && !excepted(path) && !got.bare(path) {
			t.Errorf("member %s: %q, recorded %q", path, got[path], want[path])
		}
	}
	for _, path := range slices.Sorted(maps.Keys(got)) {
		if want[path] == "" && !excepted(path) && !want.bare(path) {
			t.Errorf("member %s is not in the recorded message", path)
		}
	}
}

// excepted reports whether the table "members" has path or what it is part of.
func excepted(path string) bool {
	for i := range path {
		if path[i] == '.' && members[path[:i]] != "" {
			return true
		}
	}
	return members[path] != ""
}

// shape is the type of every member by its path; lists are those of their first
// element.
type shape map[string]string

func shapeOf(t *testing.T, text string) shape {
	t.Helper()
	var v any
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	out := shape{}
	out.add("", v)
	return out
}

func (s shape) add(path string, v any) {
	s[path] = fmt.Sprintf("%T", v)
	switch v := v.(type) {
	case map[string]any:
		for name, member := range v {
			s.add(path+"."+name, member)
		}
	case []any:
		if len(v) == 0 {
			s[path+"[]"] = "none"
			return
		}
		s.add(path+"[]", v[0])
	}
}

// bare reports whether path is in a list that has no elements, whose shape is
// therefore unknown, or below metadata, whose members are users'.
func (s shape) bare(path string) bool {
	for i := range path {
		if s[path[:i]] == "none" || path[:i] == ".serviceInfo.hosts[].metadata" {
			return true
		}
	}
	return s[path] == "none"
}
