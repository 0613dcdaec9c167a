package member

import (
	"strings"
	"testing"
)

func TestParseAddress(t *testing.T) {
	tests := map[string]struct {
		text string
		want Address
		host string
		port int
	}{
		"a pod": {
			"demo-0.demo-headless.prod.svc:8848", "demo-0.demo-headless.prod.svc:8848", "demo-0.demo-headless.prod.svc", 8848,
		},
		"without a port":             {"demo-0", "demo-0:8848", "demo-0", 8848},
		"names are lower case":       {"Demo-0:1", "demo-0:1", "demo-0", 1},
		"an ipv4 address":            {"10.0.0.1:8848", "10.0.0.1:8848", "10.0.0.1", 8848},
		"an ipv6 address":            {"[FD00::1]:8848", "[fd00::1]:8848", "fd00::1", 8848},
		"an ipv6 address alone":      {"fd00::1", "[fd00::1]:8848", "fd00::1", 8848},
		"in brackets without a port": {"[fd00::1]", "[fd00::1]:8848", "fd00::1", 8848},
		"the highest port":           {"a:64534", "a:64534", "a", 64534},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			a, err := ParseAddress(tc.text)
			if err != nil || a != tc.want || a.Host() != tc.host || a.Port() != tc.port {
				t.Errorf("ParseAddress(%q) = %q (%q, %d), %v", tc.text, a, a.Host(), a.Port(), err)
			}
			if again, err := ParseAddress(string(a)); err != nil || again != a {
				t.Errorf("ParseAddress(%q) = %q, %v, want itself", a, again, err)
			}
		})
	}
}

func TestParseAddressRefuses(t *testing.T) {
	tests := map[string]struct{ text, want string }{
		"nothing":                    {"", "0 characters"},
		"a port without a host":      {":8848", "0 characters"},
		"a port that is no number":   {"a:http", "not a number"},
		"no port after the colon":    {"a:", "not a number"},
		"port 0":                     {"a:0", "want 1-64534"},
		"no room for the grpc ports": {"a:64535", "a port+1001"},
		"a space":                    {"a b:1", "neither an IP nor a DNS name"},
		"an empty label":             {"a..b:1", "neither"},
		"a label that is too long":   {strings.Repeat("a", 64) + ":1", "neither"},
		"a name that is too long":    {strings.Repeat("a.", 130) + "a:1", "261 characters"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			want := strings.ReplaceAll(tc.want, "a port+1001", "port+1001")
			if a, err := ParseAddress(tc.text); err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("ParseAddress(%q) = %q, %v, want an error with %q", tc.text, a, err, want)
			}
		})
	}
}
