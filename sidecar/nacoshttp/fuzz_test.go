package nacoshttp

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"testing"
	"unicode"
)

// FuzzCall makes any call, with or without a body that is zipped. Seeds are all calls
// that were recorded. Whatever it is, it is answered, by what the content type says;
// and what it registers has names that can be seen.
func FuzzCall(f *testing.F) {
	for _, version := range recordedVersions {
		text, err := os.ReadFile("testdata/nacos-" + version + ".json")
		if err != nil {
			f.Fatal(err)
		}
		var all []exchange
		if err := json.Unmarshal(text, &all); err != nil {
			f.Fatal(err)
		}
		for _, e := range all {
			f.Add(e.Request.Method, e.Request.Path, e.Request.Body, e.Request.Headers["User-Agent"])
		}
	}
	f.Add(http.MethodPut, "/nacos/v1/ns/distro/datum", "\x1f\x8b\x08\x00\x00\x00\x00\x00", "Nacos-Server:v1.4.3")
	f.Fuzz(func(t *testing.T, method, target, body, agent string) {
		at, err := url.ParseRequestURI(target)
		if err != nil || !strings.HasPrefix(target, "/") || strings.ContainsAny(target, " \r\n") || strings.ContainsAny(method, " \r\n/") || method == "" {
			return // net/http answers it
		}
		w := newWorld()
		cfg := DefaultConfig()
		cfg.Self = selfAddress
		cfg.Limits.Body, cfg.Limits.MemberBody = 64<<10, 64<<10
		h := New(cfg, Deps{
			Registrar: w, Catalog: w, Owners: w, Dialer: w, Roster: w, Datums: w, Subscribers: w, Clients: w, Counter: w, Push: w,
			Settings: keeper{w}, NextID: func() int64 { return 1000 },
		})
		defer h.Close()
		h.Drain() // so that none of them waits
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", strings.NewReader(body))
		r.Method, r.URL = method, at
		r.Header.Set("User-Agent", agent)
		out := httptest.NewRecorder()
		h.ServeHTTP(out, r)
		answer := out.Body.String()
		if out.Code < 200 || out.Code > 599 || strings.Contains(answer, "see the log of the member") {
			t.Errorf("answered %d %s", out.Code, answer)
		}
		if kind := out.Header().Get("Content-Type"); strings.HasPrefix(kind, jsonType) && !json.Valid(out.Body.Bytes()) {
			t.Errorf("%s is %q", kind, answer)
		}
		for _, s := range w.registry.Services() {
			if strings.ContainsFunc(s.String(), unicode.IsControl) {
				t.Errorf("registered %q", s)
			}
		}
	})
}
