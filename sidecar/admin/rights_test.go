package admin

import (
	"context"
	"net/http/httptest"
	"strings"
	"testing"
)

// judge lets alice read one namespace and root all of them.
type judge struct{ asked []Caller }

func (j *judge) permit(_ context.Context, c Caller, namespace string) *Refusal {
	j.asked = append(j.asked, c)
	switch who := c.Token + c.Name + c.Password; {
	case who == "rootsecret", who == "alice" && namespace == "public":
		return nil
	case who == "alice":
		return &Refusal{403, "authorization failed!"}
	case who == "again":
		return &Refusal{429, "too many logins failed"}
	default:
		return &Refusal{401, "user not found!"}
	}
}

const (
	elsewhere = "10.0.0.9:4000"
	thisHost  = "127.0.0.1:4000"
)

// read asks for a path with headers in pairs.
func read(t *testing.T, s Sources, path, from string, headers ...string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), "GET", path, nil)
	r.RemoteAddr = from
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	Handler(s).ServeHTTP(w, r)
	return w
}

// published are the paths that show what clients publish.
var published = []string{
	"/v1/services", "/v1/instances?namespace=public&group=DEFAULT_GROUP&service=web",
	"/v1/causes?namespace=public&group=DEFAULT_GROUP&service=web", "/v1/records?owner=a:8848&bucket=3&bucket=7", "/v1/settings",
}

func TestWhatClientsPublishIsShownToWhoMayReadIt(t *testing.T) {
	const basic, bearer = "Basic cm9vdDpzZWNyZXQ=", "Bearer alice"
	for name, tc := range map[string]struct {
		from    string
		headers []string
		status  []int // of each path that shows what clients publish
	}{
		"nobody":                      {elsewhere, nil, []int{401, 401, 401, 401, 401}},
		"a token that is none":        {elsewhere, []string{"Authorization", "Bearer x"}, []int{401, 401, 401, 401, 401}},
		"a reader of one namespace":   {elsewhere, []string{"Authorization", bearer}, []int{403, 200, 200, 403, 403}},
		"a reader of all":             {elsewhere, []string{"Authorization", basic}, []int{200, 200, 200, 200, 200}},
		"who tries too often":         {elsewhere, []string{"Authorization", "Bearer again"}, []int{429, 429, 429, 429, 429}},
		"this host":                   {thisHost, nil, []int{200, 200, 200, 200, 200}},
		"this host by IPv6":           {"[::1]:4000", nil, []int{200, 200, 200, 200, 200}},
		"who says to be this host":    {elsewhere, []string{"X-Forwarded-For", "127.0.0.1"}, []int{401, 401, 401, 401, 401}},
		"this host for another":       {thisHost, []string{"X-Forwarded-For", "10.0.0.9"}, []int{401, 401, 401, 401, 401}},
		"this host for one who lies":  {thisHost, []string{"X-Forwarded-For", "127.0.0.1, 10.0.0.9"}, []int{401, 401, 401, 401, 401}},
		"this host for itself":        {thisHost, []string{"X-Forwarded-For", "127.0.0.1"}, []int{200, 200, 200, 200, 200}},
		"this host for a reader":      {thisHost, []string{"X-Forwarded-For", "10.0.0.9", "Authorization", basic}, []int{200, 200, 200, 200, 200}},
		"the proxy of a service mesh": {"127.0.0.6:4000", nil, []int{401, 401, 401, 401, 401}},
	} {
		t.Run(name, func(t *testing.T) {
			s := sources()
			s.Permit = (&judge{}).permit
			for i, path := range published {
				w := read(t, s, path, tc.from, tc.headers...)
				if w.Code != tc.status[i] || (w.Code == 401) != (w.Header().Get("WWW-Authenticate") != "") {
					t.Errorf("%s: %d %s, want %d", path, w.Code, w.Body, tc.status[i])
				}
				if w.Code != 200 && strings.Contains(w.Body.String(), "web") {
					t.Errorf("%s: the refusal tells of clients: %s", path, w.Body)
				}
			}
			for _, path := range []string{"/livez", "/readyz", "/v1/status", "/v1/digests"} {
				if w := read(t, s, path, tc.from, tc.headers...); w.Code != 200 {
					t.Errorf("%s: %d %s, want it open", path, w.Code, w.Body)
				}
			}
		})
	}
}

func TestWithoutAuthEverybodyIsShownAll(t *testing.T) {
	for _, path := range published {
		if w := read(t, sources(), path, elsewhere); w.Code != 200 {
			t.Errorf("%s: %d %s", path, w.Code, w.Body)
		}
	}
}

func TestWhoeverFailsIsKnownByWhereHeComesFrom(t *testing.T) {
	for _, tc := range []struct {
		from    string
		headers []string
		want    string
	}{
		{elsewhere, []string{"X-Forwarded-For", "192.0.2.1"}, "10.0.0.9"}, // anybody can say so
		{thisHost, []string{"X-Forwarded-For", "192.0.2.1"}, "192.0.2.1"},
	} {
		s, j := sources(), &judge{}
		s.Permit = j.permit
		read(t, s, "/v1/services", tc.from, tc.headers...)
		if len(j.asked) != 1 || j.asked[0].IP != tc.want {
			t.Errorf("from %s with %v it was %+v", tc.from, tc.headers, j.asked)
		}
	}
}

// Commands are for this host alone, whatever a caller shows.
func TestNobodyElsewhereMayCommand(t *testing.T) {
	s := sources()
	s.Permit = (&judge{}).permit
	for _, tc := range []struct {
		from, behind string
		status       int
	}{{elsewhere, "", 403}, {thisHost, "10.0.0.9", 403}, {"127.0.0.6:1", "", 403}, {thisHost, "", 200}} {
		r := httptest.NewRequestWithContext(t.Context(), "POST", "/v1/move", nil)
		r.RemoteAddr = tc.from
		r.SetBasicAuth("root", "secret")
		if tc.behind != "" {
			r.Header.Set("X-Forwarded-For", tc.behind)
		}
		w := httptest.NewRecorder()
		if Handler(s).ServeHTTP(w, r); w.Code != tc.status {
			t.Errorf("from %s for %q: %d, want %d", tc.from, tc.behind, w.Code, tc.status)
		}
	}
}
