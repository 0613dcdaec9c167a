package command

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/distro-naming/naming-operator/test/golden"
)

// Requests that tests change the answers of.
const (
	clusterURI = "/apis/naming.distro.io/v1alpha1/namespaces/shop/namingclusters/demo"
	listURI    = "/apis/naming.distro.io/v1alpha1/namespaces/shop/namingclusters"
)

func proxied(member int, path string) string {
	return fmt.Sprintf("/api/v1/namespaces/shop/pods/demo-%d:8080/proxy%s", member, path)
}

// terminal is a shell in front of a fake cluster.
type terminal struct {
	t     *testing.T
	api   *api
	env   Environment
	moves []string // what members were told through forwarded ports
	moved string   // what they answer
}

func newTerminal(t *testing.T, r *recording) *terminal {
	t.Helper()
	term := &terminal{t: t, api: &api{recording: r, change: map[string]func(http.ResponseWriter){}}, moved: `{"asked":2,"agreed":2}`}
	server := httptest.NewServer(term.api)
	t.Cleanup(server.Close)
	admin := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost {
			term.moves = append(term.moves, r.Header.Get("Pod")+r.URL.RequestURI())
			say(w, term.moved)
			return
		}
		http.NotFound(w, r)
	}))
	t.Cleanup(admin.Close)
	config := filepath.Join(t.TempDir(), "kubeconfig")
	text := fmt.Sprintf(`{"apiVersion":"v1","kind":"Config","current-context":"c",
"clusters":[{"name":"k","cluster":{"server":%q}}],"users":[{"name":"u","user":{}}],
"contexts":[{"name":"c","context":{"cluster":"k","user":"u","namespace":"shop"}}]}`, server.URL)
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("KUBECONFIG", config)
	term.env = Environment{
		Now: func() time.Time { return r.Now }, Version: "v0.1.0",
		Pause: func(context.Context, time.Duration) {},
		Forward: func(_ context.Context, pod string) (string, func(), error) {
			term.moves = append(term.moves, "forward "+pod)
			return admin.URL, func() {}, nil
		},
	}
	return term
}

// run runs a command line and returns all that a user sees of it.
func (term *terminal) run(ctx context.Context, args ...string) string {
	term.t.Helper()
	var out, errOut bytes.Buffer
	env := term.env
	env.Streams = Streams{In: strings.NewReader(""), Out: &out, ErrOut: &errOut}
	root := New(env)
	root.SetArgs(args)
	code := Code(root.ExecuteContext(ctx), &errOut)
	seen := "$ kubectl naming " + strings.Join(args, " ") + "\n" + out.String()
	if errOut.Len() > 0 {
		seen += "--- stderr\n" + errOut.String()
	}
	if code != 0 {
		seen += fmt.Sprintf("--- exit %d\n", code)
	}
	for _, patch := range term.api.patches {
		seen += "--- patched " + patch + "\n"
	}
	for _, move := range term.moves {
		seen += "--- told " + move + "\n"
	}
	return seen
}

// check compares what a user sees with testdata/golden/NAME.txt.
func (term *terminal) check(name string, args ...string) {
	term.t.Helper()
	golden.Check(term.t, filepath.Join("testdata", "golden", name+".txt"), []byte(term.run(term.t.Context(), args...)))
}
