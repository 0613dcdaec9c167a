package wire

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// readers are the bodies that are read in one pass, each with how encoding/json
// reads it.
var readers = map[string]struct {
	quick func([]byte) (any, error)
	plain func([]byte) (any, error)
	pass  func([]byte) bool // whether one pass was enough
}{
	"InstanceChange": {
		func(b []byte) (any, error) { return DecodeInstanceChange(b) },
		func(b []byte) (any, error) { var out InstanceChange; err := decode(b, &out); return out, err },
		func(b []byte) bool { var out InstanceChange; r := reader{text: b}; out.read(&r); return r.done() },
	},
	"BatchChange": {
		func(b []byte) (any, error) { return DecodeBatchChange(b) },
		func(b []byte) (any, error) { var out BatchChange; err := decode(b, &out); return out, err },
		func(b []byte) bool { var out BatchChange; r := reader{text: b}; out.read(&r); return r.done() },
	},
	"Distro": {
		func(b []byte) (any, error) { return decodeDistro(b) },
		func(b []byte) (any, error) { var out distroJSON; err := json.Unmarshal(b, &out); return out, err },
		func(b []byte) bool { var out distroJSON; r := reader{text: b}; out.read(&r); return r.done() },
	},
	"Record": {
		func(b []byte) (any, error) { return decodeRecord(b) },
		func(b []byte) (any, error) { var out recordJSON; err := json.Unmarshal(b, &out); return out, err },
		func(b []byte) bool { var out recordJSON; r := reader{text: b}; out.read(&r); return r.done() },
	},
	"Snapshot": {
		func(b []byte) (any, error) { return decodeSnapshot(b) },
		func(b []byte) (any, error) {
			out := snapshotJSON{ResultCode: CodeSuccess}
			err := json.Unmarshal(b, &out)
			return out, err
		},
		func(b []byte) bool { var out snapshotJSON; r := reader{text: b}; out.read(&r); return r.done() },
	},
	"List": {
		func(b []byte) (any, error) { return decodeList(b) },
		func(b []byte) (any, error) { var out listJSON; err := json.Unmarshal(b, &out); return out.Records, err },
		func(b []byte) bool { var out listJSON; r := reader{text: b}; out.read(&r); return r.done() },
	},
	"Result": {
		func(b []byte) (any, error) { return DecodeResult(b) },
		func(b []byte) (any, error) {
			out := Result{ResultCode: CodeSuccess}
			err := decode(b, &out)
			return out, err
		},
		func(b []byte) bool { var out Result; r := reader{text: b}; out.read(&r); return r.done() },
	},
	"Query": {
		func(b []byte) (any, error) { return DecodeQuery(b) },
		func(b []byte) (any, error) { var out Query; err := decode(b, &out); return out, err },
		func(b []byte) bool { var out Query; r := reader{text: b}; out.read(&r); return r.done() },
	},
}

// readAlike fails unless a body is read as encoding/json reads it.
func readAlike(t *testing.T, body []byte) {
	t.Helper()
	for name, r := range readers {
		got, gotErr := r.quick(body)
		want, wantErr := r.plain(body)
		if diff := cmp.Diff(want, got, cmp.AllowUnexported(recordJSON{}, batchesJSON{})); diff != "" {
			t.Errorf("%s: not read as encoding/json reads it (-json +ours):\n%s", name, diff)
		}
		if (gotErr == nil) != (wantErr == nil) || gotErr != nil && gotErr.Error() != wantErr.Error() {
			t.Errorf("%s: error %v, of encoding/json %v", name, gotErr, wantErr)
		}
	}
}

func FuzzReadersAgreeWithEncodingJSON(f *testing.F) {
	seeds(f, func(v vector) {
		f.Add([]byte(v.Body))
		f.Add([]byte(v.Content))
	})
	for _, tc := range oddBodies {
		f.Add([]byte(tc))
	}
	f.Fuzz(func(t *testing.T, body []byte) { readAlike(t, body) })
}

// oddBodies are what one pass leaves to encoding/json, and edges of what it
// does not.
var oddBodies = map[string]string{
	"nothing":                        ``,
	"null":                           `null`,
	"a list":                         `[]`,
	"an empty object":                ` { } `,
	"two values":                     `{} {}`,
	"a zero byte after the end":      "{}\x00",
	"a cut object":                   `{"namespace":"a"`,
	"a comma too many":               `{"namespace":"a",}`,
	"a comma too few":                `{"namespace":"a" "groupName":"g"}`,
	"an escape":                      `{"namespace":"a\u0062\ud800","instance":{"ip":"\n\"","port":1}}`,
	"a control character":            "{\"namespace\":\"a\tb\"}",
	"bytes that are no UTF-8":        "{\"namespace\":\"\xff\"}",
	"letters outside ASCII":          `{"serviceName":"größe","instance":{"metadata":{"k":"中"}}}`,
	"a name in capitals":             `{"NAMESPACE":"a","Instance":{"IP":"1"}}`,
	"a name with a Kelvin sign":      `{"metadata":{},"instance":{"healthy":true,"weight":2,"port":3,"met\u0061data":{}}}`,
	"a name with a long s":           `{"ſerviceName":"a"}`,
	"a member given twice":           `{"instance":{"ip":"a","port":1},"instance":{"ip":"b"}}`,
	"null members":                   `{"namespace":null,"type":null,"instance":{"ip":null,"weight":null,"metadata":null}}`,
	"a null instance":                `{"instance":null,"instances":null}`,
	"unknown members":                `{"headers":{"a":["b",1,-0.5e+7,null,true,{"c":{}}]},"module":"naming"}`,
	"a deep unknown member":          `{"headers":` + strings.Repeat("[", 40) + strings.Repeat("]", 40) + `}`,
	"a fault in an unknown member":   `{"headers":[1,],"module":"naming"}`,
	"a number with a leading zero":   `{"instance":{"port":01}}`,
	"a port that is no whole number": `{"instance":{"port":80.0}}`,
	"a port in text":                 `{"instance":{"port":"80"}}`,
	"a port over 64 bits":            `{"instance":{"port":99999999999999999999}}`,
	"a negative port":                `{"instance":{"port":-1}}`,
	"a minus alone":                  `{"instance":{"port":-}}`,
	"weights of all forms":           `{"instances":[{"weight":0},{"weight":1e3},{"weight":-2.50E-7},{"weight":1}]}`,
	"a weight beyond a double":       `{"instance":{"weight":1e999}}`,
	"a weight without a fraction":    `{"instance":{"weight":1.}}`,
	"a truth that is cut":            `{"instance":{"healthy":tru}}`,
	"a truth that is none":           `{"instance":{"healthy":1,"enabled":"true"}}`,
	"numbers in the metadata":        `{"instance":{"metadata":{"a":1,"b":2.0,"c":true,"d":null}}}`,
	"an object in the metadata":      `{"instance":{"metadata":{"a":{}}}}`,
	"a key twice in the metadata":    `{"instance":{"metadata":{"a":"1","a":"2","":""}}}`,
	"empty metadata":                 `{"instance":{"metadata":{}},"instances":[]}`,
	"instances":                      `{"instances":[{"ip":"a"},{"ip":"b","metadata":{"k":"v"}}],"healthyOnly":true,"cluster":"c"}`,
	"a distro request":               `{"dataOperation":"ADD","distroData":{"distroKey":{"resourceKey":"k"},"type":"ADD","content":"e30="}}`,
	"content that is no base64":      `{"distroData":{"content":"e30","distroKey":null}}`,
	"content that is empty or null":  `{"distroData":{"content":""},"x":{"content":null}}`,
	"null distro data":               `{"distroData":null}`,
	"a record":                       `{"clientId":"c","attributes":{"clientAttributes":{"revision":-7}},"namespaces":[],"instancePublishInfos":[]}`,
	"a revision in text":             `{"attributes":{"clientAttributes":{"revision":"7"}}}`,
	"attributes without a client":    `{"attributes":{"x":1},"stamp":{"owner":"a:1","version":1e3,"since":[1,2]}}`,
	"what instances are extended by": `{"instancePublishInfos":[{"extendDatum":{"a":1,"b":2.50,"c":"t","d":true,"e":-1E+2}},{"extendDatum":null}]}`,
	"an extension that is nested":    `{"instancePublishInfos":[{"extendDatum":{"a":{"b":[1]}}}]}`,
	"batches":                        `{"batchInstanceData":{"namespaces":["n"],"batchInstancePublishInfos":[{"port":0,"instancePublishInfos":[]},{}]}}`,
	"a snapshot":                     `{"resultCode":200,"message":"m","partial":true,"distroData":{"distroKey":{"a":"b"},"content":"e30="},"success":true}`,
	"a snapshot refused":             `{"resultCode":500,"errorCode":500,"message":null,"distroData":null}`,
	"records of a snapshot":          `{"clientSyncDataList":[ {"a":null} , [1], "x" ]}`,
	"a record and more":              `{"clientId":"c"} {`,
	"an instance that is text":       `{"instance":"a","instances":["a"]}`,
}

func TestOddBodiesAreReadAsEncodingJSONReadsThem(t *testing.T) {
	for name, body := range oddBodies {
		t.Run(name, func(t *testing.T) { readAlike(t, []byte(body)) })
	}
}

// What real clients send needs one pass only, else it costs two.
func TestRecordedRequestsAreReadInOnePass(t *testing.T) {
	kinds := map[Kind]string{
		InstanceRequest: "InstanceChange", BatchInstanceRequest: "BatchChange", ServiceQueryRequest: "Query",
		DistroDataRequest: "Distro",
	}
	for name, v := range vectors(t, "*.json") {
		if reader, ok := kinds[v.Type]; ok && !readers[reader].pass([]byte(v.Body)) {
			t.Errorf("%s takes two passes: %s", name, v.Body)
		}
		if strings.Contains(v.Content, "instancePublishInfos") && !strings.HasPrefix(v.Content, `{"clientSyncDataList"`) &&
			!readers["Record"].pass([]byte(v.Content)) {
			t.Errorf("%s takes two passes: %s", name, v.Content)
		}
	}
}
