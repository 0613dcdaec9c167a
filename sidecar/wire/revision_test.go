package wire

import (
	"encoding/json"
	"os"
	"testing"

	"github.com/distro-naming/naming-operator/sidecar/naming"
)

// revisionVector is what a real server sent of a client that lives by beats,
// freshly registered, and the revision that it had computed.
type revisionVector struct {
	Client   naming.ClientID `json:"clientId"`
	Revision int32           `json:"revision"`
	Server   string          `json:"server"`
	Content  string          `json:"content_raw"`
}

func revisionVectors(t *testing.T) []revisionVector {
	t.Helper()
	text, err := os.ReadFile("testdata/revision-vectors.json")
	if err != nil {
		t.Fatal(err)
	}
	var all struct{ Vectors []revisionVector }
	if err := json.Unmarshal(text, &all); err != nil || len(all.Vectors) == 0 {
		t.Fatalf("%d vectors, %v", len(all.Vectors), err)
	}
	return all.Vectors
}

func TestRevisionsAreThoseThatJavaComputed(t *testing.T) {
	for _, v := range revisionVectors(t) {
		t.Run(v.Server+" "+string(v.Client), func(t *testing.T) {
			read, err := DecodeRecord([]byte(v.Content))
			if err != nil || read.Client != v.Client || read.Stamp.Revision != v.Revision {
				t.Fatalf("DecodeRecord = %+v, %v", read, err)
			}
			ours := &naming.Record{Client: v.Client}
			for i, p := range read.Publications() {
				ours = ours.With(p, naming.Issue("demo-0:8848", int64(i+1)))
			}
			if ours.Stamp.Revision != v.Revision {
				t.Errorf("registered here it gets revision %d, Java gave %d", ours.Stamp.Revision, v.Revision)
			}
			same(t, tree(t, AppendRecord(nil, naming.Normal(v.Client, read.Stamp, read.Publications()))), meaning(tree(t, []byte(v.Content))))
		})
	}
}
