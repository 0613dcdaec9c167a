package nacoshttp

import (
	"encoding/json"
	"io"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// exchange is one recorded call and what a Java server answered.
type exchange struct {
	Name    string
	Request struct {
		Method, Path string
		Headers      map[string]string
		Body         string
	}
	Response struct {
		Status      int
		ContentType string `json:"content_type"`
		Body        string
	}
}

// recordedVersions are those of the servers that were recorded.
var recordedVersions = []string{"2.5.1", "3.0.3"}

func recorded(t *testing.T, version string) (all []exchange) {
	t.Helper()
	text, err := os.ReadFile("testdata/nacos-" + version + ".json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &all); err != nil {
		t.Fatal(err)
	}
	return all
}

// answered is what is compared of an answer.
type answered struct {
	status int
	body   any // text, or a JSON tree with its numbers as they stand
}

// TestEveryRecordedExchangeIsReplayed makes every call that was made to real
// servers to one of ours, in order, and wants what they answered but for what
// package differences lists.
func TestEveryRecordedExchangeIsReplayed(t *testing.T) {
	for _, version := range recordedVersions {
		t.Run(version, func(t *testing.T) {
			_, s := serve(t, newWorld())
			for _, e := range recorded(t, version) {
				t.Run(e.Name, func(t *testing.T) { e.replay(t, version, s.URL, false) })
			}
		})
	}
}

// TestEveryMemberAnswersAsTheOwnerDoes makes the same calls to a member that owns
// no client, beside one that owns all and holds the same.
func TestEveryMemberAnswersAsTheOwnerDoes(t *testing.T) {
	for _, version := range recordedVersions {
		t.Run(version, func(t *testing.T) {
			owner, here := newWorld(), newWorld()
			here.registry, here.kept, here.overrides = owner.registry, owner.kept, owner.overrides
			_, o := serve(t, owner)
			here.owner, here.listens[otherAddress] = otherAddress, strings.TrimPrefix(o.URL, "http://")
			_, s := serve(t, here)
			for _, e := range recorded(t, version) {
				if strings.HasPrefix(e.Request.Headers["User-Agent"], "Nacos-Server") {
					continue // it is at its last hop, which is not the owner here
				}
				t.Run(e.Name, func(t *testing.T) { e.replay(t, version, s.URL, true) })
			}
		})
	}
}

func (e exchange) replay(t *testing.T, version, url string, relayed bool) {
	t.Helper()
	status, contentType, body := do(t, e.call(t, url))
	if d, ok := e.different(t, version); ok {
		if status != d.status || !strings.Contains(body, d.says) {
			t.Errorf("got %d %s, want %d and %q: %s", status, body, d.status, d.says, d.reason)
		}
		return
	}
	want, got := meaning(e.Response.Status, e.Response.Body), meaning(status, body)
	if _, ok := onlyShape[e.Name]; ok {
		want.body, got.body = shape(want.body), shape(got.body)
	}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(answered{})); diff != "" {
		t.Errorf("not what was recorded (-recorded +ours):\n%s", diff)
	}
	// Who relays the owner's answer changes its type to this one: which calls were
	// relayed was as chance would have it.
	if is := contentType == relayedType || e.Response.ContentType == relayedType; !is && contentType != e.Response.ContentType {
		t.Errorf("content type %q, recorded %q", contentType, e.Response.ContentType)
	}
	// What is set of an instance is taken by any member.
	sets := e.Request.Method == http.MethodPatch || e.Request.Method == http.MethodPut && !strings.Contains(e.Request.Path, "/beat")
	if writes := e.Request.Method != http.MethodGet && !sets && strings.Contains(e.Request.Path, "/v1/ns/instance") &&
		strings.Contains(e.Request.Path+e.Request.Body, "ip="); relayed && writes &&
		status == http.StatusOK && contentType != relayedType {
		t.Errorf("content type %q of what the owner answered", contentType)
	}
}

// different returns what is to be answered in place of what was recorded, if so.
// Nacos 3.x refuses most of the APIs of 1.x and 2.x with 410 unless it is told
// otherwise: there the status is wanted that 2.5.1 had.
func (e exchange) different(t *testing.T, version string) (difference, bool) {
	d, ok := different[version+" "+e.Name]
	if !ok {
		d, ok = different[e.Name]
	}
	if !ok && e.Response.Status == http.StatusGone {
		before := recorded(t, "2.5.1")
		i := slices.IndexFunc(before, func(o exchange) bool { return o.Name == e.Name })
		return difference{status: before[i].Response.Status, reason: "all versions of the API are open"}, true
	}
	return d, ok
}

func (e exchange) call(t *testing.T, url string) *http.Request {
	t.Helper()
	path := strings.ReplaceAll(e.Request.Path, "<1100 times v>", strings.Repeat("v", 1100))
	r, err := http.NewRequestWithContext(t.Context(), e.Request.Method, url+path, strings.NewReader(e.Request.Body))
	if err != nil {
		t.Fatal(err)
	}
	for name, value := range e.Request.Headers {
		if name != "Content-Length" && name != "Connection" && name != "Host" {
			r.Header.Set(name, value)
		}
	}
	return r
}

func do(t *testing.T, r *http.Request) (status int, contentType, body string) {
	t.Helper()
	answer, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }() // it was read to its end
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer.StatusCode, answer.Header.Get("Content-Type"), string(text)
}

// meaning leaves out of an answer what differs from run to run: times, ports, the
// order of lists that have none.
func meaning(status int, body string) answered {
	d := json.NewDecoder(strings.NewReader(body))
	d.UseNumber()
	var tree any
	if d.Decode(&tree) != nil {
		return answered{status, body}
	}
	return answered{status, timeless(tree)}
}

func timeless(tree any) any {
	switch is := tree.(type) {
	case map[string]any:
		delete(is, "lastRefTime")
		delete(is, "timestamp")
		for name := range members {
			delete(is, name)
		}
		for name, value := range is {
			is[name] = timeless(value)
		}
	case []any:
		for i := range is {
			is[i] = timeless(is[i])
		}
		slices.SortFunc(is, func(a, b any) int { return strings.Compare(jsonOf(a), jsonOf(b)) })
	case string:
		var inner map[string]any // a Member within text
		if strings.HasPrefix(is, `{"ip"`) && json.Unmarshal([]byte(is), &inner) == nil {
			return timeless(inner)
		}
	}
	return tree
}

func jsonOf(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		return ""
	}
	return string(text)
}

// shape is a tree without its values, and of a list its first element.
func shape(tree any) any {
	switch is := tree.(type) {
	case map[string]any:
		out := map[string]any{}
		for name, value := range is {
			out[name] = shape(value)
		}
		return out
	case []any:
		if len(is) == 0 {
			return is
		}
		return []any{shape(is[0])}
	case string:
		return "text"
	case json.Number, float64:
		return "number"
	default:
		return is
	}
}
