package nacoshttp

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/distro-naming/naming-operator/sidecar/auth"
	"github.com/distro-naming/naming-operator/sidecar/wire"
)

// doorman is a gate: a token is the rights that it stands for, as "read public,write
// prod".
type doorman struct {
	mu     sync.Mutex
	caller auth.Caller
}

func (k *doorman) Judge(_ context.Context, c auth.Caller, need auth.Need) (*auth.Pass, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.caller = c
	switch what := strings.TrimSpace(need.Right.String() + " " + need.Namespace); {
	case need.Right == auth.Open:
		return nil, nil
	case c.Ambiguous:
		return nil, auth.ErrTwice
	case c.Token == "" && c.Name == "":
		return nil, auth.ErrMissing
	case !strings.Contains(c.Token+",", what+","):
		return nil, auth.ErrRight
	}
	return &auth.Pass{}, nil
}

func (k *doorman) Login(_ context.Context, _, name, password string) (auth.Session, error) {
	switch password {
	case "right":
		return auth.Session{Token: "a.b.c", TTL: time.Hour, Name: name}, nil
	case "again":
		return auth.Session{}, auth.ErrPaced
	default:
		return auth.Session{}, auth.ErrPassword
	}
}

// guarded is a member with a gate, where members know each other.
func guarded(t *testing.T, w *world) (*Handler, *httptest.Server, *doorman) {
	t.Helper()
	h, s := serve(t, w)
	k := &doorman{}
	h.deps.Gate, h.cfg.Identity = k, wire.Identity{Key: "who", Value: "us"}
	return h, s, k
}

// TestEveryEndpointHasARight: one without would be refused to everybody.
func TestEveryEndpointHasARight(t *testing.T) {
	for _, e := range New(DefaultConfig(), Deps{}).table() {
		if e.right == 0 {
			t.Errorf("%s %s: nobody said what it needs: write its group into rules", e.method, e.path)
		}
		if e.right == auth.Open && e.method != get && e.group != groupLogin {
			t.Errorf("%s %s: it changes something and is open to everybody", e.method, e.path)
		}
		if (e.right == auth.Member) != (e.group == groupMembers) {
			t.Errorf("%s %s: it is between members, or it is not", e.method, e.path)
		}
	}
}

// address is a path of the table with something in its segments, and parameters that
// name a namespace in all ways.
func address(e endpoint, namespace string) string {
	path := strings.NewReplacer("{key}", namespace+"%23%23g@@s", "{namespaceId}", namespace, "{service}", "s").Replace(e.path)
	return contextPath + path + "?" + url.Values{
		"namespaceId": {namespace}, "serviceName": {"g@@s"}, "ip": {"10.0.0.1"}, "port": {"80"}, "key": {namespace + "##g@@s"},
		"clientId": {"10.0.0.1:80#true"}, "pageNo": {"1"}, "pageSize": {"1"}, "clusterName": {"c"}, "metadata": {"a=b"},
		"Listening-Configs": {"x"},
	}.Encode()
}

// TestEveryEndpointIsJudged walks the table: without a token, with every right but
// the one that is needed, and with it.
func TestEveryEndpointIsJudged(t *testing.T) {
	_, s, _ := guarded(t, newWorld())
	for _, e := range New(DefaultConfig(), Deps{}).table() {
		name := e.method + " " + e.path
		space := spaceOf(e, wire.Form{"namespaceId": "prod", "key": "prod##g@@s"})
		right := e.right.String()
		elsewhere := "read public,write public,login,admin"
		if e.right == auth.Read || e.right == auth.Write {
			right += " " + space
			elsewhere += ",read other,write other,login "
			elsewhere += map[bool]string{true: ",write " + space, false: ",read " + space}[e.right == auth.Read]
		} else {
			elsewhere = strings.ReplaceAll(elsewhere, right, "") + ",read prod,write prod,read *"
		}
		for what, tc := range map[string]struct {
			headers   []string
			forbidden bool
		}{
			"no token":         {nil, e.right != auth.Open},
			"every other":      {[]string{"Authorization", "Bearer " + elsewhere}, e.right != auth.Open},
			"the right":        {[]string{"Authorization", "Bearer " + right}, e.right == auth.Member},
			"a member's proof": {[]string{"who", "us"}, false},
			"a wrong proof":    {[]string{"who", "them"}, e.right != auth.Open},
			"the user agent":   {[]string{"User-Agent", "Nacos-Server:v2.5.1"}, e.right != auth.Open},
		} {
			status, kind, body := ask(t, e.method, s.URL+address(e, "prod"), "", tc.headers...)
			if forbidden := status == http.StatusForbidden; forbidden != tc.forbidden {
				t.Errorf("%s with %s: %d %s, forbidden %t is wanted", name, what, status, body, tc.forbidden)
			} else if forbidden {
				checkForm(t, name, e, kind, body)
			}
		}
	}
}

// checkForm wants a refusal in the form of its version.
func checkForm(t *testing.T, name string, e endpoint, kind, body string) {
	t.Helper()
	var got struct {
		Status  int
		Error   string
		Message string
		Code    int
		Data    string
	}
	err := json.Unmarshal([]byte(body), &got)
	coded := got.Code == 10001 && got.Message == "access denied" && got.Data != ""
	paged := got.Status == 403 && got.Error == "Forbidden" && got.Message != ""
	if _, second := e.in.(second); err != nil || kind != jsonType || second && !coded || !second && !paged {
		t.Errorf("%s is refused with %s %s, %v", name, kind, body, err)
	}
}

func TestHowCallersShowWhoTheyAre(t *testing.T) {
	_, s, k := guarded(t, newWorld())
	const path = "/nacos/v1/ns/instance/list"
	for name, tc := range map[string]struct {
		query   string
		headers []string
		want    auth.Caller
	}{
		"a bearer":                     {"", []string{"Authorization", "Bearer t"}, auth.Caller{Token: "t"}},
		"a bearer in other case":       {"", []string{"authorization", "bearer  t "}, auth.Caller{Token: "t"}},
		"a parameter":                  {"&accessToken=t", nil, auth.Caller{Token: "t"}},
		"a header":                     {"", []string{"accessToken", "t"}, auth.Caller{Token: "t"}},
		"two that are one":             {"&accessToken=t", []string{"Authorization", "Bearer t"}, auth.Caller{Token: "t"}},
		"two that differ":              {"&accessToken=u", []string{"Authorization", "Bearer t"}, auth.Caller{Token: "t", Ambiguous: true}},
		"a name and a password":        {"&username=alice&password=+p+", nil, auth.Caller{Name: "alice", Password: " p "}},
		"HTTP's basic scheme":          {"", []string{"Authorization", "Basic YWxpY2U6cA=="}, auth.Caller{Name: "alice", Password: "p"}},
		"nothing":                      {"", nil, auth.Caller{}},
		"a scheme that nobody knows":   {"", []string{"Authorization", "Digest t"}, auth.Caller{}},
		"where somebody says he comes": {"", []string{"X-Forwarded-For", "10.9.9.9"}, auth.Caller{}},
	} {
		ask(t, get, s.URL+path+"?serviceName=s"+tc.query, "", tc.headers...)
		if tc.want.IP = "127.0.0.1"; k.caller != tc.want {
			t.Errorf("%s: %+v, want %+v", name, k.caller, tc.want)
		}
	}
	ask(t, put, s.URL+"/nacos/v1/ns/instance/beat", "serviceName=s&accessToken=t&ip=10.0.0.1&port=1")
	if k.caller.Token != "t" {
		t.Errorf("in a form: %+v", k.caller)
	}
}

// TestOddPathsAreNoWayAround: whatever a path is written like, it is judged as the
// endpoint that answers it, or nothing answers.
func TestOddPathsAreNoWayAround(t *testing.T) {
	_, s, _ := guarded(t, newWorld())
	const query = "?serviceName=s&ip=10.0.0.1&port=80"
	for _, path := range []string{
		"/nacos/v1/ns/instance", "/nacos/v1/ns/instance/", "//nacos/v1/ns/instance", "/nacos//v1/ns/instance", "/nacos/v1/ns//instance",
		"/nacos/v1/ns/instance;x=y", "/nacos/v1/ns/instance%2f", "/nacos/v1/ns/%69nstance", "/nacos/./v1/ns/instance", "/nacos/x/../v1/ns/instance",
		"/nacos/v1/ns/instance/.", "/NACOS/v1/ns/instance", "/nacos/V1/NS/INSTANCE", "/v1/ns/instance", "/nacos/v3/console/../../v1/ns/instance",
		"/nacos/v1/ns/operator/metrics/../../instance", "/nacos/v1/ns/instance/operator/metrics", "/nacos/v1/auth/login/../../ns/instance",
		"/nacos/v1/ns/operator/metrics%2f..%2f..%2finstance", "/nacos/v1/ns/instance?x=/operator/metrics", "/nacos/serverlist/../v1/ns/instance",
	} {
		for _, method := range []string{post, put, del, get, http.MethodPatch, http.MethodHead} {
			status, _, body := ask(t, method, s.URL+path+query, "")
			switch status {
			case http.StatusForbidden, http.StatusNotFound, http.StatusMethodNotAllowed, http.StatusNotImplemented, http.StatusBadRequest:
			default:
				t.Errorf("%s %s: %d %s", method, path, status, body)
			}
		}
	}
}

func TestLogin(t *testing.T) {
	_, s, _ := guarded(t, newWorld())
	for _, path := range []string{"/nacos/v1/auth/login", "/nacos/v1/auth/users/login", "/nacos/v3/auth/user/login"} {
		for name, tc := range map[string]struct {
			query, body string
			status      int
			says        string
		}{
			"in the body, as Go":           {"", "username=alice&password=right", 200, `{"accessToken":"a.b.c","tokenTtl":3600,"globalAdmin":false,"username":"alice"}`},
			"in both, as Java":             {"?username=alice", "password=right", 200, `"accessToken":"a.b.c"`},
			"in the query, as Python":      {"?username=alice&password=right", "", 200, `"accessToken":"a.b.c"`},
			"a wrong password":             {"", "username=alice&password=wrong", 403, "User not found! Please check user exist or password is right!"},
			"no password":                  {"", "username=alice", 403, "User not found!"},
			"no name":                      {"", "password=right", 400, "Param 'username' is required."},
			"too many wrong ones":          {"", "username=alice&password=again", 429, "try again in a minute"},
			"a token that is long over":    {"?accessToken=old", "username=alice&password=right", 200, `"accessToken":"a.b.c"`},
			"with what JSON has to escape": {"", "username=a%22b&password=right", 200, `"username":"a\"b"`},
		} {
			answer := httptest.NewRecorder()
			s.Config.Handler.ServeHTTP(answer, httptest.NewRequestWithContext(t.Context(), post, path+tc.query, strings.NewReader(tc.body)))
			if body := answer.Body.String(); answer.Code != tc.status || !strings.Contains(body, tc.says) {
				t.Errorf("%s %s: %d %s", path, name, answer.Code, body)
			}
			if bearer := answer.Header().Get("Authorization"); (bearer == "Bearer a.b.c") != (answer.Code == http.StatusOK) {
				t.Errorf("%s %s: the header says %q", path, name, bearer)
			}
		}
	}
}

// TestOwnersNeedNotAskAgain: what a member passes on it has judged, and it proves
// that it is one.
func TestOwnersNeedNotAskAgain(t *testing.T) {
	here, owner := newWorld(), newWorld()
	_, second, asked := guarded(t, owner)
	_, first, _ := guarded(t, here)
	here.owner = otherAddress
	here.listens[otherAddress] = strings.TrimPrefix(second.URL, "http://")
	const call = "/nacos/v1/ns/instance?serviceName=g@@orders&ip=10.0.0.1&port=80"
	if status, _, body := ask(t, post, first.URL+call, "", "Authorization", "Bearer write public"); status != 200 || body != "ok" {
		t.Errorf("a call that goes on: %d %s", status, body)
	}
	if status, _, body := ask(t, post, first.URL+call, "", "Authorization", "Bearer read public"); status != 403 {
		t.Errorf("one that may not: %d %s", status, body)
	}
	if asked.caller != (auth.Caller{}) {
		t.Errorf("the owner asked: %+v", asked.caller)
	}
	if len(owner.View(orders).Hosts) != 1 {
		t.Error("the owner has not got it")
	}
}

func TestServerStateTellsOfAuth(t *testing.T) {
	_, s, _ := guarded(t, newWorld())
	if _, _, body := ask(t, get, s.URL+"/nacos/v1/console/server/state", ""); !strings.Contains(body, `"auth_enabled":"true"`) {
		t.Errorf("state: %s", body)
	}
}
