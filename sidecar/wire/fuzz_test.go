package wire

import (
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"strings"
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

// everyDecoder reads a message in each way that there is, by the decoder's name.
var everyDecoder = map[string]func(p *nacospb.Payload) error{
	"DecodeSetup":            func(p *nacospb.Payload) error { _, err := DecodeSetup(Body(p)); return err },
	"DecodeResult":           func(p *nacospb.Payload) error { _, err := DecodeResult(Body(p)); return err },
	"DecodeInstanceChange":   func(p *nacospb.Payload) error { _, err := DecodeInstanceChange(Body(p)); return err },
	"DecodeBatchChange":      func(p *nacospb.Payload) error { _, err := DecodeBatchChange(Body(p)); return err },
	"DecodeQuery":            func(p *nacospb.Payload) error { _, err := DecodeQuery(Body(p)); return err },
	"DecodeListing":          func(p *nacospb.Payload) error { _, err := DecodeListing(Body(p)); return err },
	"DecodeSubscription":     func(p *nacospb.Payload) error { _, err := DecodeSubscription(Body(p)); return err },
	"DecodeFuzzyWatch":       func(p *nacospb.Payload) error { _, err := DecodeFuzzyWatch(Body(p)); return err },
	"DecodeConfigListening":  func(p *nacospb.Payload) error { _, err := DecodeConfigListening(Body(p)); return err },
	"DecodeDistro":           func(p *nacospb.Payload) error { _, err := DecodeDistro(Body(p)); return err },
	"DecodeRecord":           func(p *nacospb.Payload) error { _, err := DecodeRecord(Body(p)); return err },
	"DecodeMark":             func(p *nacospb.Payload) error { _, err := DecodeMark(Body(p)); return err },
	"DecodeSnapshot":         func(p *nacospb.Payload) error { _, _, err := DecodeSnapshot(Body(p)); return err },
	"DecodeReload":           func(p *nacospb.Payload) error { _, err := DecodeReload(Body(p)); return err },
	"DecodeReport":           func(p *nacospb.Payload) error { _, err := DecodeReport(p); return err },
	"DecodeReportResult":     func(p *nacospb.Payload) error { _, err := DecodeReportResult(p); return err },
	"DecodeHTTPReport":       func(p *nacospb.Payload) error { _, err := DecodeHTTPReport(Body(p)); return err },
	"DecodeSubscribers":      func(p *nacospb.Payload) error { DecodeSubscribers(Body(p)); return nil },
	"DecodePushAck":          func(p *nacospb.Payload) error { _, err := DecodePushAck(Body(p)); return err },
	"DecodeHTTPReportResult": func(p *nacospb.Payload) error { _, err := DecodeHTTPReportResult(Body(p)); return err },
	"DecodeChecksums":        func(p *nacospb.Payload) error { _, err := DecodeChecksums(Body(p)); return err },
	"DecodeDatums":           func(p *nacospb.Payload) error { _, err := DecodeDatums(Body(p)); return err },
	"DecodeDatumQuery":       func(p *nacospb.Payload) error { _, err := DecodeDatumQuery(Body(p), Form{}); return err },
	"DecodeServiceStatus":    func(p *nacospb.Payload) error { _, _ = DecodeServiceStatus(Body(p)); return nil },
	"DecodeSelf":             func(p *nacospb.Payload) error { _, _, err := DecodeSelf(Body(p)); return err },
	"DecodeJudgement":        func(p *nacospb.Payload) error { _, _ = DecodeJudgement(Body(p)); return nil },
	"DecodeVote":             func(p *nacospb.Payload) error { _, _, err := DecodeVote(string(Body(p))); return err },
	"ParseDatumKey":          func(p *nacospb.Payload) error { _, _ = ParseDatumKey(string(Body(p))); return nil },
	"ParseForm":              func(p *nacospb.Payload) error { ParseForm(string(Body(p)), string(Body(p))); return nil },
	"ParseMetadata":          func(p *nacospb.Payload) error { _, err := ParseMetadata(string(Body(p))); return err },
	"ParseIdentity":          func(p *nacospb.Payload) error { _, err := ParseIdentity(string(Body(p))); return err },
}

// oldBodies are what members of Nacos 1.x say, of which there are no recordings.
var oldBodies = []string{
	`{"com.alibaba.nacos.naming.iplist.ephemeral.public##DEFAULT_GROUP@@web":{"key":"com.alibaba.nacos.naming.iplist.ephemeral.public##DEFAULT_GROUP@@web","value":{"instanceList":[{"ip":"10.0.0.1","port":80,"weight":1.0,"healthy":true,"enabled":true,"ephemeral":true,"clusterName":"DEFAULT","serviceName":"DEFAULT_GROUP@@web","metadata":{}}]},"timestamp":1}}`,
	`{"com.alibaba.nacos.naming.iplist.ephemeral.public##DEFAULT_GROUP@@web":"d41d8cd98f00b204e9800998ecf8427e"}`,
	`["com.alibaba.nacos.naming.iplist.ephemeral.public##DEFAULT_GROUP@@web"]`,
	`com.alibaba.nacos.naming.iplist.ephemeral.public##DEFAULT_GROUP@@web`,
	`{"ip":"10.0.0.9","term":7,"leaderDueMs":1,"heartbeatDueMs":1,"state":"CANDIDATE"}`,
}

// TestNoDecoderIsLeftOut keeps the table above complete.
func TestNoDecoderIsLeftOut(t *testing.T) {
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for _, file := range files {
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range parsed.Decls {
			f, ok := d.(*ast.FuncDecl)
			if !ok || f.Recv != nil || !strings.HasPrefix(f.Name.Name, "Decode") && !strings.HasPrefix(f.Name.Name, "Parse") {
				continue
			}
			found++
			if everyDecoder[f.Name.Name] == nil {
				t.Errorf("%s is not fuzzed", f.Name.Name)
			}
		}
	}
	if found == 0 {
		t.Error("no decoders were found")
	}
}

func FuzzEveryDecoder(f *testing.F) {
	seeds(f, func(v vector) {
		f.Add(string(v.Type), []byte(v.Body))
		f.Add(string(v.Type), []byte(v.Content))
	})
	for _, body := range oldBodies {
		f.Add("", []byte(body))
	}
	f.Fuzz(func(_ *testing.T, kind string, body []byte) {
		p := Payload(Kind(kind), body)
		for _, decode := range everyDecoder {
			_ = decode(p) // whatever it is, it is no panic
		}
		_ = RequestID(body)
	})
}

// FuzzReportReadsBack: who is understood is introduced to others as it was.
func FuzzReportReadsBack(f *testing.F) {
	seeds(f, func(v vector) {
		if v.Type == MemberReportRequest || v.Type == MemberReportResponse {
			f.Add([]byte(v.Body))
		}
	})
	f.Fuzz(func(t *testing.T, body []byte) {
		n, err := DecodeReport(Payload(MemberReportRequest, body))
		if err != nil {
			return // nothing to compare
		}
		again, err := DecodeReport(Introduce(Payload(MemberReportRequest, ReportRequest(n)), n))
		if want := strings.ToValidUTF8(n.Version, "\ufffd"); err != nil || again.Address != n.Address || again.Version != want {
			t.Errorf("%+v was introduced as %+v (%v)", n, again, err)
		}
	})
}

// FuzzSnapshotReadsBack: what is given on is what was taken, within the limit.
func FuzzSnapshotReadsBack(f *testing.F) {
	seeds(f, func(v vector) {
		if v.Type == DistroDataResponse {
			f.Add([]byte(v.Body), 0)
			f.Add([]byte(v.Body), 2000)
		}
	})
	f.Fuzz(func(t *testing.T, body []byte, limit int) {
		records, _, err := DecodeSnapshot(body)
		if err != nil || limit < 0 {
			return // nothing to compare
		}
		out, left := SnapshotResult(records, limit, false)
		again, complete, err := DecodeSnapshot(out)
		if err != nil || len(again)+len(left) != len(records) || complete != (len(left) == 0) {
			t.Errorf("%d of %d given, %d left, complete %v, %v", len(again), len(records), len(left), complete, err)
		}
		if size := proto.Size(Payload(DistroDataResponse, out)); limit > 1024 && size > limit {
			t.Errorf("%d bytes, more than %d", size, limit)
		}
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
		_, _, _ = form.Cluster()
		_, _ = form.Endpoints("instances")
		settings, _ := form.Settings()
		i, err := form.Instance(s)
		if err != nil {
			return
		}
		v := &naming.View{Service: s, Hosts: []naming.Instance{i}}
		if info := GroupedServiceInfo(v, naming.Filter{Clusters: form.Get("clusters")}); !json.Valid(info) {
			t.Errorf("no JSON: %s", info)
		}
		is := Service{Key: s, Settings: settings, Hosts: v.Hosts}
		for _, body := range [][]byte{
			ServiceDetail(is), ServiceDetailV2(is), ServiceDetailV3(is), CatalogService(is), CatalogServices(1, []Service{is}),
			CatalogDetails([]Service{is}), PrometheusTargets(v.Hosts), InstanceDetailV2(i, s),
		} {
			if !json.Valid(body) {
				t.Errorf("no JSON: %s", body)
			}
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
