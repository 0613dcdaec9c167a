package nacoshttp

import (
	"net/http"
	"strings"
	"testing"

	"github.com/distro-naming/naming-operator/sidecar/member"
	"github.com/distro-naming/naming-operator/sidecar/wire"
)

// javaReport is what Nacos 2.1.0 was seen to send.
const javaReport = `{"ip":"127.0.0.1","port":38848,"state":"UP","extendInfo":{"raftPort":"37848","readyToUpgrade":true,` +
	`"version":"2.1.0"},"address":"127.0.0.1:38848","failAccessCnt":0,"abilities":{"remoteAbility":{` +
	`"supportRemoteConnection":true},"configAbility":{"supportRemoteMetrics":false},"namingAbility":{"supportJraft":true}}}`

func TestReportOverHTTPIsHeardAndAnswered(t *testing.T) {
	w := newWorld()
	w.loaded = false // members report to each other while they load
	_, s := serve(t, w)
	status, _, body := ask(t, http.MethodPost, s.URL+wire.ReportPath, javaReport)
	got, err := wire.DecodeHTTPReportResult([]byte(body))
	if status != http.StatusOK || err != nil || got.Address != selfAddress || !strings.Contains(body, `supportRemoteConnection\":true`) {
		t.Errorf("answered %d %s (%+v, %v)", status, body, got, err)
	}
	want := member.Node{Address: otherAddress, Version: "2.1.0", State: member.Up, Ready: true}
	if len(w.heard) != 1 || w.heard[0] != want {
		t.Errorf("heard %+v, want %+v", w.heard, want)
	}
}

func TestReportOverHTTPThatIsNone(t *testing.T) {
	tests := map[string]struct {
		body   string
		status int
		says   string
	}{
		"no JSON":       {`{"ip"`, http.StatusBadRequest, "not a JSON object"},
		"no member":     {`null`, http.StatusOK, `"code":400`},
		"no address":    {`{"ip":"a","port":1}`, http.StatusOK, `"code":400`},
		"a port of -1":  {`{"ip":"a","port":-1,"address":"a:1"}`, http.StatusOK, `"code":400`},
		"another shape": {`[]`, http.StatusBadRequest, "not a JSON object"},
		"from another place than it names": {
			`{"ip":"10.9.9.9","port":8848,"address":"10.9.9.9:8848"}`, http.StatusOK, `"code":200`,
		},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			w := newWorld()
			_, s := serve(t, w)
			status, _, body := ask(t, http.MethodPost, s.URL+wire.ReportPath, tc.body)
			if status != tc.status || !strings.Contains(body, tc.says) || len(w.heard) != 0 {
				t.Errorf("got %d %s, heard %v", status, body, w.heard)
			}
		})
	}
}

func TestOldSnapshotIsEmptyOnceLoaded(t *testing.T) {
	w := newWorld()
	_, s := serve(t, w)
	get := func() (int, string) {
		status, _, body := ask(t, http.MethodGet, s.URL+"/nacos/v1/ns/distro/datums", "", "User-Agent", "Nacos-Server:v2.1.0")
		return status, body
	}
	if status, body := get(); status != http.StatusOK || body != "{}" {
		t.Errorf("loaded: %d %s", status, body)
	}
	w.loaded = false
	if status, body := get(); status != http.StatusServiceUnavailable {
		t.Errorf("loading: %d %s", status, body)
	}
}
