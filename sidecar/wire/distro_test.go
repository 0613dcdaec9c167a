package wire

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"

	"github.com/distro-naming/naming-operator/sidecar/member"
	"github.com/distro-naming/naming-operator/sidecar/naming"
)

// sortServices puts the parallel arrays of a record into our order: theirs has
// no meaning.
func sortServices(record map[string]any, instances string) {
	names := []string{"namespaces", "groupNames", "serviceNames", instances}
	columns := make([][]any, len(names))
	for i, name := range names {
		columns[i], _ = record[name].([]any)
	}
	order := make([]int, len(columns[0]))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int {
		return cmp.Or(cmp.Compare(columns[0][a].(string), columns[0][b].(string)),
			cmp.Compare(columns[1][a].(string), columns[1][b].(string)),
			cmp.Compare(columns[2][a].(string), columns[2][b].(string)))
	})
	for i, name := range names {
		sorted := make([]any, len(order))
		for to, from := range order {
			sorted[to] = columns[i][from]
		}
		record[name] = sorted
	}
}

// meaning removes from a recorded record what has no meaning for others: the
// order of services, and when the sender last saw a beat.
func meaning(record map[string]any) map[string]any {
	sortServices(record, "instancePublishInfos")
	if batch := record["batchInstanceData"].(map[string]any); len(batch) > 0 {
		sortServices(batch, "batchInstancePublishInfos")
	}
	for _, info := range record["instancePublishInfos"].([]any) {
		info := info.(map[string]any)
		delete(info, "lastHeartBeatTime")
		if info["extendDatum"] == nil { // Java relays what then breaks its views; we do not
			info["extendDatum"] = map[string]any{}
		}
	}
	return record
}

func TestChangesAreReadAndWrittenAsRecorded(t *testing.T) {
	requests := those(t, vectors(t, "distro-change-*.json"), func(v vector) bool { return v.Type == DistroDataRequest })
	for name, v := range requests {
		t.Run(name, func(t *testing.T) {
			in, err := DecodeDistro([]byte(v.Body))
			if err != nil || in.Operation != OpChange {
				t.Fatalf("DecodeDistro = %+v, %v", in, err)
			}
			r, err := DecodeRecord(in.Content)
			if err != nil {
				t.Fatal(err)
			}
			want := tree(t, []byte(v.Body))
			target := at(t, want, "distroData", "distroKey")["targetServer"].(string)
			got := tree(t, NewChange(r).Request(member.Address(target)))
			same(t, content(t, at(t, got, "distroData")), meaning(tree(t, []byte(v.Content))))
			delete(at(t, got, "distroData"), "content")
			delete(at(t, want, "distroData"), "content")
			same(t, got, want)
		})
	}
}

func TestSnapshotsAreReadAndWrittenAsRecorded(t *testing.T) {
	for name, v := range vectors(t, "distro-snapshot-response*.json") {
		t.Run(name, func(t *testing.T) {
			records, complete, err := DecodeSnapshot([]byte(v.Body))
			if err != nil || !complete {
				t.Fatalf("complete %v, %v", complete, err)
			}
			got, want := tree(t, snapshotOf(records)), tree(t, []byte(v.Body))
			ours := content(t, at(t, got, "distroData"))
			theirs := tree(t, []byte(v.Content))
			for _, record := range theirs["clientSyncDataList"].([]any) {
				meaning(record.(map[string]any))
			}
			same(t, ours, theirs)
			delete(at(t, got, "distroData"), "content")
			delete(at(t, want, "distroData"), "content")
			same(t, got, want)
		})
	}
}

func TestDeletesAndVerifiesAreReadAndWrittenAsRecorded(t *testing.T) {
	for name, v := range vectors(t, "distro-delete.json") {
		t.Run(name, func(t *testing.T) {
			in, err := DecodeDistro([]byte(v.Body))
			if err != nil || in.Operation != OpDelete || in.Content != nil {
				t.Fatalf("DecodeDistro = %+v, %v", in, err)
			}
			want := tree(t, []byte(v.Body))
			target := at(t, want, "distroData", "distroKey")["targetServer"].(string)
			same(t, tree(t, DeleteRequest(in.Client, member.Address(target))), want)
		})
	}
	for _, pattern := range []string{"distro-verify.json", "distro-verify-http-client.json"} {
		for name, v := range vectors(t, pattern) {
			t.Run(name, func(t *testing.T) {
				in, err := DecodeDistro([]byte(v.Body))
				if err != nil {
					t.Fatal(err)
				}
				m, err := DecodeMark(in.Content)
				if err != nil || m.Client != in.Client {
					t.Fatalf("DecodeMark = %+v, %v", m, err)
				}
				same(t, content(t, at(t, tree(t, VerifyRequest(m)), "distroData")), tree(t, []byte(v.Content)))
			})
		}
	}
}

func TestStampTravelsBetweenOurMembers(t *testing.T) {
	stamp := naming.Stamp{Owner: "demo-0.demo-headless.prod.svc:8848", Version: 1795617092699, Revision: 5}
	r := naming.Normal("1795617092699_10.0.0.8_52840", stamp, []naming.Publication{{
		Service: naming.ServiceKey{Namespace: "public", Group: "g", Name: "n"},
		Instances: []naming.Instance{{
			IP: "10.0.0.8", Port: 80, Cluster: "DEFAULT", Weight: 1e7, Healthy: true, Metadata: map[string]string{"a": "b"},
		}},
	}})
	got, err := DecodeRecord(AppendRecord(nil, r))
	if err != nil || got.Stamp != stamp || !got.Publications()[0].Instances[0].Equal(r.Publications()[0].Instances[0]) {
		t.Errorf("DecodeRecord = %+v, %v", got, err)
	}
}

// TestRecordWithoutRevisionGetsOneOfItsContent reads what Nacos before 2.1.2
// sends: no revision, no batch data.
func TestRecordWithoutRevisionGetsOneOfItsContent(t *testing.T) {
	const record = `{"clientId":"1_a_1","attributes":{"clientAttributes":{}},"namespaces":["public"],"groupNames":["g"],` +
		`"serviceNames":["s"],"instancePublishInfos":[{"ip":"a","port":1,"healthy":true,"cluster":"DEFAULT","extendDatum":{"k":"v"}}]}`
	revision := func(text string) int32 {
		t.Helper()
		r, err := DecodeRecord([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		return r.Stamp.Revision
	}
	first := revision(record)
	if first <= 0 || revision(record) != first {
		t.Errorf("revision %d is not one, or not always the same", first)
	}
	for _, change := range []struct{ old, new string }{{"true", "false"}, {`"v"`, `"w"`}, {`:1,`, `:2,`}} {
		if revision(strings.Replace(record, change.old, change.new, 1)) == first {
			t.Errorf("%s in place of %s has the same revision", change.new, change.old)
		}
	}
	if empty := `{"clientId":"1_a_1","attributes":{},"namespaces":[],"groupNames":[],"serviceNames":[],"instancePublishInfos":[]}`; revision(empty) != 0 {
		t.Error("a client that publishes nothing got a revision")
	}
}

func TestOperationsSaidTwiceMustAgree(t *testing.T) {
	tests := map[string]struct {
		outer, inner Operation
		good         bool
	}{
		"as Java sends a change":          {OpChange, OpChange, true},
		"to add is to change":             {OpAdd, OpChange, true},
		"either way":                      {OpChange, OpAdd, true},
		"an end":                          {OpDelete, OpDelete, true},
		"a change that is an end":         {OpChange, OpDelete, false},
		"an end that is a change":         {OpDelete, OpChange, false},
		"a verification that is a change": {OpVerify, OpChange, false},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			body := strings.NewReplacer("OUTER", string(tc.outer), "INNER", string(tc.inner)).Replace(
				`{"distroData":{"distroKey":{"resourceKey":"1_a_1","resourceType":"Nacos:Naming:v2:ClientData"},"type":"INNER","content":""},"dataOperation":"OUTER"}`)
			in, err := DecodeDistro([]byte(body))
			if in.Operation != tc.outer || (err == nil) != tc.good || err != nil && !errors.Is(err, ErrDistro) {
				t.Errorf("DecodeDistro = %+v, %v", in, err)
			}
		})
	}
}

func TestFaultyDistroContentIsRefused(t *testing.T) {
	const head, tail = `{"clientId":"1_a_1","attributes":{"clientAttributes":{"revision":1}},`, `"batchInstanceData":{}}`
	one := func(extend string) string {
		return head + `"namespaces":["public"],"groupNames":["g"],"serviceNames":["n"],` +
			`"instancePublishInfos":[{"ip":"a","port":1,"extendDatum":` + extend + `}],` + tail
	}
	revision := func(n string) string {
		return `{"clientId":"1_a_1","attributes":{"clientAttributes":{"revision":` + n + `}},"namespaces":[],"instancePublishInfos":[]}`
	}
	tests := map[string]string{
		"no JSON":                    `{bad`,
		"nothing":                    ``,
		"no client":                  `{"attributes":{},"namespaces":[],"instancePublishInfos":[]}`,
		"a persistent client":        `{"clientId":"10.8.0.1:6001#false","attributes":{},"namespaces":[],"instancePublishInfos":[]}`,
		"no attributes":              `{"clientId":"1_a_1","namespaces":[],"instancePublishInfos":[]}`,
		"null arrays":                head + `"namespaces":null,"groupNames":null,"instancePublishInfos":null,` + tail,
		"arrays of unequal length":   head + `"namespaces":["a"],"groupNames":[],"serviceNames":[],"instancePublishInfos":[],` + tail,
		"a revision with a point":    revision("6.0"),
		"a revision over 32 bits":    revision("6000000000"),
		"a weight that is none":      one(`{"publishInstanceWeight":"heavy"}`),
		"an enabled that is neither": one(`{"publishInstanceEnable":"maybe"}`),
	}
	for name, text := range tests {
		t.Run(name, func(t *testing.T) {
			if r, err := DecodeRecord([]byte(text)); !errors.Is(err, ErrDistro) {
				t.Errorf("DecodeRecord = %+v, %v, want ErrDistro", r, err)
			}
		})
	}
}

func TestOddValuesBecomeTheTextThatJavaShows(t *testing.T) {
	r, err := DecodeRecord([]byte(`{"clientId":"1_a_1","attributes":{"clientAttributes":{}},"namespaces":["public"],` +
		`"groupNames":["g"],"serviceNames":["n"],` +
		`"instancePublishInfos":[{"ip":"a","port":1,"healthy":true,"cluster":null,"extendDatum":` +
		`{"n":1,"d":1e3,"z":-0,"big":1e999,"o":{"b":1,"a":["x",null,{}]},"l":[1,2],"t":true,"none":null,` +
		`"publishInstanceWeight":2,"publishInstanceEnable":"false"}}]}`))
	if err != nil {
		t.Fatal(err)
	}
	want := naming.Instance{
		IP: "a", Port: 1, Cluster: "DEFAULT", Weight: 2, Healthy: true,
		Metadata: map[string]string{
			"n": "1", "d": "1000.0", "z": "0", "big": "Infinity", "o": "{b=1, a=[x, null, {}]}", "l": "[1, 2]", "t": "true",
		},
	}
	if got := r.Publications()[0].Instances[0]; !got.Equal(want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

// TestMembersNobodyKnowsAreNotGivenOn: a record is written anew from what was
// understood of it, so it has what Java needs and nothing that nobody checked.
func TestMembersNobodyKnowsAreNotGivenOn(t *testing.T) {
	const known = `{"clientId":"1_a_1","attributes":{"clientAttributes":{"revision":3}},"namespaces":["public"],"groupNames":["g"],` +
		`"serviceNames":["n"],"instancePublishInfos":[{"ip":"a","port":1,"healthy":true,"cluster":"DEFAULT",` +
		`"extendDatum":{"k":"v","publishInstanceWeight":2.0},"metadataId":"a:1:DEFAULT"}],"batchInstanceData":{}}`
	odd := strings.NewReplacer(`"revision":3`, `"revision":3,"odd":{}`, `"ip":"a"`, `"ip":"a","odd":[1],"lastHeartBeatTime":9`,
		`"clientId"`, `"odd":null,"clientId"`, `2.0`, `2`).Replace(known)
	for _, text := range []string{known, odd} {
		r, err := DecodeRecord([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		if got := string(AppendRecord(nil, r)); got != known {
			t.Errorf("%s is given on as\n%s, want\n%s", text, got, known)
		}
	}
}

func TestSnapshotWithOneFaultyRecordKeepsTheOthers(t *testing.T) {
	good := naming.Normal("1_a_1", naming.Stamp{Revision: 1}, nil)
	list := append(append([]byte(`{"clientSyncDataList":[{"clientId":"1_b_1"},`), AppendRecord(nil, good)...), "]}"...)
	records, complete, err := DecodeSnapshot(distroResult("SNAPSHOT", list, true))
	if len(records) != 1 || complete || !errors.Is(err, ErrSkipped) {
		t.Errorf("DecodeSnapshot = %v, complete %v, %v", records, complete, err)
	}
}

func snapshotOf(records []*naming.Record) []byte {
	body, _ := SnapshotResult(records, 0, false)
	return body
}

func TestSnapshotHasRoomForWhatItsReaderTakes(t *testing.T) {
	const limit = 64 << 10
	publishing := func(c naming.ClientID, metadata int) *naming.Record {
		return naming.Normal(c, naming.Stamp{Revision: 1}, []naming.Publication{{
			Service: naming.ServiceKey{Namespace: "public", Group: "g", Name: "s"},
			Instances: []naming.Instance{{
				IP: "10.0.0.8", Port: 80, Cluster: "DEFAULT", Weight: 1, Healthy: true, Enabled: true,
				Metadata: map[string]string{"k": strings.Repeat("v", metadata)},
			}},
		}})
	}
	many := func(n, metadata int) (out []*naming.Record) {
		for i := range n {
			out = append(out, publishing(naming.ClientID(fmt.Sprintf("1_10.0.0.8_%d", i)), metadata))
		}
		return out
	}
	tests := map[string]struct {
		records []*naming.Record
		given   func(int) bool
	}{
		"all when they fit":                {many(100, 10), func(n int) bool { return n == 100 }},
		"as many as fit":                   {many(1000, 10), func(n int) bool { return n > 150 && n < 250 }},
		"the others when one is too large": {append(many(1, limit), many(50, 10)...), func(n int) bool { return n == 50 }},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			body, left := SnapshotResult(tc.records, limit, false)
			if size := proto.Size(Payload(DistroDataResponse, body)); size > limit {
				t.Errorf("the message has %d bytes, more than %d", size, limit)
			}
			got, complete, err := DecodeSnapshot(body)
			if err != nil || !tc.given(len(got)) || len(got)+len(left) != len(tc.records) || complete != (len(left) == 0) {
				t.Errorf("%d given, %d left of %d, complete %v, %v", len(got), len(left), len(tc.records), complete, err)
			}
		})
	}
}
