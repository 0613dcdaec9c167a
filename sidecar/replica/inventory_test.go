package replica

import (
	"testing"
	"time"

	"github.com/distro-naming/naming-operator/sidecar/naming"
)

// What members tell about one client, for who compares them.
func TestMembersTellTheSameOfAClient(t *testing.T) {
	inCluster(t, func(c *cluster) {
		c.connect(memberA, "1_x_1", instance("10.0.0.1"))
		elapse(time.Second)
		var digests []string
		for on, loop := range c.loops {
			listed, err := loop.Listed(c.t.Context(), web)
			if err != nil || len(listed) != 1 || listed[0].Owner != memberA || listed[0].Client != "1_x_1" {
				t.Errorf("%s lists %+v, %v: want the client 1_x_1 of %s", on, listed, err, memberA)
			}
			holdings, err := loop.Holdings(c.t.Context())
			if err != nil || len(holdings) != 1 || holdings[0].Clients != 1 {
				t.Fatalf("%s holds %+v, %v: want one client", on, holdings, err)
			}
			digests = append(digests, holdings[0].Digest)
			if held := allOf(c.t, loop, holdings[0]); len(held) != 1 || held[0].Stamp != listed[0].Stamp {
				t.Errorf("%s holds %+v, and lists the stamp %+v", on, held, listed)
			}
		}
		if digests[0] != digests[1] {
			t.Errorf("digests of %s differ: %v", memberA, digests)
		}
	}, memberA, memberB)
}

// allOf returns what is held in the buckets that are not empty.
func allOf(t *testing.T, loop *Loop, h naming.Holding) (out []naming.Held) {
	t.Helper()
	for i, d := range h.Buckets {
		if d == "00000000000000000000000000000000" {
			continue
		}
		held, err := loop.Held(t.Context(), h.Owner, []uint8{uint8(i)})
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, held...)
	}
	return out
}
