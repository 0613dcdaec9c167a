package distro

import (
	"testing"

	"github.com/distro-naming/naming-operator/sidecar/naming"
)

func TestWhatAPeerLacksIsSentByItsOwner(t *testing.T) {
	b := ready(t, nil)
	b.Local(start, mark("own", at(self, 1)))
	b.deliveries(start, peer, nil)
	b.deliveries(start, far, nil)
	b.Offered(start, far, mark("foreign", at(far, 1)), true)
	all := []naming.ClientID{"foreign", "own", "unknown"}
	b.Lacks(start, peer, all)
	b.Lacks(start, "stranger:8848", all)
	b.same("to the peer", b.deliveries(start, peer, nil), []string{"send own"})
	b.same("to the other", b.deliveries(start, far, nil), []string(nil))
}
