package distro

import (
	"slices"
	"testing"
	"time"

	"github.com/distro-naming/naming-operator/sidecar/naming"
)

// TestTrapsOfJavaPeers are what captured traffic of Java servers showed to go
// wrong between members, and what this one makes of it. Those of the messages are
// in package nacosgrpc.
func TestTrapsOfJavaPeers(t *testing.T) {
	const lease = 180 * time.Second
	given := mark("c1", java(peer, 3))
	traps := map[string]func(b bench){
		"a lost DELETE is made up for by the lease": func(b bench) {
			b.Offered(start, peer, given, direct)
			b.same("just before", b.expired(after(lease-time.Millisecond), "c1"), Reason(""))
			b.same("then", b.expired(after(lease), "c1"), LeaseEnded)
		},
		"a change renews the lease, which in Java only a VERIFY does": func(b bench) {
			b.Offered(start, peer, given, direct)
			b.Offered(after(time.Minute), peer, mark("c1", java(peer, 4)), direct)
			b.same("after the first lease", b.expired(after(lease), "c1"), Reason(""))
		},
		"a lost DELETE is made up for sooner when its owner verifies others": func(b bench) {
			b.Offered(start, peer, given, direct)
			b.Offered(start, peer, mark("c2", java(peer, 1)), direct)
			var reason Reason
			for d := time.Duration(0); d < time.Minute && reason == ""; d += 5 * time.Second {
				b.Compare(after(d), peer, []naming.Mark{mark("c2", java(peer, 1))})
				reason = b.expired(after(d), "c1")
			}
			b.same("within a minute", reason, OwnerForgets)
		},
		"revision 0 is any, of what is known": func(b bench) {
			any0 := []naming.Mark{mark("c1", java(peer, 0))}
			b.same("unknown", b.Compare(start, peer, any0), []naming.ClientID{"c1"})
			b.Offered(start, peer, given, direct)
			b.same("known", b.Compare(start, peer, any0), []naming.ClientID(nil))
		},
		"an empty client with revision 0 is one": func(b bench) {
			empty := mark("c1", java(peer, 0))
			b.Offered(start, peer, empty, direct)
			b.same("verified", b.Compare(start, peer, []naming.Mark{empty}), []naming.ClientID(nil))
		},
		"clients that beat are verified, or Java judges them by beats of long ago": func(b bench) {
			mine := beatOf(self)
			b.Local(start, mark(mine, at(self, 1)))
			verified := slices.ContainsFunc(b.run(after(time.Minute)), func(a Action) bool {
				v, ok := a.(Verify)
				return ok && slices.ContainsFunc(v.Marks, func(m naming.Mark) bool { return m.Client == mine })
			})
			b.same("verified", verified, true)
		},
		"a DELETE of what another member holds is no order": func(b bench) {
			b.Local(start, mark("own", at(self, 1)))
			b.same("of what is held here", b.Dropped(start, peer, "own", 0).Code, OwnedHere)
			b.Offered(start, far, mark("c2", java(far, 1)), direct)
			b.same("of what a third holds", b.Dropped(start, peer, "c2", 0).Code, Stale)
		},
	}
	for name, run := range traps {
		t.Run(name, func(t *testing.T) { run(ready(t, nil)) })
	}
}
