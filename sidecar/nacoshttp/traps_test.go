package nacoshttp

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// TestTrapsOfTheHTTPAPI are what captured traffic of Nacos 2.5.1 and 3.0.3 showed
// against what one would expect. Those of gRPC are in package nacosgrpc.
func TestTrapsOfTheHTTPAPI(t *testing.T) {
	const (
		instance = "/nacos/v1/ns/instance"
		ok       = http.StatusOK
		bad      = http.StatusBadRequest
		post     = http.MethodPost
		get      = http.MethodGet
	)
	tests := map[string]struct {
		method, path string
		status       int
		contentType  string
		says         string
	}{
		"an address need not be a whole IPv4 one": {
			post, instance + "?serviceName=s&ip=10.0.0&port=1", ok, "text/plain;charset=UTF-8", "ok",
		},
		"metadata in neither form is 500 in the form of Spring's errors": {
			post, instance + "?serviceName=s&ip=a&port=1&metadata=abc", http.StatusInternalServerError, "application/json", `"error":"Internal Server Error"`,
		},
		"a port that is text is refused in the words of the parameter check": {
			post, instance + "?serviceName=s&ip=a&port=x", bad, "", "should be between 0 and 65535",
		},
		"a beat of an unknown instance is 200 with a code of its own": {
			http.MethodPut, instance + "/beat?serviceName=s&ip=a&port=1", ok, "application/json", `"code":20404`,
		},
		"an instance is asked for by clusterName": {
			get, instance + "?serviceName=held&ip=10.0.0.9&port=9&clusterName=c1", ok, "application/json", `"clusterName":"c1"`,
		},
		"and cluster is passed over": {
			get, instance + "?serviceName=held&ip=10.0.0.9&port=9&cluster=c1", http.StatusNotFound, "", "",
		},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			_, s := serve(t, newWorld())
			ask(t, post, s.URL+instance+"?serviceName=held&ip=10.0.0.9&port=9&clusterName=c1", "")
			status, contentType, body := ask(t, tc.method, s.URL+tc.path, "")
			if status != tc.status || !strings.Contains(body, tc.says) || tc.contentType != "" && contentType != tc.contentType {
				t.Errorf("got %d %s %s", status, contentType, body)
			}
		})
	}
}

// TestTrapsOfForwardedCalls: a server names itself without "v", leaves the Host of
// the client's call, and puts everything into the query.
func TestTrapsOfForwardedCalls(t *testing.T) {
	here, owner, url := pair(t)
	in := httptest.NewRequestWithContext(t.Context(), http.MethodPost, url+"/nacos/v1/ns/instance?serviceName=g@@orders&ip=10.0.0.1&port=80&encoding=UTF-8&nofix=1", nil)
	in.RequestURI, in.Host = "", "nacos.example:8848"
	in.Header.Set("User-Agent", "Nacos-Server:2.5.1")
	status, _, body := do(t, in)
	if status != http.StatusBadRequest || len(owner.View(orders).Hosts)+len(here.View(orders).Hosts) != 0 {
		t.Errorf("forwarded to who is not the owner: %d %s, want no second hop", status, body)
	}
	here.owner = ""
	in.Header.Set("User-Agent", "Nacos-Server:2.5.1")
	status, contentType, body := do(t, in)
	if status != http.StatusOK || body != "ok" || len(here.View(orders).Hosts) != 1 {
		t.Errorf("forwarded to the owner: %d %s %s", status, contentType, body)
	}
}
