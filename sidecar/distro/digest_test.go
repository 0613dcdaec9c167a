package distro

import (
	"fmt"
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

func TestVersionedGolden(t *testing.T) {
	plain := fingerprint("c1", 1)
	tests := map[string]struct {
		stamp naming.Stamp
		want  string
	}{
		"without a version":  {naming.Stamp{Owner: "a:8848", Revision: 1}, plain.String()},
		"by a":               {at("a:8848", 1), "314e273265b508a26e4a63ff6f8790a2"},
		"later":              {at("a:8848", 1+1<<31), "06254e43b43b2dbc6e4a63ff6f8790a2"},
		"by b, at that time": {at("b:8848", 1), "46b7e27d93a22fd86e4a63ff6f8790a2"},
	}
	seen := map[string]string{}
	for name, tc := range tests {
		got := plain.versioned(tc.stamp).String()
		if got != tc.want {
			t.Errorf("%s: digest is %s, want %s", name, got, tc.want)
		}
		if other := seen[got]; other != "" {
			t.Errorf("%s and %s have one digest", name, other)
		}
		seen[got] = name
	}
}

func TestBucketsGolden(t *testing.T) {
	for c, want := range map[naming.ClientID]uint8{"": 245, "c1": 61, "10.0.0.1:80#true": 64} {
		if got := bucketOf(c); got != want {
			t.Errorf("bucket of %q is %d, want %d", c, got, want)
		}
	}
	var count [Buckets]int
	for i := range 100 * Buckets {
		count[bucketOf(naming.BeatClient("10.0.0.1", i))]++
	}
	for b, n := range count {
		if n < 50 || n > 150 {
			t.Errorf("%d of %d clients are in bucket %d", n, 100*Buckets, b)
		}
	}
}

func TestDigestIsReadAsItWasWritten(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := Digest{rapid.Uint64().Draw(t, "high"), rapid.Uint64().Draw(t, "low")}
		if b := d.Bytes(); DigestOf(b) != d || fmt.Sprintf("%x", b) != d.String() {
			t.Fatalf("%v is written as %x", d, b)
		}
	})
}
