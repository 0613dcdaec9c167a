//go:build e2e

package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os/exec"
	"strings"
	"testing"
)

// Paths of Nacos's HTTP API.
const (
	loginPath    = "/nacos/v1/auth/login"
	instancePath = "/nacos/v1/ns/instance"
	listPath     = "/nacos/v1/ns/instance/list"
	servicePath  = "/nacos/v1/ns/service"
)

// answer is what a member says over HTTP.
type answer struct {
	status int
	body   string
}

// call sends a form to a member.
func call(ctx context.Context, member, method, path string, form url.Values) (answer, error) {
	request, err := http.NewRequestWithContext(ctx, method, "http://"+member+path+"?"+form.Encode(), nil)
	if err != nil {
		return answer{}, err
	}
	response, err := plain.Do(request)
	if err != nil {
		return answer{}, err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	return answer{response.StatusCode, string(body)}, err
}

// requireAnswer wants an answer with the status and the words.
func requireAnswer(t *testing.T, member, method, path string, form url.Values, status int, words string) {
	t.Helper()
	said, err := call(t.Context(), member, method, path, form)
	if err != nil || said.status != status || !strings.Contains(said.body, words) {
		t.Errorf("%s %s?%s at %s: %+v, %v; want %d and %q", method, path, form.Encode(), member, said, err, status, words)
	}
}

// login returns the token that a member gives to a user.
func login(t *testing.T, member, user, password string) string {
	t.Helper()
	said, err := call(t.Context(), member, http.MethodPost, loginPath, url.Values{"username": {user}, "password": {password}})
	var token struct{ AccessToken string }
	if err == nil {
		err = json.Unmarshal([]byte(said.body), &token)
	}
	if err != nil || token.AccessToken == "" {
		t.Fatalf("login of %s at %s: %+v, %v", user, member, said, err)
	}
	return token.AccessToken
}

// requireSDKRefused wants an SDK client to end with these words.
func requireSDKRefused(t *testing.T, words string, args ...string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if out, err := exec.CommandContext(ctx, quickstart, args...).CombinedOutput(); err == nil || !strings.Contains(string(out), words) {
		t.Errorf("quickstart %v: %v, want %q:\n%s", args, err, words, out)
	}
}

// metric returns the sum of a member's samples that begin with name; those of
// which nothing was counted yet are absent, and 0.
func metric(ctx context.Context, member, name string) (sum float64, err error) {
	said, err := call(ctx, adminOf(member), http.MethodGet, "/metrics", nil)
	for line := range strings.Lines(said.body) {
		var value float64
		if rest, is := strings.CutPrefix(line, name); is && err == nil {
			if _, err = fmt.Sscan(rest, &value); err == nil {
				sum += value
			}
		}
	}
	return sum, err
}

// adminOf is the admin port of a member.
func adminOf(member string) string { return strings.Replace(member, ":8848", ":8080", 1) }
