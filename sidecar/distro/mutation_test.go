package distro_test

import (
	"errors"
	"testing"

	"github.com/distro-naming/naming-operator/sidecar/distro"
	"github.com/distro-naming/naming-operator/sidecar/distro/distrotest"
)

// A harness that finds nothing may be blind. So the engine is made wrong on
// purpose, in one way after the other, and the simulator must notice each and
// say which law is broken:
//
//	immunity           its own clients get a lease, and end by it
//	monotonic          versions are forgotten, so that older copies are taken
//	no resurrection    a tombstone does not say at which version a client ended
//	one owner          a replica is taken for its own; its own is taken for a replica
//	same as the model  a record counts twice in the digest; the digest shown is
//	                   another one; a version is mistaken
//	bounded            any number of messages is under way to one peer
//	only within reach  every peer is taken for reachable
//	time moves on      what is due is left undone
//	loaded is true     loaded before anyone has answered; after the first answer
//	patience           leases are short; an owner out of reach is taken for dead
//	restraint          all clients of an owner end at once
//	brake              in a partition leases end
//	complete           changes are not told; nothing is verified; what a digest
//	                   finds different is not detailed
//	agreement          every client that beats is claimed
//	no zombies         an end that was lost is not told again; leases never end, or
//	                   not after a restart; digests that differ confirm what differs
//	quiet              what is alike is sent again at every verify
//
// The law "no invention" is about content, which an engine never sees.
func TestTheSimulatorNamesEveryBrokenLaw(t *testing.T) {
	t.Parallel()
	const seeds = 300
	for _, m := range distro.Mutations {
		t.Run(m.Name, func(t *testing.T) {
			t.Parallel()
			others := map[distrotest.Law]int{}
			for seed := m.Seed; seed < m.Seed+seeds; seed++ {
				_, err := distrotest.Chaos(seed, distrotest.Steps, m.Break)
				broken := new(distrotest.Broken)
				if !errors.As(err, &broken) {
					continue
				}
				if string(broken.Law) == m.Law {
					t.Logf("seed %d: %.120v", seed, err)
					return
				}
				others[broken.Law]++
			}
			t.Errorf("an engine that %s passes %d seeds without breaking %q; others: %v", m.Name, seeds, m.Law, others)
		})
	}
}
