package wire

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/distro-naming/naming-operator/sidecar/naming"
)

var svc = naming.ServiceKey{Namespace: "public", Group: "DEFAULT_GROUP", Name: "svc"}

// listed returns an instance as a member of 1.x lists it.
func listed(ip string, port int, weight float64, healthy bool, cluster string, metadata map[string]string) Listed {
	return Listed{Instance: naming.Instance{
		ID: naming.DefaultID(ip, "80", cluster, svc.Grouped()), IP: ip, Port: port, Cluster: cluster,
		Weight: weight, Healthy: healthy, Enabled: true, Metadata: metadata,
	}}
}

// The first four are those of the HTTP page, 6.6; the last was recorded from
// Nacos 2.1.0 in the mode of 1.x.
func TestChecksumIsJavas(t *testing.T) {
	tests := map[string]struct {
		list []Listed
		want string
	}{
		"an empty list": {nil, "d41d8cd98f00b204e9800998ecf8427e"},
		"one instance":  {[]Listed{listed("10.0.0.1", 8080, 1, true, "DEFAULT", nil)}, "a8bd8a5b886bc4841c963bb91c13915e"},
		"metadata in order of its keys": {
			[]Listed{listed("10.0.0.1", 8080, 1, true, "DEFAULT", map[string]string{"b": "2", "a": "1"})},
			"3c9ceb51dccda74e943d6181f9281f46",
		},
		"two, the order of which does not matter": {
			[]Listed{listed("10.0.0.2", 8080, 0.5, false, "c1", nil), listed("10.0.0.1", 8080, 1, true, "DEFAULT", nil)},
			"73aac184b2ccf1c746ce5f2cee0b3035",
		},
		"as Nacos 2.1.0 sent it": {
			[]Listed{listed("192.0.2.2", 81, 2.5, true, "DEFAULT", map[string]string{"a": "b"})},
			"1c2ab62ca9c525dde3273c4747300a50",
		},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			if got := (Datum{Service: svc, List: tc.list}).Checksum(); got != tc.want {
				t.Errorf("checksum = %s, want %s", got, tc.want)
			}
		})
	}
}

// Both were recorded from Nacos 2.1.0 in the mode of 1.x, which writes a health
// checker without its type (HTTP page, 6.9, says otherwise of 1.4.3).
func TestServiceChecksumIsJavas(t *testing.T) {
	in := func(name string) naming.ServiceKey {
		return naming.ServiceKey{Namespace: "public", Group: "DEFAULT_GROUP", Name: name}
	}
	tests := map[string]struct {
		datum Datum
		want  string
	}{
		"as Nacos 2.1.0 showed it": {
			Datum{in("s2"), []Listed{listed("192.0.2.2", 81, 2.5, true, "DEFAULT", map[string]string{"a": "b"})}},
			"4d3eb6f3e363232cee0a02417982a122",
		},
		"and another one": {
			Datum{in("s9"), []Listed{listed("192.0.2.9", 90, 1, true, "DEFAULT", nil)}}, "74b9c0ac9e58d70cb4ff131af1e35252",
		},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			if got := tc.datum.ServiceChecksum(); got != tc.want {
				t.Errorf("checksum = %s, want %s", got, tc.want)
			}
		})
	}
}

func TestClustersAreInTheOrderOfAHashMap(t *testing.T) {
	got := inHashOrder([]string{"b", "a", "DEFAULT", "c1"})
	want := []string{"a", "b", "DEFAULT", "c1"} // buckets 1, 2, 4 and 14
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("order (-want +got):\n%s", diff)
	}
}

func TestRevisionIsNeverAny(t *testing.T) {
	for _, sum := range []string{"", "0000000fffffffff", "ffffffffffff", "no digits"} {
		if Revision(sum) <= 0 {
			t.Errorf("Revision(%q) = %d, want more than 0", sum, Revision(sum))
		}
	}
	if Revision("1c2ab62ca9c525dd") == Revision("1c2ab63ca9c525dd") {
		t.Error("two checksums have one revision")
	}
}

func TestDatumKey(t *testing.T) {
	const prefix = "com.alibaba.nacos.naming.iplist.ephemeral."
	tests := map[string]struct {
		key  string
		want naming.ServiceKey
		ok   bool
	}{
		"a service":                 {prefix + "public##DEFAULT_GROUP@@svc", svc, true},
		"in the nameless namespace": {prefix + "##G@@a", naming.ServiceKey{Group: "G", Name: "a"}, true},
		"a persistent list":         {"com.alibaba.nacos.naming.iplist.public##G@@a", naming.ServiceKey{}, false},
		"a service without a group": {prefix + "public##svc", naming.ServiceKey{}, false},
		"without a namespace":       {prefix + "G@@svc", naming.ServiceKey{}, false},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			got, ok := ParseDatumKey(tc.key)
			if ok != tc.ok || ok && got != tc.want {
				t.Errorf("ParseDatumKey = %v, %t, want %v, %t", got, ok, tc.want, tc.ok)
			}
			if ok && DatumKey(got) != tc.key {
				t.Errorf("DatumKey = %s", DatumKey(got))
			}
		})
	}
}

func TestDatumsAreReadAsWritten(t *testing.T) {
	odd := listed("10.0.0.2", 81, 0.001, false, "c1", map[string]string{"k": `"v"`})
	odd.Enabled, odd.Marked = false, true
	in := []Datum{
		{Service: naming.ServiceKey{Namespace: "ns", Group: "G", Name: "a"}, List: []Listed{}},
		{Service: svc, List: []Listed{listed("10.0.0.1", 80, 20000, true, "DEFAULT", nil), odd}},
	}
	got, err := DecodeDatums(Datums(in))
	if err != nil {
		t.Fatal(err)
	}
	want := in
	want[1].List[0].Weight, want[1].List[1].Weight = 10000, 0.01 // as every member of 1.x takes them
	want[1].List[0].Metadata = map[string]string{}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("datums (-want +got):\n%s", diff)
	}
}

// recorded is what Nacos 2.1.0 sent in the mode of 1.x.
const recorded = `{"com.alibaba.nacos.naming.iplist.ephemeral.public##DEFAULT_GROUP@@svc":` +
	`{"key":"com.alibaba.nacos.naming.iplist.ephemeral.public##DEFAULT_GROUP@@svc","value":{"instanceList":[` +
	`{"instanceId":"192.0.2.2#80#DEFAULT#DEFAULT_GROUP@@svc","ip":"192.0.2.2","port":81,"weight":2.5,"healthy":true,` +
	`"enabled":true,"ephemeral":true,"clusterName":"DEFAULT","serviceName":"DEFAULT_GROUP@@svc","metadata":{"a":"b"},` +
	`"lastBeat":1795656466348,"marked":false,"app":"DEFAULT","instanceHeartBeatInterval":5000,` +
	`"instanceHeartBeatTimeOut":15000,"ipDeleteTimeout":30000}]},"timestamp":1}}`

func TestDecodeDatums(t *testing.T) {
	one := Datum{svc, []Listed{listed("192.0.2.2", 81, 2.5, true, "DEFAULT", map[string]string{"a": "b"})}}
	key := DatumKey(svc)
	plain := Datum{svc, []Listed{listed("10.0.0.1", 80, 1, true, "DEFAULT", nil)}}
	tests := map[string]struct {
		body string
		want []Datum
		err  error
	}{
		"as recorded":                     {recorded, []Datum{one}, nil},
		"nothing":                         {`{}`, nil, nil},
		"what is missing has a default":   {`{"` + key + `":{"value":{"instanceList":[{"ip":"10.0.0.1","port":80}]}}}`, []Datum{plain}, nil},
		"a value that is null":            {`{"` + key + `":{"value":null}}`, nil, nil},
		"a datum that is null":            {`{"` + key + `":null}`, nil, nil},
		"an empty list":                   {`{"` + key + `":{"value":{"instanceList":[]}}}`, []Datum{{svc, []Listed{}}}, nil},
		"a list with a hole":              {`{"` + key + `":{"value":{"instanceList":[null]}}}`, nil, ErrSkipped},
		"keys of other things":            {`{"com.alibaba.nacos.naming.domains.meta.public##G@@a":{"value":{}}}`, nil, nil},
		"what is no object":               {`[]`, nil, ErrMalformed},
		"what is no JSON, as after a cut": {recorded[:40], nil, ErrMalformed},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := DecodeDatums([]byte(tc.body))
			if !errors.Is(err, tc.err) || tc.err == nil && err != nil {
				t.Errorf("error = %v, want %v", err, tc.err)
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("datums (-want +got):\n%s", diff)
			}
		})
	}
}

func FuzzDecodeDatums(f *testing.F) {
	f.Add([]byte(recorded))
	f.Add([]byte(`{"` + DatumKey(svc) + `":{"value":{"instanceList":[{"ip":"a","weight":-1e300}]}}}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		first, err := DecodeDatums(body)
		if err != nil {
			return
		}
		again, err := DecodeDatums(Datums(first))
		if err != nil || len(again) != len(first) {
			t.Fatalf("written again, %d lists are %d: %v", len(first), len(again), err)
		}
		for i := range first {
			if first[i].Checksum() != again[i].Checksum() {
				t.Errorf("checksum of %s differs when it is written again", first[i].Service)
			}
		}
	})
}

func TestRecordOfADatum(t *testing.T) {
	d := NewDatum(svc, []naming.Instance{{IP: "10.0.0.1", Port: 8080, Cluster: "DEFAULT", Weight: 1, Healthy: true, Enabled: true}})
	r := d.Record("j:8848")
	if r.Client != "/v1/public@@DEFAULT_GROUP@@svc/j:8848" || !r.Client.Datum() || r.Client.Beats() {
		t.Errorf("client = %s", r.Client)
	}
	if r.Stamp != (naming.Stamp{Owner: "j:8848", Revision: Revision("a8bd8a5b886bc4841c963bb91c13915e")}) {
		t.Errorf("stamp = %+v", r.Stamp)
	}
	if p := r.Find(svc); p == nil || !p.Batch || len(p.Instances) != 1 {
		t.Errorf("published: %+v", r.Publications())
	}
}

func TestDatumQuery(t *testing.T) {
	other := naming.ServiceKey{Namespace: "ns", Group: "G", Name: "a"}
	body := DatumQuery([]naming.ServiceKey{svc, other})
	tests := map[string]struct {
		body string
		form Form
		want []naming.ServiceKey
		err  error
	}{
		"as we ask":        {string(body), Form{}, []naming.ServiceKey{svc, other}, nil},
		"by a parameter":   {"", Form{"keys": DatumKey(svc)}, []naming.ServiceKey{svc}, nil},
		"without any keys": {`{}`, Form{}, nil, nil},
		"without a body":   {"", Form{}, nil, ErrMalformed},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := DecodeDatumQuery([]byte(tc.body), tc.form)
			if !errors.Is(err, tc.err) || tc.err == nil && err != nil {
				t.Errorf("error = %v, want %v", err, tc.err)
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("services (-want +got):\n%s", diff)
			}
		})
	}
}

func TestChecksumsAreReadAsWritten(t *testing.T) {
	sums := map[naming.ServiceKey]string{svc: "1c2ab62ca9c525dde3273c4747300a50"}
	got, err := DecodeChecksums(Checksums(sums))
	if err != nil || cmp.Diff(sums, got) != "" {
		t.Errorf("checksums = %v, %v, want %v", got, err, sums)
	}
	if string(Checksums(nil)) != "{}" {
		t.Errorf("none are written as %s", Checksums(nil))
	}
	if _, err := DecodeChecksums([]byte("ok")); !errors.Is(err, ErrMalformed) {
		t.Errorf("error = %v, want %v", err, ErrMalformed)
	}
}

// Java decodes the body as part of an address before it reads it.
func TestServiceStatusSurvivesTheDecodingOfJava(t *testing.T) {
	body := ServiceStatus("j:8848", "a+b%20", map[string]string{"G@@a": "00ff"})
	want := `{"clientIP":"j:8848","statuses":"{\"namespaceId\":\"a+b%20\",\"serviceName2Checksum\":{\"G@@a\":\"00ff\"}}"}`
	if got := unescape(string(body)); got != want {
		t.Errorf("read as %s, want %s", got, want)
	}
	if from, ok := DecodeServiceStatus(body); from != "j:8848" || !ok {
		t.Errorf("sent by %q, %t", from, ok)
	}
	for _, nobody := range []string{"null", "", "{}", "[]"} {
		if _, ok := DecodeServiceStatus([]byte(nobody)); ok {
			t.Errorf("%q says who sent it", nobody)
		}
	}
}

func TestStatuses(t *testing.T) {
	got := string(Statuses([]naming.Instance{{IP: "1.1.1.1", Port: 80, Healthy: true}, {IP: "::1", Port: 81}}))
	if want := `{"ips":["1.1.1.1:80_true","::1:81_false"]}`; got != want {
		t.Errorf("statuses = %s, want %s", got, want)
	}
}

func TestJudgement(t *testing.T) {
	metrics := "upgraded                       = false\nisAll20XVersion                = true\n"
	tests := map[string]struct {
		body            string
		upgraded, known bool
	}{
		"not upgraded, as Nacos 2.1.0 says it": {metrics, false, true},
		"upgraded":                             {strings.Replace(metrics, "false", "true", 1), true, true},
		"an error page":                        {`{"status":501}`, false, false},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			if upgraded, known := DecodeJudgement([]byte(tc.body)); upgraded != tc.upgraded || known != tc.known {
				t.Errorf("judgement = %t, %t", upgraded, known)
			}
		})
	}
	for version, want := range map[string]Generation{
		"1.4.3": First, "": First, "2.0.3": Unclear, "2.1.0": Unclear, "2.2.0": SecondOn, "2.5.1": SecondOn, "3.0.3": SecondOn,
	} {
		if got := GenerationOf(version); got != want {
			t.Errorf("GenerationOf(%q) = %d, want %d", version, got, want)
		}
	}
}

func TestSelf(t *testing.T) {
	recorded := `{"code":200,"message":null,"data":{"ip":"127.0.0.1","port":21000,"state":"UP","extendInfo":` +
		`{"lastRefreshTime":1795656459251,"raftPort":"20000","readyToUpgrade":false,"version":"2.1.0"},"address":"127.0.0.1:21000",` +
		`"failAccessCnt":0,"abilities":{"remoteAbility":{"supportRemoteConnection":true}}}}`
	n, upgrades, err := DecodeSelf([]byte(recorded))
	if err != nil || upgrades || n.Address != "127.0.0.1:21000" || n.Version != "2.1.0" {
		t.Errorf("self = %+v, %t, %v", n, upgrades, err)
	}
	if n, upgrades, err := DecodeSelf(SelfResult(n)); err != nil || !upgrades || n.Version != "2.1.0" {
		t.Errorf("as we answer: %+v, %t, %v", n, upgrades, err)
	}
	if _, _, err := DecodeSelf([]byte(`{"code":200}`)); !errors.Is(err, ErrNoNode) {
		t.Errorf("error = %v, want %v", err, ErrNoNode)
	}
}

func TestRaftPeer(t *testing.T) {
	candidate, term, err := DecodeVote(`{"ip":"127.0.0.1:21000","voteFor":"127.0.0.1:21000","term":7,"state":"CANDIDATE"}`)
	if err != nil || candidate != "127.0.0.1:21000" || term != 7 {
		t.Errorf("vote = %s, %d, %v", candidate, term, err)
	}
	want := `{"ip":"j:8848","voteFor":"127.0.0.1:21000","term":7,"leaderDueMs":15000,"heartbeatDueMs":5000,"state":"FOLLOWER"}`
	if got := string(RaftPeer("j:8848", candidate, term)); got != want {
		t.Errorf("peer = %s, want %s", got, want)
	}
	if _, _, err := DecodeVote(""); !errors.Is(err, ErrMalformed) {
		t.Errorf("error = %v, want %v", err, ErrMalformed)
	}
}
