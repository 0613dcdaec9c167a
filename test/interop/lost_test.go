package interop

import (
	"errors"
	"fmt"
	"testing"
)

// TestVerifyRepairsWhatJavaLost has the Java server forget a client of ours
// behind our back. It says so when we verify, and is sent it again.
func TestVerifyRepairsWhatJavaLost(t *testing.T) {
	c := startCluster(t, "jo")
	java := c.javas[0].address()
	held := connect(t, c.ours[0].Address())
	held.register(service, at(80))
	c.requireListed(service, at(80))

	peer := connectTo(t, java, clusterPort, "cluster")
	until(t, "Java has lost it", func() error {
		must(t, peer.distro("DELETE", held.id))
		got, err := list(t.Context(), java, service, "")
		if err == nil && len(got) > 0 {
			err = fmt.Errorf("it lists %v", got)
		}
		return err
	})
	c.requireListed(service, at(80))
}

// TestVerifyRepairsWhatWeLost has a change by a client of the Java server vanish
// on the way to ours, as if it had arrived. When Java verifies, ours says that it
// does not know the client, and is sent it again.
func TestVerifyRepairsWhatWeLost(t *testing.T) {
	c := newCluster(t, "jo")
	way := standBetween(t, c.ours[0])
	c.javas[0].start(t)
	must(t, c.ours[0].Start(t.Context()))
	c.requireAcquainted()

	way.set(true)
	held := connect(t, c.javas[0].address())
	held.register(service, at(80))
	until(t, "a change was lost", func() error {
		if way.set(true) == 0 {
			return errors.New("none was sent")
		}
		return nil
	})
	way.set(false)
	c.requireListed(service, at(80))
	held.close()
	c.requireListed(service)
}

// distro tells a member something about a client in the name of another member.
func (c *client) distro(operation, id string) error {
	key := map[string]any{"resourceKey": id, "resourceType": "Nacos:Naming:v2:ClientData", "targetServer": c.address}
	data := map[string]any{"distroKey": key, "type": operation}
	return c.call("DistroDataRequest", map[string]any{"distroData": data, "dataOperation": operation, "module": "cluster"}, nil)
}
