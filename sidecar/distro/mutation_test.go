package distro_test

import (
	"testing"

	"github.com/distro-naming/naming-operator/sidecar/distro"
	"github.com/distro-naming/naming-operator/sidecar/distro/distrotest"
)

// A harness that finds nothing may be blind. So each law is broken on purpose,
// and some seed must end in a violation.
func TestTheSimulatorNoticesEveryBrokenLaw(t *testing.T) {
	const seeds = 150
	for name, mutation := range distro.Mutations {
		t.Run(name, func(t *testing.T) {
			for seed := range uint64(seeds) {
				if _, err := distrotest.Chaos(seed, distrotest.Steps, mutation); err != nil {
					t.Logf("seed %d: %.120v", seed, err)
					return
				}
			}
			t.Errorf("an engine that %s passes %d seeds", name, seeds)
		})
	}
}
