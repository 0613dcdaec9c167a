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

// answer is what is compared of an answer.
type answer struct {
	status int
	body   any // text, or a JSON tree with its numbers as they stand
}

// refused is the part of a body that refuses a persistent instance.
const refused = "persistent instances are not supported"

// different are the answers that are meant to be others than Java's.
var different = map[string]struct {
	status int
	says   string // a part of the body
	reason string
}{
	"v1 persistent on ephemeral service": {400, refused, "they are refused for now"},
	"v1 persistent register":             {400, refused, "they are refused for now"},
	"v1 persistent list":                 {200, `"hosts":[]`, "nothing was registered"},
	"v1 ephemeral on persistent service": {200, "ok", "nothing persistent is in the way"},
	"v1 instance update unknown":         {400, "instance not exist", "Java says ok and changes nothing"},
	"v1 instance list after update":      {200, `"weight":5.0`, "no patch was sent, no beat was missed"},
	"v1 beat bad beat json":              {500, "beat is not a JSON object", "Java names its classes"},
	"v1 service list":                    {200, `"doms":[`, "other services are there, and in order"},
	"v1 operator metrics full":           {200, `{"status":"UP"}`, "counts are on the admin port"},

	"capture: go client: persistent POST /v1/ns/instance":           {400, refused, "they are refused for now"},
	"capture: node client: persistent POST /v1/ns/instance":         {400, refused, "they are refused for now"},
	"capture: forwarded by server: persistent POST /v1/ns/instance": {400, refused, "they are refused for now"},
}

func TestCallsAreAnsweredAsRecorded(t *testing.T) {
	text, err := os.ReadFile("testdata/nacos-2.5.1.json")
	if err != nil {
		t.Fatal(err)
	}
	var all []exchange
	if err := json.Unmarshal(text, &all); err != nil {
		t.Fatal(err)
	}
	_, s := serve(t, newWorld())
	for _, e := range all {
		t.Run(e.Name, func(t *testing.T) { e.replay(t, s.URL) })
	}
}

func (e exchange) replay(t *testing.T, url string) {
	t.Helper()
	path := strings.ReplaceAll(e.Request.Path, "<1100 times v>", strings.Repeat("v", 1100))
	r, err := http.NewRequestWithContext(t.Context(), e.Request.Method, url+path, strings.NewReader(e.Request.Body))
	if err != nil {
		t.Fatal(err)
	}
	for name, value := range e.Request.Headers {
		if name != "Content-Length" && name != "Connection" {
			r.Header.Set(name, value)
		}
	}
	status, contentType, body := do(t, r)
	if d, ok := different[e.Name]; ok {
		if status != d.status || !strings.Contains(body, d.says) {
			t.Errorf("got %d %s, want %d and %q: %s", status, body, d.status, d.says, d.reason)
		}
		return
	}
	if diff := cmp.Diff(e.recorded(), meaning(status, body), cmp.AllowUnexported(answer{})); diff != "" {
		t.Errorf("not what was recorded (-recorded +ours):\n%s", diff)
	}
	// A member that relays the owner's answer changes its type to this one, and
	// port errors came without any.
	relayed := e.Response.ContentType == "application/json;charset=UTF-8" || e.Response.ContentType == ""
	if !relayed && contentType != e.Response.ContentType {
		t.Errorf("content type %q, recorded %q", contentType, e.Response.ContentType)
	}
}

func (e exchange) recorded() answer { return meaning(e.Response.Status, e.Response.Body) }

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

// meaning leaves out of an answer what differs from run to run: times, the
// order of hosts.
func meaning(status int, body string) answer {
	d := json.NewDecoder(strings.NewReader(body))
	d.UseNumber()
	var tree map[string]any
	if d.Decode(&tree) != nil {
		return answer{status, body}
	}
	delete(tree, "lastRefTime")
	delete(tree, "timestamp")
	if hosts, ok := tree["hosts"].([]any); ok {
		slices.SortFunc(hosts, func(a, b any) int {
			return strings.Compare(a.(map[string]any)["instanceId"].(string), b.(map[string]any)["instanceId"].(string))
		})
	}
	return answer{status, tree}
}
