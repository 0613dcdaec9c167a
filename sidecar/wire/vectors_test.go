package wire

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/proto"

	"github.com/distro-naming/naming-operator/sidecar/wire/nacospb"
)

// vector is one recorded message; testdata/README.md says where from.
type vector struct {
	Type       Kind              `json:"type"`
	Headers    map[string]string `json:"headers"`
	ClientIP   string            `json:"client_ip"`
	Body       string            `json:"body_raw"`
	Content    string            `json:"decoded_content_raw"`
	PayloadHex string            `json:"payload_hex"`
}

// versions are the servers that were recorded.
var versions = []string{"2.5.1", "3.0.3"}

func readVector(tb testing.TB, path string) vector {
	tb.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		tb.Fatal(err)
	}
	var v vector
	if err := json.Unmarshal(text, &v); err != nil {
		tb.Fatalf("%s: %v", path, err)
	}
	return v
}

// vectors returns every recorded message whose file matches pattern, by name.
func vectors(t *testing.T, pattern string) map[string]vector {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join("testdata", "*", pattern))
	if err != nil || len(paths) == 0 {
		t.Fatalf("no vectors match %s: %v", pattern, err)
	}
	out := make(map[string]vector, len(paths))
	for _, path := range paths {
		out[strings.TrimPrefix(path, "testdata/")] = readVector(t, path)
	}
	return out
}

// those returns the vectors that keep chooses. None at all is a failure.
func those(t *testing.T, all map[string]vector, keep func(vector) bool) map[string]vector {
	t.Helper()
	maps.DeleteFunc(all, func(_ string, v vector) bool { return !keep(v) })
	if len(all) == 0 {
		t.Fatal("no vector is of the kind that this test is about")
	}
	return all
}

// tree decodes JSON so that numbers keep their form: 2 and 2.0 differ.
func tree(t *testing.T, text []byte) map[string]any {
	t.Helper()
	d := json.NewDecoder(strings.NewReader(string(text)))
	d.UseNumber()
	var out map[string]any
	if err := d.Decode(&out); err != nil {
		t.Fatalf("decode %s: %v", text, err)
	}
	return out
}

// same fails unless two JSON texts are the same tree, absent and null differing.
func same(t *testing.T, got, want map[string]any) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("not what was recorded (-recorded +ours):\n%s", diff)
	}
}

// at returns the object at a path of members.
func at(t *testing.T, tree map[string]any, path ...string) map[string]any {
	t.Helper()
	for _, name := range path {
		next, ok := tree[name].(map[string]any)
		if !ok {
			t.Fatalf("no object %q in %v", name, tree)
		}
		tree = next
	}
	return tree
}

func TestPayloadsAreReadAndWrittenAsRecorded(t *testing.T) {
	whole := those(t, vectors(t, "*.json"), func(v vector) bool { return v.PayloadHex != "" })
	for name, v := range whole {
		t.Run(name, func(t *testing.T) {
			raw, err := hex.DecodeString(v.PayloadHex)
			if err != nil {
				t.Fatal(err)
			}
			var p nacospb.Payload
			if err := proto.Unmarshal(raw, &p); err != nil {
				t.Fatal(err)
			}
			if KindOf(&p) != v.Type || string(Body(&p)) != v.Body || p.GetMetadata().GetClientIp() != v.ClientIP {
				t.Errorf("got %s from %q: %s", KindOf(&p), p.GetMetadata().GetClientIp(), Body(&p))
			}
			for name, value := range v.Headers {
				if got := Header(&p, strings.ToUpper(name)); got != value {
					t.Errorf("header %s = %q, want %q", name, got, value)
				}
			}
			ours := Payload(v.Type, []byte(v.Body))
			ours.Metadata.ClientIp, ours.Metadata.Headers = v.ClientIP, v.Headers
			if again, err := proto.Marshal(ours); err != nil || string(again) != string(raw) {
				t.Errorf("written as %x (%v), recorded %x", again, err, raw)
			}
		})
	}
}

// recorded maps the kinds that we read to their decoders.
func decoders() map[Kind]func([]byte) (any, error) {
	return map[Kind]func([]byte) (any, error){
		ConnectionSetupRequest:    func(b []byte) (any, error) { return DecodeSetup(b) },
		InstanceRequest:           func(b []byte) (any, error) { return DecodeInstanceChange(b) },
		PersistentInstanceRequest: func(b []byte) (any, error) { return DecodeInstanceChange(b) },
		BatchInstanceRequest:      func(b []byte) (any, error) { return DecodeBatchChange(b) },
		ServiceQueryRequest:       func(b []byte) (any, error) { return DecodeQuery(b) },
		ServiceListRequest:        func(b []byte) (any, error) { return DecodeListing(b) },
		SubscribeServiceRequest:   func(b []byte) (any, error) { return DecodeSubscription(b) },
		NamingFuzzyWatchRequest:   func(b []byte) (any, error) { return DecodeFuzzyWatch(b) },
		NotifySubscriberResponse:  func(b []byte) (any, error) { return DecodeResult(b) },
		ServerCheckResponse:       func(b []byte) (any, error) { return DecodeResult(b) },
		ErrorResponse:             func(b []byte) (any, error) { return DecodeResult(b) },
	}
}

func TestRequestsAreReadWithoutLoss(t *testing.T) {
	read := those(t, vectors(t, "*.json"), func(v vector) bool { return decoders()[v.Type] != nil })
	for name, v := range read {
		t.Run(name, func(t *testing.T) {
			got, err := decoders()[v.Type]([]byte(v.Body))
			if err != nil {
				t.Fatal(err)
			}
			again, err := json.Marshal(got)
			if err != nil {
				t.Fatal(err)
			}
			kept(t, "", tree(t, again), tree(t, []byte(v.Body)))
		})
	}
}

// kept fails for every member of ours that is not what was recorded.
func kept(t *testing.T, path string, ours, recorded map[string]any) {
	t.Helper()
	for name, value := range ours {
		other, there := recorded[name]
		switch value := value.(type) {
		case map[string]any:
			if there && other != nil {
				kept(t, path+"."+name, value, other.(map[string]any))
			}
		case []any:
			for i, element := range value {
				kept(t, path+"."+name, element.(map[string]any), other.([]any)[i].(map[string]any))
			}
		default:
			if there && plainNumber(other) != plainNumber(value) {
				t.Errorf("%s.%s: got %v, recorded %v", path, name, value, other)
			}
		}
	}
}

// plainNumber makes 2.0 and 2 equal where only the value matters.
func plainNumber(v any) any {
	if n, ok := v.(json.Number); ok {
		f, _ := n.Float64()
		return f
	}
	return v
}

// content returns what base64 covers in a Distro message.
func content(t *testing.T, data map[string]any) map[string]any {
	t.Helper()
	raw, err := base64.StdEncoding.DecodeString(data["content"].(string))
	if err != nil {
		t.Fatal(err)
	}
	return tree(t, raw)
}
