package nacoshttp

import (
	"bytes"
	"compress/gzip"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/distro-naming/naming-operator/sidecar/member"
	"github.com/distro-naming/naming-operator/sidecar/naming"
	"github.com/distro-naming/naming-operator/sidecar/wire"
)

const oldMember member.Address = "127.0.0.1:18848"

// zipped is what Java sends when it means gzip.
func zipped(t *testing.T, text string) string {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := z.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// tell makes a call as Java's members make it, with a body even of a GET and
// the header that says gzip whatever the body is.
func tell(t *testing.T, s *httptest.Server, method, target, body string) (status int, text, kind string) {
	t.Helper()
	in, err := http.NewRequestWithContext(t.Context(), method, s.URL+target, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	in.Header.Set("User-Agent", "Nacos-Server:2.1.0")
	in.Header.Set("Content-Type", "application/json;charset=UTF-8")
	in.Header.Set("Content-Encoding", "gzip")
	out, err := s.Client().Do(in)
	if err != nil {
		t.Fatal(err)
	}
	defer out.Body.Close()
	answer, err := io.ReadAll(out.Body)
	if err != nil {
		t.Fatal(err)
	}
	return out.StatusCode, string(answer), out.Header.Get("Content-Type")
}

func webService() naming.ServiceKey {
	return naming.ServiceKey{Namespace: "public", Group: "DEFAULT_GROUP", Name: "web"}
}

// withWeb returns a world that lists one instance of web.
func withWeb(t *testing.T) *world {
	t.Helper()
	w := newWorld()
	w.listens[oldMember] = "nowhere"
	i := naming.Instance{ID: "id", IP: "10.0.0.1", Port: 80, Cluster: "DEFAULT", Weight: 1, Healthy: true, Enabled: true}
	if err := w.Register(t.Context(), naming.BeatClient(i.IP, i.Port), webService(), []naming.Instance{i}, false); err != nil {
		t.Fatal(err)
	}
	return w
}

const (
	webKey   = "com.alibaba.nacos.naming.iplist.ephemeral.public##DEFAULT_GROUP@@web"
	webDatum = `{"` + webKey + `":{"key":"` + webKey + `","value":{"instanceList":[{"instanceId":"id","ip":"10.0.0.1","port":80,` +
		`"weight":1.0,"healthy":true,"enabled":true,"ephemeral":true,"clusterName":"DEFAULT",` +
		`"serviceName":"DEFAULT_GROUP@@web","metadata":{},"marked":false,"app":"DEFAULT"}]},"timestamp":1}}`
)

// TestMembersOf1x is every address that only members ask (HTTP page, 1.6 and 6).
func TestMembersOf1x(t *testing.T) {
	status := `{"clientIP":"127.0.0.1:18848","statuses":"{\"namespaceId\":\"public\",\"serviceName2Checksum\":{}}"}`
	tests := map[string]struct {
		method, target, body string
		status               int
		want                 string
		told                 []string
	}{
		"lists":             {"PUT", wire.DatumPath, webDatum, 200, "ok", []string{"127.0.0.1 " + webDatum}},
		"lists, compressed": {"PUT", wire.DatumPath, zipped(t, webDatum), 200, "ok", []string{"127.0.0.1 " + webDatum}},
		"an object without lists is taken, or Java would send it for ever": {"PUT", wire.DatumPath, "{}", 200, "ok", []string{"127.0.0.1 {}"}},
		"no object at all":       {"PUT", wire.DatumPath, "", 400, "receive empty entity!", nil},
		"checksums":              {"PUT", wire.ChecksumPath + "?source=127.0.0.1:18848", `{"` + webKey + `":"00ff"}`, 200, "ok", []string{`127.0.0.1:18848 {"` + webKey + `":"00ff"}`}},
		"checksums of nobody":    {"PUT", wire.ChecksumPath, `{}`, 400, "Param 'source' is required.", nil},
		"lists that are asked":   {"GET", wire.DatumPath, `{"keys":"` + webKey + `,other"}`, 200, webDatum, nil},
		"one asked by the query": {"GET", wire.DatumPath + "?keys=" + strings.ReplaceAll(webKey, "#", "%23"), "", 200, webDatum, nil},
		"one that is not known":  {"GET", wire.DatumPath, `{"keys":"` + webKey + `x"}`, 200, "{}", nil},
		"all lists":              {"GET", wire.DatumsPath + "?encoding=UTF-8&nofix=1", "", 200, webDatum, nil},
		"health of services":     {"POST", wire.StatusPath, status, 200, "ok", nil},
		"health said by nobody":  {"POST", wire.StatusPath, "null", 200, "fail", nil},
		"health said by a stranger": {
			"POST", wire.StatusPath, strings.Replace(status, "18848", "1", 1), 400,
			"ip: 127.0.0.1:1 is not in serverlist", nil,
		},
		"health of instances":       {"GET", wire.StatusesPath + "?key=public%23%23DEFAULT_GROUP@@web", "", 200, `{"ips":["10.0.0.1:80_true"]}`, nil},
		"of the public namespace":   {"GET", wire.StatusesPath + "?key=DEFAULT_GROUP@@web", "", 200, `{"ips":["10.0.0.1:80_true"]}`, nil},
		"of an unknown service":     {"GET", wire.StatusesPath + "?key=DEFAULT_GROUP@@x", "", 404, "service: DEFAULT_GROUP@@x not found.", nil},
		"a status as before 1.3":    {"GET", "/nacos/v1/ns/operator/server/status?serverStatus=unknown%23127.0.0.1:18848%231%234%0D%0A", "", 200, "ok", nil},
		"such one of a stranger":    {"GET", "/nacos/v1/ns/operator/server/status?serverStatus=unknown%23b:1%231%234", "", 400, "server: b:1 is not in serverlist", nil},
		"the old raft, asked to":    {"GET", "/nacos/v1/ns/operator/cluster/state", "", 200, `{"ip":"127.0.0.1:28848","voteFor":"","term":0,` + follows, nil},
		"a beat of its leader":      {"POST", "/nacos/v1/ns/raft/beat", zipped(t, `{"beat":"{}"}`), 200, `{"ip":"127.0.0.1:28848","voteFor":"","term":0,` + follows, nil},
		"a candidate for its place": {"POST", "/nacos/v1/ns/raft/vote?vote=%7B%22ip%22:%22j:1%22,%22term%22:3%7D", "", 200, `{"ip":"127.0.0.1:28848","voteFor":"j:1","term":3,` + follows, nil},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			w := withWeb(t)
			_, s := serve(t, w)
			status, text, _ := tell(t, s, tc.method, tc.target, tc.body)
			if status != tc.status || text != tc.want {
				t.Errorf("answered %d %q, want %d %q", status, text, tc.status, tc.want)
			}
			if diff := cmp.Diff(tc.told, w.told); diff != "" {
				t.Errorf("told (-want +got):\n%s", diff)
			}
		})
	}
}

const follows = `"leaderDueMs":15000,"heartbeatDueMs":5000,"state":"FOLLOWER"}`

func TestBrokenBodiesOfMembersAreRefused(t *testing.T) {
	tests := map[string]struct {
		method, target, body string
		status               int
	}{
		"lists that are no JSON":     {"PUT", wire.DatumPath, "ok", 400},
		"checksums that are no JSON": {"PUT", wire.ChecksumPath + "?source=a:1", "[]", 400},
		"a question that is none":    {"GET", wire.DatumPath, "keys", 400},
		"what only begins as gzip":   {"PUT", wire.DatumPath, "\x1f\x8bx", 400},
		"a bomb":                     {"PUT", wire.DatumPath, zipped(t, strings.Repeat(" ", 1<<20)), 413},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			_, s := serve(t, newWorld())
			if status, text, _ := tell(t, s, tc.method, tc.target, tc.body); status != tc.status {
				t.Errorf("answered %d %s, want %d", status, text, tc.status)
			}
		})
	}
}

func TestIdentityIsAskedOfMembersThatTell(t *testing.T) {
	for name, tc := range map[string]struct {
		method, target, value string
		status                int
	}{
		"lists with it":                     {"PUT", wire.DatumPath, "secret", 200},
		"lists without it":                  {"PUT", wire.DatumPath, "", 403},
		"checksums with another":            {"PUT", wire.ChecksumPath + "?source=a:1", "guess", 403},
		"a question, as Java asks it":       {"GET", wire.DatumsPath, "", 200},
		"health, which says nothing of its": {"POST", wire.StatusPath, "", 200},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld()
			h, s := serve(t, w)
			h.cfg.Identity = wire.Identity{Key: "serverIdentity", Value: "secret"}
			told := ""
			h.cfg.Unproven = func(ip string) { told = ip }
			in, err := http.NewRequestWithContext(t.Context(), tc.method, s.URL+tc.target, strings.NewReader("{}"))
			if err != nil {
				t.Fatal(err)
			}
			in.Header.Set("ServerIdentity", tc.value)
			out, err := s.Client().Do(in)
			if err != nil {
				t.Fatal(err)
			}
			defer out.Body.Close()
			if out.StatusCode != tc.status {
				t.Errorf("answered %d, want %d", out.StatusCode, tc.status)
			}
			if (told != "") != (tc.status == http.StatusForbidden) {
				t.Errorf("told of %q", told)
			}
		})
	}
}

func TestMembersAreAnsweredWhileThisOneLoads(t *testing.T) {
	w := newWorld()
	w.loaded = false
	_, s := serve(t, w)
	if status, text, _ := tell(t, s, "PUT", wire.DatumPath, webDatum); status != http.StatusOK {
		t.Errorf("lists were answered %d %s", status, text)
	}
	if status, _, _ := tell(t, s, "GET", wire.DatumsPath, ""); status != http.StatusServiceUnavailable {
		t.Errorf("all lists were answered %d before they are known", status)
	}
}

func TestSelfIsSaid(t *testing.T) {
	_, s := serve(t, newWorld())
	_, text, kind := tell(t, s, "GET", wire.SelfPath, "")
	n, upgrades, err := wire.DecodeSelf([]byte(text))
	if err != nil || !upgrades || n.Address != selfAddress || kind != jsonType {
		t.Errorf("answered %s (%s): %v", text, kind, err)
	}
}

func TestListsAreGivenAsBytes(t *testing.T) {
	_, s := serve(t, withWeb(t))
	if _, _, kind := tell(t, s, "GET", wire.DatumsPath, ""); kind != "application/octet-stream" {
		t.Errorf("content type %s", kind)
	}
}

// owner is a member that takes what is passed on to it, or refuses.
func owner(t *testing.T, w *world, as member.Address, refuses bool) *[]string {
	t.Helper()
	var got []string
	s := httptest.NewServer(http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
		got = append(got, r.Method+" "+r.UserAgent()+" "+r.Header.Get("Request-Source"))
		if refuses {
			page(r, http.StatusBadRequest, refusal+"127.0.0.1").send(out)
			return
		}
		plain(http.StatusOK, "ok").send(out)
	}))
	t.Cleanup(s.Close)
	w.listens[as] = s.Listener.Addr().String()
	return &got
}

// TestServicesOwnedByAMemberOf1x is where writes go that arrive here.
func TestServicesOwnedByAMemberOf1x(t *testing.T) {
	const familyOwner member.Address = "127.0.0.1:38848"
	byUs := []string{"POST Nacos-Server:2.5.1 127.0.0.1:28848"}
	tests := map[string]struct {
		from    string // Request-Source of a call that was passed on
		family  member.Address
		old     member.Address // that owns the service
		refuses bool
		stoodIn bool // ours took the instance while that member was away
		toOld   []string
		toOurs  []string
		here    bool
	}{
		"a client's goes to the owner of the service":          {old: oldMember, family: familyOwner, toOld: byUs},
		"also when the client is owned here":                   {old: oldMember, toOld: byUs},
		"ours that took it in its place are told too":          {old: oldMember, family: familyOwner, stoodIn: true, toOld: byUs, toOurs: byUs, here: true},
		"one that it refuses goes on as among ours":            {old: oldMember, family: familyOwner, refuses: true, toOld: byUs, toOurs: byUs},
		"one that it refuses stays when the client is ours":    {old: oldMember, refuses: true, toOld: byUs, here: true},
		"one that it passed on goes to the owner of ours":      {from: string(oldMember), old: oldMember, family: familyOwner, toOurs: byUs},
		"one that it passed on stays when the client is ours":  {from: string(oldMember), old: oldMember, here: true},
		"one that ours passed on goes no further":              {from: string(familyOwner), old: oldMember, family: familyOwner},
		"without members of 1.x it goes to the client's owner": {family: familyOwner, toOurs: byUs},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			w := newWorld()
			w.owner, w.serviceOwner = tc.family, tc.old
			toOld, toOurs := owner(t, w, oldMember, tc.refuses), owner(t, w, familyOwner, false)
			if tc.stoodIn {
				i := naming.Instance{IP: "10.0.0.1", Port: 80, Cluster: naming.DefaultCluster}
				if err := w.Register(t.Context(), naming.BeatClient(i.IP, i.Port), webService(), []naming.Instance{i}, false); err != nil {
					t.Fatal(err)
				}
			}
			_, s := serve(t, w)
			passOn(t, s, "/nacos/v1/ns/instance?serviceName=web&ip=10.0.0.1&port=80", tc.from)
			if diff := cmp.Diff([][]string{tc.toOld, tc.toOurs}, [][]string{*toOld, *toOurs}); diff != "" {
				t.Errorf("passed on to the owner of the service, and to ours (-want +got):\n%s", diff)
			}
			if here := len(w.View(webService()).Hosts) == 1; here != tc.here {
				t.Errorf("kept here: %t, want %t", here, tc.here)
			}
		})
	}
}

func passOn(t *testing.T, s *httptest.Server, target, passedOnBy string) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	in, err := http.NewRequestWithContext(ctx, http.MethodPost, s.URL+target, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	if passedOnBy != "" {
		in.Header.Set("User-Agent", "Nacos-Server:2.1.0")
		in.Header.Set("Request-Source", passedOnBy)
	}
	out, err := s.Client().Do(in)
	if err != nil {
		t.Fatal(err)
	}
	_ = out.Body.Close() // what was answered is told by what was done
}
