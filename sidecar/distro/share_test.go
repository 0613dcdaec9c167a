package distro

import (
	"fmt"
	"testing"

	"pgregory.net/rapid"

	"github.com/distro-naming/naming-operator/sidecar/naming"
)

// The bookkeeping of a share is compared with a plain one.
func TestAShareKeepsItsDigestsAndItsOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := &share{}
		held := map[naming.ClientID]*record{}
		now := instant(0)
		t.Repeat(map[string]func(*rapid.T){
			"add": func(t *rapid.T) {
				now++
				c := naming.ClientID(fmt.Sprintf("c%d", rapid.IntRange(0, 300).Draw(t, "client")))
				if held[c] == nil {
					held[c] = &record{client: c, bucket: bucketOf(c), version: int64(now), revision: int32(now)}
					s.add(held[c], fingerprint(c, int32(now)), now)
				}
			},
			"renew": func(t *rapid.T) {
				now++
				if r := drawn(held, t); r != nil {
					s.renew(r, now)
				}
			},
			"take": func(t *rapid.T) {
				if r := drawn(held, t); r != nil {
					s.take(r, fingerprint(r.client, r.revision))
					delete(held, r.client)
				}
			},
			"confirm a bucket": func(t *rapid.T) {
				now++
				s.parts[rapid.Uint8().Draw(t, "bucket")].confirmed = now
				s.stale = true
			},
			"confirm all": func(*rapid.T) { now++; s.confirmed = now },
			"":            func(t *rapid.T) { checkShare(t, s, held) },
		})
	})
}

func drawn(held map[naming.ClientID]*record, t *rapid.T) *record {
	return held[naming.ClientID(fmt.Sprintf("c%d", rapid.IntRange(0, 300).Draw(t, "client")))]
}

func checkShare(t *rapid.T, s *share, held map[naming.ClientID]*record) {
	var root Digest
	var parts [Buckets]Digest
	longest := instant(0)
	for c, r := range held {
		d := fingerprint(c, r.revision).versioned(r.stamp())
		root, parts[r.bucket] = root.Plus(d), parts[r.bucket].Plus(d)
		if at := max(r.since, s.parts[r.bucket].confirmed, s.confirmed); longest == 0 || at < longest {
			longest = at
		}
	}
	if s.root != root || *s.digests() != parts || s.count != len(held) || s.longest(connection) != longest {
		t.Fatalf("root %v, %d records, longest %d; want %v, %d, %d", s.root, s.count, s.longest(connection), root, len(held), longest)
	}
	seen := 0
	last := map[uint8]instant{}
	for r := range s.all() {
		if held[r.client] != r || r.since < last[r.bucket] {
			t.Fatalf("%s is not in its place", r.client)
		}
		last[r.bucket] = r.since
		seen++
	}
	if seen != len(held) {
		t.Fatalf("%d records in the chains, want %d", seen, len(held))
	}
}
