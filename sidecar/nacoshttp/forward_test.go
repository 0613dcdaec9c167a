package nacoshttp

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/distro-naming/naming-operator/sidecar/member"
	"github.com/distro-naming/naming-operator/sidecar/naming"
)

const otherAddress member.Address = "127.0.0.1:38848"

var orders = naming.ServiceKey{Namespace: "public", Group: "g", Name: "orders"}

// pair is two members, the second of which owns every client.
func pair(t *testing.T) (here, owner *world, url string) {
	t.Helper()
	here, owner = newWorld(), newWorld()
	_, second := serve(t, owner)
	_, first := serve(t, here)
	here.owner = otherAddress
	here.listens[otherAddress] = strings.TrimPrefix(second.URL, "http://")
	return here, owner, first.URL
}

func ask(t *testing.T, method, url, body string, headers ...string) (status int, contentType, text string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	return do(t, r)
}

func TestWritesGoToTheOwner(t *testing.T) {
	here, owner, url := pair(t)
	const instance = "serviceName=g@@orders&ip=10.0.0.1&port=80&metadata=%7B%22a%22%3A%22b+c%26d%22%7D"
	status, contentType, body := ask(t, http.MethodPost, url+"/nacos/v1/ns/instance", instance)
	if status != http.StatusOK || body != "ok" || contentType != "application/json;charset=UTF-8" {
		t.Errorf("register: %d %s %s", status, contentType, body)
	}
	v := owner.View(orders)
	if len(v.Hosts) != 1 || v.Hosts[0].Metadata["a"] != "b c&d" || here.registry.Len() != 0 {
		t.Fatalf("the owner lists %+v, %d clients are here", v.Hosts, here.registry.Len())
	}
	beat := `beat={"ip":"10.0.0.1","port":80,"serviceName":"g@@orders"}&serviceName=g@@orders`
	if _, _, body := ask(t, http.MethodPut, url+"/nacos/v1/ns/instance/beat", beat); !strings.Contains(body, "10200") {
		t.Errorf("beat: %s", body)
	}
	status, _, body = ask(t, http.MethodPost, url+"/nacos/v1/ns/instance?"+instance+"&weight=-1", "")
	if status != http.StatusBadRequest || !strings.Contains(body, "weights range") {
		t.Errorf("a refusal of the owner: %d %s", status, body)
	}
	_, _, body = ask(t, http.MethodDelete, url+"/nacos/v1/ns/instance?"+instance, "")
	if body != "ok" || len(owner.View(orders).Hosts) != 0 {
		t.Errorf("deregister: %s", body)
	}
}

func TestForwardedCallIsNotForwardedAgain(t *testing.T) {
	_, owner, url := pair(t)
	owner.owner = selfAddress // they disagree about the ring
	status, _, body := ask(t, http.MethodPost, url+"/nacos/v1/ns/instance?serviceName=s&ip=10.0.0.1&port=80", "")
	if status != http.StatusBadRequest || !strings.Contains(body, "receive invalid redirect request from peer 127.0.0.1") {
		t.Errorf("got %d %s", status, body)
	}
}

func TestOwnerSeesWhoForwardedAndTheCallersHeaders(t *testing.T) {
	seen := make(chan *http.Request, 1)
	owner := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		seen <- r
		w.WriteHeader(http.StatusTeapot)
	}))
	defer owner.Close()
	here := newWorld()
	_, s := serve(t, here)
	here.owner, here.listens[otherAddress] = otherAddress, strings.TrimPrefix(owner.URL, "http://")
	status, _, _ := ask(t, http.MethodPut, s.URL+"/nacos/v1/ns/instance/beat?serviceName=s", "ip=10.0.0.1&port=80",
		"User-Agent", "curl", "Request-Module", "Naming")
	r := <-seen
	if status != http.StatusTeapot {
		t.Errorf("the owner's status became %d", status)
	}
	want := map[string]string{
		"User-Agent":     "Nacos-Server:2.5.1",
		"Client-Version": "2.5.1",
		"Request-Source": string(selfAddress),
		"Request-Module": "Naming",
	}
	for name, value := range want {
		if got := r.Header.Get(name); got != value {
			t.Errorf("%s: %q, want %q", name, got, value)
		}
	}
	const query = "encoding=UTF-8&ip=10.0.0.1&nofix=1&port=80&serviceName=s"
	if r.Method != http.MethodPut || r.ContentLength != 0 || r.URL.RawQuery != query {
		t.Errorf("%s %s with %d bytes", r.Method, r.URL, r.ContentLength)
	}
}

func TestUnreachableOwnerIsStoodInFor(t *testing.T) {
	here := newWorld()
	_, s := serve(t, here)
	here.owner, here.listens[otherAddress] = otherAddress, "127.0.0.1:1"
	status, _, body := ask(t, http.MethodPost, s.URL+"/nacos/v1/ns/instance?serviceName=orders&ip=10.0.0.1&port=80", "")
	if taken := here.registry.Len(); status != http.StatusOK || body != "ok" || taken != 1 {
		t.Errorf("register while the owner is away: %d %s, %d clients taken here, want 1", status, body, taken)
	}
}
