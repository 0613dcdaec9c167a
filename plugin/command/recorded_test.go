package command

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// What a real cluster answered is kept in testdata/recorded.json. With -record it
// is made anew from what KUBECONFIG names: a cluster "demo" in the namespace
// "shop" as testdata/record.sh fills it.
var record = flag.Bool("record", false, "ask a real cluster, and keep what it answers")

// kubeconfig names the real cluster; tests set their own.
var kubeconfig = os.Getenv("KUBECONFIG")

const recordedFile = "testdata/recorded.json"

// recording is what the API server answered, by request.
type recording struct {
	Now     time.Time                  `json:"now"`
	Answers map[string]json.RawMessage `json:"answers"` // a JSON string for what is no JSON

	mu sync.Mutex // guards Answers while it is made
}

func load(t *testing.T) *recording {
	t.Helper()
	if *record {
		return &recording{Now: time.Now().UTC().Truncate(time.Second), Answers: map[string]json.RawMessage{}}
	}
	text, err := os.ReadFile(recordedFile)
	if err != nil {
		t.Fatal(err)
	}
	r := &recording{}
	if err := json.Unmarshal(text, r); err != nil {
		t.Fatal(err)
	}
	return r
}

func (r *recording) save(t *testing.T) {
	t.Helper()
	if !*record {
		return
	}
	text, err := json.MarshalIndent(r, "", " ")
	if err == nil {
		err = os.MkdirAll(filepath.Dir(recordedFile), 0o755)
	}
	if err == nil {
		err = os.WriteFile(recordedFile, append(text, '\n'), 0o644)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// answer returns what was answered to a GET; nil if it was never asked.
func (r *recording) answer(uri string) json.RawMessage {
	r.mu.Lock()
	defer r.mu.Unlock()
	if held := r.Answers[uri]; held != nil || !*record {
		return held
	}
	out, err := exec.CommandContext(context.Background(), "kubectl", "--kubeconfig", kubeconfig, "get", "--raw", uri).Output()
	var failed *exec.ExitError
	switch {
	case errors.As(err, &failed):
		return nil
	case err != nil:
		panic(err)
	}
	r.Answers[uri] = tidy(out)
	return r.Answers[uri]
}

// tidy leaves out what nobody looks at.
func tidy(body []byte) json.RawMessage {
	var value any
	if json.Unmarshal(body, &value) != nil {
		value = string(body)
	}
	out, err := json.Marshal(withoutManagedFields(value))
	if err != nil {
		panic(err)
	}
	return out
}

func withoutManagedFields(value any) any {
	switch v := value.(type) {
	case map[string]any:
		delete(v, "managedFields")
		for key, inner := range v {
			v[key] = withoutManagedFields(inner)
		}
	case []any:
		for i, inner := range v {
			v[i] = withoutManagedFields(inner)
		}
	}
	return value
}

// api is a fake API server that answers what was recorded, but for what a test
// changes.
type api struct {
	*recording
	change map[string]func(http.ResponseWriter) // by request, or a part of it
	live   map[string]http.Handler              // members that are real, by the beginning of requests to them

	mu      sync.Mutex
	patches []string
}

// ServeHTTP answers one request.
func (f *api) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	uri := r.URL.RequestURI()
	for part, answer := range f.change {
		if strings.Contains(r.Method+" "+uri, part) {
			answer(w)
			return
		}
	}
	for proxied, member := range f.live {
		if strings.HasPrefix(uri, proxied) {
			http.StripPrefix(proxied, member).ServeHTTP(w, r)
			return
		}
	}
	switch {
	case r.Method == http.MethodPatch:
		f.patch(w, r)
	case f.patched() != "" && strings.HasPrefix(uri, "/api/v1/namespaces/shop/pods/demo-") && !strings.Contains(uri, "proxy"):
		fenced := strings.Contains(f.patched(), filepath.Base(r.URL.Path))
		say(w, fmt.Sprintf(`{"kind":"Pod","apiVersion":"v1","metadata":{"labels":{"naming.distro.io/fenced":"%t"}}}`, fenced))
	default:
		held := f.answer(uri)
		if held == nil {
			w.WriteHeader(http.StatusNotFound)
			say(w, `{"kind":"Status","apiVersion":"v1","status":"Failure","reason":"NotFound","code":404,"message":"not recorded: `+uri+`"}`)
			return
		}
		var text string
		if json.Unmarshal(held, &text) == nil {
			w.Header().Set("Content-Type", "text/plain")
			fmt.Fprint(w, text)
			return
		}
		say(w, string(held))
	}
}

func (f *api) patch(w http.ResponseWriter, r *http.Request) {
	var body bytes.Buffer
	_, _ = body.ReadFrom(r.Body)
	f.mu.Lock()
	f.patches = append(f.patches, body.String())
	f.mu.Unlock()
	say(w, string(f.answer("/apis/naming.distro.io/v1alpha1/namespaces/shop/namingclusters/demo")))
}

// patched returns the last patch.
func (f *api) patched() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.patches) == 0 {
		return ""
	}
	return f.patches[len(f.patches)-1]
}

func say(w http.ResponseWriter, text string) {
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write([]byte(text))
}

// fails answers as the API server does when it cannot or may not.
func fails(code int, reason, message string) func(http.ResponseWriter) {
	return func(w http.ResponseWriter) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(code)
		_ = json.NewEncoder(w).Encode(map[string]any{
			"kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": reason, "code": code, "message": message,
		})
	}
}

// edited answers what was recorded, with words replaced.
func (r *recording) edited(t *testing.T, uri string, words ...string) func(http.ResponseWriter) {
	t.Helper()
	held := r.answer(uri)
	if held == nil {
		t.Fatalf("not recorded: %s", uri)
	}
	var compact bytes.Buffer
	if err := json.Compact(&compact, held); err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(words); i += 2 {
		if !strings.Contains(compact.String(), words[i]) {
			t.Fatalf("%s has no %q to replace", uri, words[i])
		}
	}
	text := strings.NewReplacer(words...).Replace(compact.String())
	return func(w http.ResponseWriter) { say(w, text) }
}
