package nacoshttp

import (
	"net/http"
	"strings"

	"github.com/distro-naming/naming-operator/sidecar/auth"
)

// call carries out one route.
type call func(r *http.Request, in request) (said, error)

// endpoint is one method of one path, and how it is answered.
type endpoint struct {
	group   string // of the reference page
	method  string
	path    string // below the context path; {name} stands for one segment
	in      dialect
	do      call
	note    string     // for the reference page: with what it is refused, or what is special
	refused bool       // the answer is always a refusal
	bodies  bool       // the body is no form, and may be large
	anytime bool       // answered while this member loads
	right   auth.Right // what it needs, where there is auth
	waits   bool       // the answer may take longer than a call may otherwise
}

// match is a route with what its path stands for.
type match struct {
	endpoint
	segments map[string]string
}

// router finds routes.
type router struct {
	fixed    map[string]map[string]endpoint // by path and method
	patterns []endpoint
}

func newRouter(table []endpoint) *router {
	t := &router{fixed: map[string]map[string]endpoint{}}
	for _, r := range table {
		if strings.Contains(r.path, "{") {
			t.patterns = append(t.patterns, r)
			continue
		}
		if t.fixed[r.path] == nil {
			t.fixed[r.path] = map[string]endpoint{}
		}
		t.fixed[r.path][r.method] = r
	}
	return t
}

// find returns the route of a call. Without one, allowed are the methods that the
// path has: none means that nothing is there.
func (t *router) find(method, path string) (m match, allowed []string) {
	if method == http.MethodHead {
		method = http.MethodGet
	}
	methods := t.fixed[path]
	if r, found := methods[method]; found {
		return match{endpoint: r}, nil
	}
	for name := range methods {
		allowed = append(allowed, name)
	}
	for _, r := range t.patterns {
		if segments, fits := fit(r.path, path); fits {
			if r.method == method {
				return match{r, segments}, nil
			}
			allowed = append(allowed, r.method)
		}
	}
	return match{}, allowed
}

// fit compares a path with a pattern.
func fit(pattern, path string) (segments map[string]string, fits bool) {
	want, got := strings.Split(pattern, "/"), strings.Split(path, "/")
	if len(want) != len(got) {
		return nil, false
	}
	segments = map[string]string{}
	for i, segment := range want {
		switch name, stands := strings.CutPrefix(segment, "{"); {
		case stands && got[i] != "":
			segments[strings.TrimSuffix(name, "}")] = got[i]
		case segment != got[i]:
			return nil, false
		}
	}
	return segments, true
}
