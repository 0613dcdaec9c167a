package command

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"net/http"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/distro-naming/naming-operator/test/golden"
)

// untar returns the names and all the content of what logs-bundle wrote, and what
// it said.
func untar(t *testing.T, seen string) (names, content, said string) {
	t.Helper()
	_, archive, _ := strings.Cut(seen, "\n")
	archive, said, _ = strings.Cut(archive, "--- stderr\n")
	zip, err := gzip.NewReader(strings.NewReader(archive))
	if err != nil {
		t.Fatal(err)
	}
	for files := tar.NewReader(zip); ; {
		header, err := files.Next()
		if errors.Is(err, io.EOF) {
			return names, content, said
		}
		if err != nil {
			t.Fatal(err)
		}
		var text bytes.Buffer
		if _, err := text.ReadFrom(files); err != nil { //nolint:gosec // the test made it
			t.Fatal(err)
		}
		names += header.Name + "\n"
		content += "=== " + header.Name + "\n" + text.String()
	}
}

// checkBundle compares what is in an archive with golden files. Names of the
// operator's pods and times are not the same in every recording.
func checkBundle(t *testing.T, r *recording) {
	t.Helper()
	names, content, said := untar(t, newTerminal(t, r).run(t.Context(), "logs-bundle", "demo", "--file", "-"))
	names = regexp.MustCompile(`demo-\d{8}T\d{6}Z`).ReplaceAllString(names, "demo-TIME")
	names = regexp.MustCompile(`naming-operator-[0-9a-z]+-[0-9a-z]+`).ReplaceAllString(names, "naming-operator-HASH")
	golden.Check(t, filepath.Join("testdata", "golden", "bundle-names.txt"), []byte(names+"--- stderr\n"+said))
	cluster, _, _ := strings.Cut(content, "=== demo-TIME/children")
	if !strings.Contains(cluster, "kind: NamingCluster") || !strings.Contains(content, "demo-0.demo-headless.shop.svc:8848") {
		t.Errorf("the cluster or what its members say is missing:\n%s", names)
	}
}

// Whatever users wrote into a cluster and its pods stays with them.
func TestBundleHasNoSecret(t *testing.T) {
	r := load(t)
	if *record {
		t.Skip("there is no secret in what is recorded")
	}
	const app = `{"name":"app","image":"app:1","env":[{"name":"PASSWORD","value":"SECRET"}],"args":["--token=SECRET"]}`
	term := newTerminal(t, r)
	term.api.change["GET "+clusterURI] = r.edited(t, clusterURI, `"spec":{`, `"spec":{"template":{"containers":[`+app+`],
"metadata":{"annotations":{"token":"SECRET"}}},`)
	pods := "/api/v1/namespaces/shop/pods?labelSelector=naming.distro.io%2Fcluster%3Ddemo"
	term.api.change["GET "+pods] = r.edited(t, pods, `"containers":[`, `"containers":[`+app+`,`)
	term.api.change["/log?container=app"] = func(w http.ResponseWriter) { say(w, "SECRET") }
	names, content, _ := untar(t, term.run(t.Context(), "logs-bundle", "demo", "-f", "-"))
	if strings.Contains(content, "SECRET") {
		t.Errorf("a secret is in the archive:\n%s", content)
	}
	if !strings.Contains(content, "app:1") || !strings.Contains(names, "namingcluster.yaml") {
		t.Errorf("the archive lacks what helps:\n%s", names)
	}
}

// What may not be read is named, in the archive too.
func TestBundleSaysWhatIsMissing(t *testing.T) {
	r := load(t)
	if *record {
		t.Skip("nothing is forbidden in what is recorded")
	}
	term := newTerminal(t, r)
	term.api.change["demo-1:8080"] = unreachable
	term.api.change["naming-system"] = fails(http.StatusForbidden, "Forbidden", "pods is forbidden")
	names, content, said := untar(t, term.run(t.Context(), "logs-bundle", "demo", "-f", "-"))
	for _, want := range []string{"members/demo-1/status.json: demo-1", "operator: pods is forbidden"} {
		if !strings.Contains(said, want) || !strings.Contains(content, want) {
			t.Errorf("neither said nor written: %s\n%s", want, said)
		}
	}
	if !strings.Contains(names, "not-read.txt") || !strings.Contains(names, "demo-1/log.jsonl") {
		t.Errorf("files:\n%s", names)
	}
}
