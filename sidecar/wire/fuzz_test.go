package wire

import (
	"encoding/json"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/proto"

	"github.com/distro-naming/naming-operator/sidecar/naming"
	"github.com/distro-naming/naming-operator/sidecar/wire/nacospb"
)

// seeds adds what was recorded.
func seeds(f *testing.F, add func(v vector)) {
	f.Helper()
	paths, err := filepath.Glob(filepath.Join("testdata", "*", "*.json"))
	if err != nil {
		f.Fatal(err)
	}
	for _, path := range paths {
		add(readVector(f, path))
	}
}

func FuzzBodies(f *testing.F) {
	seeds(f, func(v vector) { f.Add(string(v.Type), []byte(v.Body)) })
	f.Fuzz(func(_ *testing.T, kind string, body []byte) {
		for _, decode := range decoders() {
			_, _ = decode(body) // whatever it is, it is no panic
		}
		p := Payload(Kind(kind), body)
		_, _ = DecodeReport(p)
		_, _ = DecodeReportResult(p)
		_, _ = DecodeDistro(body)
		_, _, _ = DecodeSnapshot(body)
		_ = RequestID(body)
	})
}

func FuzzRecordReadsBack(f *testing.F) {
	seeds(f, func(v vector) {
		if v.Content != "" {
			f.Add([]byte(v.Content))
		}
	})
	f.Fuzz(func(t *testing.T, content []byte) {
		_, _ = DecodeMark(content)
		r, err := DecodeRecord(content)
		if err != nil {
			return // nothing to compare
		}
		text := AppendRecord(nil, r)
		if !json.Valid(text) {
			t.Fatalf("no JSON: %s", text)
		}
		again, err := DecodeRecord(text)
		if err != nil {
			t.Fatalf("%v: %s", err, text)
		}
		if diff := cmp.Diff(string(text), string(AppendRecord(nil, again))); diff != "" {
			t.Errorf("written differently the second time:\n%s", diff)
		}
	})
}

func FuzzForm(f *testing.F) {
	f.Add("serviceName=g%40%40s&ip=10.0.0.1&port=80&weight=2&metadata=%7B%7D", `beat={"ip":"10.0.0.1","port":80}`)
	f.Fuzz(func(t *testing.T, query, body string) {
		form := ParseForm(query, body)
		s, err := form.Service()
		if err != nil {
			return
		}
		_, _, _ = form.Beat(s)
		i, err := form.Instance(s)
		if err != nil {
			return
		}
		v := &naming.View{Service: s, Hosts: []naming.Instance{i}}
		if info := GroupedServiceInfo(v, naming.Filter{Clusters: form.Get("clusters")}); !json.Valid(info) {
			t.Errorf("no JSON: %s", info)
		}
	})
}

func FuzzPayload(f *testing.F) {
	f.Add([]byte{0x12, 0x00, 0x1a, 0x00})
	f.Fuzz(func(_ *testing.T, raw []byte) {
		var p nacospb.Payload
		if proto.Unmarshal(raw, &p) != nil {
			return
		}
		_, _, _ = KindOf(&p), Body(&p), Header(&p, HeaderMember)
	})
}
