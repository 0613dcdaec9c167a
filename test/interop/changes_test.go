package interop

import (
	"testing"
)

const service = "greeter"

// TestChangesReachTheOtherSide has clients of each side publish, change and
// withdraw by gRPC, and die. The other side lists and pushes all of it.
func TestChangesReachTheOtherSide(t *testing.T) {
	c := startCluster(t, "jo")
	java, ours := c.javas[0].address(), c.ours[0].Address()
	for name, side := range map[string]struct{ from, to string }{
		"from Java to ours": {java, ours},
		"from ours to Java": {ours, java},
	} {
		t.Run(name, func(t *testing.T) {
			publisher, reader := connect(t, side.from), connect(t, side.to)
			reader.subscribe(service)
			first, second := at(80), at(81)

			publisher.register(service, first)
			c.requireListed(service, first)
			reader.requirePushed(first)

			publisher.register(service, first.changed())
			c.requireListed(service, first.changed())
			reader.requirePushed(first.changed())

			publisher.register("another", second)
			c.requireListed("another", second)
			c.requireListed(service, first.changed())

			publisher.deregister(service, first)
			c.requireListed(service)
			reader.requirePushed()

			publisher.register(service, first)
			reader.requirePushed(first)
			publisher.close()
			c.requireListed(service)
			c.requireListed("another")
			reader.requirePushed()
		})
	}
}
