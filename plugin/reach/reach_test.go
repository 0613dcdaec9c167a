package reach

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"

	"github.com/distro-naming/naming-operator/api/v1alpha1"
)

const cluster = "/apis/naming.distro.io/v1alpha1/namespaces/shop/namingclusters"

// server answers requests by method and path; others are not found, in the words
// of the API server.
type server map[string]http.HandlerFunc

func (s server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if answer, known := s[r.Method+" "+r.URL.Path]; known {
		answer(w, r)
		return
	}
	status(http.StatusNotFound, metav1.StatusReasonNotFound, "the server could not find "+r.URL.Path)(w, r)
}

func says(value any) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(value)
	}
}

// status is an answer of the API server itself.
func status(code int, reason metav1.StatusReason, message string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(code)
		_ = json.NewEncoder(w).Encode(metav1.Status{
			TypeMeta: metav1.TypeMeta{Kind: "Status", APIVersion: "v1"},
			Status:   metav1.StatusFailure, Code: int32(code), Reason: reason, Message: message, //nolint:gosec // an HTTP status
		})
	}
}

// plain is an answer of a member, as the proxy passes it on.
func plain(code int, text string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { http.Error(w, text, code) }
}

func connect(t *testing.T, s server) *Client {
	t.Helper()
	api := httptest.NewServer(s)
	t.Cleanup(api.Close)
	c, err := New(&rest.Config{Host: api.URL}, "shop")
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func running(name string) Member {
	return Member{Name: name, Pod: &corev1.Pod{
		Spec: corev1.PodSpec{NodeName: "node-1"}, Status: corev1.PodStatus{PodIP: "10.0.0.7"},
	}}
}

func requireSays(t *testing.T, err error, words ...string) {
	t.Helper()
	for _, word := range words {
		if err == nil || !strings.Contains(err.Error(), word) {
			t.Errorf("error is %v, want it to say %q", err, word)
		}
	}
}

func TestWhyAMemberCouldNotBeAsked(t *testing.T) {
	const at = "GET /api/v1/namespaces/shop/pods/demo-1:8080/proxy/v1/status"
	for name, tc := range map[string]struct {
		answer http.HandlerFunc
		says   []string
	}{
		"forbidden": {
			status(http.StatusForbidden, metav1.StatusReasonForbidden, "pods is forbidden"),
			[]string{"you may not ask demo-1", "pods/proxy", "--via=port-forward"},
		},
		"out of reach": {
			status(http.StatusServiceUnavailable, metav1.StatusReasonServiceUnavailable, "error trying to reach service: connection refused"),
			[]string{"demo-1 (10.0.0.7 on node node-1) cannot be reached: connection refused", "kubectl logs demo-1 -c distro"},
		},
		"an older member": {plain(http.StatusNotFound, "404 page not found"), []string{"demo-1 does not know the question", "spec.image"}},
		"no such pod": {
			status(http.StatusNotFound, metav1.StatusReasonNotFound, "pods demo-1 not found"), []string{"cannot be reached: pods demo-1 not found"},
		},
		"a member that refuses": {plain(http.StatusInternalServerError, "it is loading"), []string{"demo-1 answered: it is loading"}},
		"another program":       {plain(http.StatusOK, "<html>"), []string{"demo-1 answered /v1/status with what is no JSON"}},
	} {
		t.Run(name, func(t *testing.T) {
			c := connect(t, server{at: tc.answer})
			requireSays(t, c.Ask(t.Context(), running("demo-1"), "/v1/status", nil, new(map[string]any)), tc.says...)
		})
	}
}

func TestOneWhoIsSilentSpoilsNothing(t *testing.T) {
	s := server{}
	var members []Member
	for i := range 3 * parallel {
		m := running(fmt.Sprintf("demo-%d", i))
		if i == 1 {
			m.Pod = nil
		}
		members = append(members, m)
		s["GET /api/v1/namespaces/shop/pods/"+m.Name+":8080/proxy/who"] = says(m.Name)
	}
	answers := AskAll[string](t.Context(), connect(t, s), members, "/who", nil)
	for i, a := range answers {
		if i == 1 {
			requireSays(t, a.Err, "demo-1 has no pod", "kubectl naming status")
		} else if a.Err != nil || a.Value != members[i].Name || a.Member.Name != members[i].Name {
			t.Errorf("answer %d is %q of %s, %v", i, a.Value, a.Member.Name, a.Err)
		}
	}
}

func TestThroughAForwardedPort(t *testing.T) {
	member := httptest.NewServer(server{
		"GET /v1/status": says("here"),
		"POST /v1/move":  func(w http.ResponseWriter, r *http.Request) { says(r.URL.Query().Get("to"))(w, r) },
		"GET /busy":      plain(http.StatusServiceUnavailable, "too busy"),
	})
	t.Cleanup(member.Close)
	opened, closed := []string{}, 0
	c := &Client{Forwards: true, Forward: func(_ context.Context, pod string) (string, func(), error) {
		if pod == "demo-9" {
			return "", nil, errors.New("no way to demo-9")
		}
		opened = append(opened, pod)
		return member.URL, func() { closed++ }, nil
	}}
	var said string
	if err := c.Ask(t.Context(), running("demo-0"), "/v1/status", nil, &said); err != nil || said != "here" {
		t.Errorf("asked: %q, %v", said, err)
	}
	if err := c.Post(t.Context(), running("demo-1"), "/v1/move", map[string][]string{"to": {"demo-0:8848"}}, &said); err != nil || said != "demo-0:8848" {
		t.Errorf("told: %q, %v", said, err)
	}
	requireSays(t, c.Ask(t.Context(), running("demo-0"), "/new", nil, &said), "does not know the question")
	requireSays(t, c.Ask(t.Context(), running("demo-0"), "/busy", nil, &said), "demo-0 answered 503 Service Unavailable: too busy")
	requireSays(t, c.Post(t.Context(), running("demo-9"), "/v1/move", nil, &said), "no way to demo-9")
	if want := []string{"demo-0", "demo-1", "demo-0", "demo-0"}; !slices.Equal(opened, want) || closed != len(want) {
		t.Errorf("ways to %v were opened, %d closed", opened, closed)
	}
}

func TestMembersAreThoseOfStatusAndThoseWithPods(t *testing.T) {
	named := func(name string) corev1.Pod { return corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: name}} }
	demo := &v1alpha1.NamingCluster{
		TypeMeta:   metav1.TypeMeta{Kind: "NamingCluster", APIVersion: v1alpha1.SchemeGroupVersion.String()},
		ObjectMeta: metav1.ObjectMeta{Name: "demo", Namespace: "shop"},
		Status:     v1alpha1.NamingClusterStatus{Members: []v1alpha1.Member{{Name: "demo-0"}, {Name: "demo-2"}}},
	}
	c := connect(t, server{
		"GET " + cluster + "/demo":                           says(demo),
		"GET /api/v1/namespaces/shop/pods":                   says(corev1.PodList{Items: []corev1.Pod{named("demo-10"), named("demo-2"), named("somebody-0")}}),
		"GET " + cluster:                                     says(v1alpha1.NamingClusterList{TypeMeta: metav1.TypeMeta{Kind: "NamingClusterList", APIVersion: demo.APIVersion}, Items: []v1alpha1.NamingCluster{*demo}}),
		"GET /apis/naming.distro.io/v1alpha1/namingclusters": status(http.StatusForbidden, metav1.StatusReasonForbidden, "no"),
	})
	found, err := c.Cluster(t.Context(), "demo")
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, m := range found.Members {
		got = append(got, fmt.Sprintf("%s %s %t", m.Name, m.Address, m.Pod != nil))
	}
	want := []string{
		"demo-0 demo-0.demo-headless.shop.svc:8848 false",
		"demo-2 demo-2.demo-headless.shop.svc:8848 true",
		"demo-10 demo-10.demo-headless.shop.svc:8848 true",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	_, err = c.Cluster(t.Context(), "dem")
	requireSays(t, err, `no NamingCluster "dem" in namespace "shop"`, "shop/demo")
	_, err = connect(t, server{}).Cluster(t.Context(), "demo")
	requireSays(t, err, "no NamingClusters", "install the operator first")
}

func TestFences(t *testing.T) {
	c := &Cluster{NamingCluster: &v1alpha1.NamingCluster{}, Members: []Member{{Name: "demo-0"}, {Name: "demo-1"}}}
	for text, want := range map[string]string{
		"": "[]", `["demo-1"]`: "[demo-1]", `["*"]`: "[demo-0 demo-1]", "demo-1": "correct it by hand",
	} {
		c.Annotations = map[string]string{v1alpha1.FencedAnnotation: text}
		got, err := c.Fenced()
		if err != nil {
			requireSays(t, err, want)
		} else if fmt.Sprint(got) != want {
			t.Errorf("%q fences %v, want %s", text, got, want)
		}
	}

	var patches []string
	conflict := false
	kube := connect(t, server{"PATCH " + cluster + "/demo": func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		patches = append(patches, string(body))
		if conflict {
			status(http.StatusConflict, metav1.StatusReasonConflict, "changed")(w, r)
			return
		}
		says(v1alpha1.NamingCluster{TypeMeta: metav1.TypeMeta{Kind: "NamingCluster", APIVersion: "naming.distro.io/v1alpha1"}})(w, r)
	}})
	c.Name, c.ResourceVersion = "demo", "42"
	for _, names := range [][]string{{"demo-1"}, nil} {
		if err := kube.Fence(t.Context(), c, names); err != nil {
			t.Error(err)
		}
	}
	want := []string{
		`{"metadata":{"annotations":{"naming.distro.io/fenced-members":"[\"demo-1\"]"},"resourceVersion":"42"}}`,
		`{"metadata":{"annotations":{"naming.distro.io/fenced-members":null},"resourceVersion":"42"}}`,
	}
	if diff := cmp.Diff(want, patches); diff != "" {
		t.Error(diff)
	}
	conflict = true
	requireSays(t, kube.Fence(t.Context(), c, nil), "somebody else changed demo", "run the command again")
}

func TestWhereNoAPIServerIsTheConfigurationIsAskedAfter(t *testing.T) {
	gone := httptest.NewServer(server{})
	gone.Close()
	c, err := New(&rest.Config{Host: gone.URL}, "shop")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.List(t.Context(), false); err == nil || !strings.Contains(err.Error(), "KUBECONFIG") {
		t.Errorf("List = %v, want a hint at the configuration", err)
	}
}
