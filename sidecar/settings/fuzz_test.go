package settings

import (
	"testing"

	"github.com/distro-naming/naming-operator/sidecar/naming"
)

// FuzzQuestion: what another member says is refused or taken, and what is taken
// gives the same digest where it is told on.
func FuzzQuestion(f *testing.F) {
	s := New(DefaultConfig())
	s.Merge(1, []Entry{weighs(one, 2, 1, "a"), weighs(naming.Endpoint{IP: "b"}, 1, 2, "b").ends(2)}, nobody)
	for _, q := range append(s.Ask(make([]Digest, Buckets), 1), Question{Root: s.Root()}) {
		f.Add(q.Encode())
	}
	f.Add([]byte(`{"Entries":[{"Key":{"Service":{"Name":"\ud800"}},"Stamp":{"Time":1},"Service":{"ProtectThreshold":1e300,"Metadata":{"<":null}}}]}`))
	f.Add([]byte(`{"Entries":[{"Key":{"Service":{"Name":"s"},"Endpoint":{"Port":-1}},"Stamp":{"Time":1},"Override":{"Without":[]}}]}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		q, err := DecodeQuestion(text)
		if err != nil {
			return
		}
		a, b := New(DefaultConfig()), New(DefaultConfig())
		a.Merge(1, q.Entries, nobody)
		a.Answer(q)
		if converse(t, b, a, 100); a.Root() != b.Root() {
			t.Errorf("(-first +told)\n%+v\n%+v", a.everything(), b.everything())
		}
	})
}
