package distro

import (
	"testing"

	"github.com/distro-naming/naming-operator/sidecar/member"
	"github.com/distro-naming/naming-operator/sidecar/naming"
)

// The examples are those of the gRPC page, 5.8.
func TestRingOwnerIsJavas(t *testing.T) {
	tests := map[string]struct {
		tag   string
		hash  int32
		index int
	}{
		"a negative hash":               {"10.0.0.1:8080", -1643343804, 0},
		"a positive hash":               {"192.168.1.10:9000", 189704630, 2},
		"another negative hash":         {"10.0.0.2:8080", -1614714653, 2},
		"the lowest hash":               {"polygenelubricants", -2147483648, 1},
		"utf-16 units, not code points": {"\U0001F600", 1772899, 1772899 % 3},
		"an empty tag":                  {"", 0, 0},
	}
	ring := []member.Address{"a:8848", "b:8848", "c:8848"}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			if got := naming.JavaHash(tc.tag); got != tc.hash {
				t.Errorf("naming.JavaHash(%q) = %d, want %d", tc.tag, got, tc.hash)
			}
			owner, ok := RingOwner(ring, naming.ClientID(tc.tag+"#true"))
			if !ok || owner != ring[tc.index] {
				t.Errorf("RingOwner(%q) = %s, %t, want %s", tc.tag, owner, ok, ring[tc.index])
			}
		})
	}
}

func TestOwner(t *testing.T) {
	b := ready(t, nil)
	b.Local(start, mark("own", at(self, 1)))
	b.Offered(start, peer, mark("theirs", at(peer, 1)), direct)
	tests := map[string]struct {
		client naming.ClientID
		owner  member.Address
		known  bool
		owns   bool
	}{
		"a connection held here":           {"own", self, true, true},
		"a connection held by a peer":      {"theirs", peer, true, false},
		"an unknown connection":            {"unknown", "", false, false},
		"a beat of this member's share":    {beatOf(self), self, true, true},
		"a beat of another member's share": {beatOf(far), far, true, false},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			owner, known := b.Owner(tc.client)
			if owner != tc.owner || known != tc.known || b.Owns(tc.client) != tc.owns {
				t.Errorf("Owner(%s) = %s, %t, Owns %t", tc.client, owner, known, b.Owns(tc.client))
			}
		})
	}
}

func TestAMemberThatIsNotListedClaimsNothing(t *testing.T) {
	b := ready(t, nil)
	mine := beatOf(self)
	b.Local(start, mark(mine, at(self, 1)))
	b.Members(start, member.NewView(self, member.NewList(2, []member.Address{peer, far}, nil), nil))
	if b.Owns(mine) {
		t.Errorf("owns %s though it is not listed", mine)
	}
	b.Members(start, member.NewView(self, member.List{}, nil))
	if _, known := b.Owner(mine); known {
		t.Errorf("an empty ring names an owner")
	}
}

// The examples are those of the HTTP page, 6.10.
func TestServiceOwnerIsJavas(t *testing.T) {
	rings := map[int][]member.Address{2: {"a:1", "b:1"}, 3: {"a:1", "b:1", "c:1"}, 5: {"a:1", "b:1", "c:1", "d:1", "e:1"}}
	tests := map[string]map[int]int{
		"nacos.test.1":               {2: 0, 3: 0, 5: 3},
		"svc":                        {2: 1, 3: 2, 5: 2},
		"providers:com.foo.Bar:1.0:": {2: 0, 3: 1, 5: 0},
	}
	for name, want := range tests {
		t.Run(name, func(t *testing.T) {
			for n, index := range want {
				s := naming.ServiceKey{Namespace: "any", Group: naming.DefaultGroup, Name: name}
				if owner, ok := ServiceOwner(rings[n], s); !ok || owner != rings[n][index] {
					t.Errorf("of %d members %s owns it, want %s", n, owner, rings[n][index])
				}
			}
		})
	}
	if _, ok := ServiceOwner(nil, naming.ServiceKey{}); ok {
		t.Error("an empty ring names an owner")
	}
}
