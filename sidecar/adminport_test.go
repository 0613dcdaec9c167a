package sidecar

import (
	"net/http"
	"strings"
	"testing"

	"github.com/distro-naming/naming-operator/sidecar/report"
)

func TestMembersTellADigestOfTheirSettings(t *testing.T) {
	a, b := loopback(110), loopback(111)
	h := newHouse(t, a, b)
	none := h.report(a).SettingsDigest
	if none != strings.Repeat("0", 32) {
		t.Errorf("the digest of nothing is %q", none)
	}
	if got := h.instances(a, "POST", "?serviceName=web&ip=10.0.0.1&port=80"); got != "ok" {
		t.Fatalf("register: %s", got)
	}
	h.eventually("b lists it", func() bool { return h.lists(b, "web", "10.0.0.1") })
	if got := h.instances(a, "PUT", "?serviceName=web&ip=10.0.0.1&port=80&weight=3"); got != "ok" {
		t.Fatalf("override: %s", got)
	}
	set := h.report(a).SettingsDigest
	if set == none {
		t.Error("what is set does not change the digest")
	}
	h.eventually("b has the same", func() bool { return report.Agree([]report.Report{h.report(a), h.report(b)}) })
	if got := h.report(b).SettingsDigest; got != set {
		t.Errorf("b tells %s, a told %s", got, set)
	}
	for _, ip := range []string{a, b} {
		if _, body := h.get(ip, "/v1/settings"); strings.Count(body, `"name":"web","ip":"10.0.0.1","port":80`) != 1 {
			t.Errorf("%s lists as set: %s", ip, body)
		}
	}
}

// read asks a member's admin port for somebody in another host.
func (h *house) read(ip, path, authorization string) (status int) {
	h.t.Helper()
	r, err := http.NewRequestWithContext(h.t.Context(), http.MethodGet, "http://"+ip+":8080"+path, nil)
	if err != nil {
		h.t.Fatal(err)
	}
	r.Header.Set("X-Forwarded-For", "192.0.2.1")
	if authorization != "" {
		r.Header.Set("Authorization", authorization)
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		h.t.Fatal(err)
	}
	_ = answer.Body.Close()
	return answer.StatusCode
}

func TestTheAdminPortAsksWhoReads(t *testing.T) {
	a := loopback(112)
	g := guard(t, "Required", nil, a)
	g.ready(a)
	reader, root := "Bearer "+g.login(a, "reader"), "Basic cm9vdDpyb290"
	const one = "/v1/instances?namespace=public&group=DEFAULT_GROUP&service=web"
	for _, tc := range []struct {
		path, shows string
		want        int
	}{
		{"/v1/services", "", 401},
		{one, "", 401},
		{"/v1/settings", "", 401},
		{"/v1/status", "", 200},
		{"/metrics", "", 200},
		{"/v1/services", reader, 403},
		{one, reader, 200},
		{"/v1/services", root, 200},
		{"/v1/services", "Basic cm9vdDpub3Q=", 401},
	} {
		if got := g.read(a, tc.path, tc.shows); got != tc.want {
			t.Errorf("%s with %.6q: %d, want %d", tc.path, tc.shows, got, tc.want)
		}
	}
	if status, body := g.get(a, "/v1/services"); status != http.StatusOK {
		t.Errorf("from this host: %d %s", status, body)
	}
	write(t, g.policy, "auth=Permissive")
	g.eventually("everybody is answered while Permissive", func() bool { return g.read(a, "/v1/services", "") == http.StatusOK })
}
