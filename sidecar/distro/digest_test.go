package distro

import (
	"testing"

	"pgregory.net/rapid"

	"github.com/distro-naming/naming-operator/sidecar/naming"
)

func TestDigestDependsOnTheSetAlone(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		set := rapid.MapOfN(rapid.StringMatching(`[a-z0-9_:#.]{1,20}`), rapid.Int32(), 0, 20).Draw(t, "set")
		extra := rapid.StringMatching(`[A-Z]{1,20}`).Draw(t, "extra")
		var there, back Digest
		for c, revision := range set { // in whatever order
			there = there.Plus(fingerprint(naming.ClientID(c), revision))
		}
		back = there.Plus(fingerprint(naming.ClientID(extra), 1))
		if back == there {
			t.Fatalf("a record more gives the same digest")
		}
		if back = back.minus(fingerprint(naming.ClientID(extra), 1)); back != there {
			t.Fatalf("taken away again: %v, want %v", back, there)
		}
		for c, revision := range set {
			there = there.minus(fingerprint(naming.ClientID(c), revision))
		}
		if there != (Digest{}) {
			t.Fatalf("digest of nothing is %v", there)
		}
	})
}

func TestDigestTellsRevisionsApart(t *testing.T) {
	if fingerprint("c1", 1) == fingerprint("c1", 2) || fingerprint("c1", 1) == fingerprint("c2", 1) {
		t.Errorf("different marks have one digest")
	}
}

// Members of different versions compare their digests.
func TestDigestGolden(t *testing.T) {
	if got, want := fingerprint("c1", 1).String(), "b2781f3104b1c1c46e4a63ff6f8790a2"; got != want {
		t.Errorf("digest is %s, want %s", got, want)
	}
}
