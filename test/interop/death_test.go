package interop

import (
	"errors"
	"syscall"
	"testing"

	"github.com/distro-naming/naming-operator/test/loopback"
)

// TestJavaDiesAndReturns: what changed meanwhile is there when it is back, what
// it held is not.
func TestJavaDiesAndReturns(t *testing.T) {
	c := startCluster(t, "joo") // of two, the one that is left would not know which of them is cut off
	java, ours := c.javas[0], c.ours[0].Address()
	lost, held, leaving := connect(t, java.address()), connect(t, ours), connect(t, ours)
	lost.register(service, at(80))
	held.register(service, at(81))
	leaving.register(service, at(82))
	c.requireListed(service, at(80), at(81), at(82))

	java.kill(t)
	held.register(service, at(81).changed())
	leaving.close()
	held.register("another", at(83))
	c.requireListed(service, at(81).changed()) // the lost client's lease has ended
	c.requireListed("another", at(83))

	java.start(t)
	c.requireAcquainted()
	c.requireListed(service, at(81).changed())
	held.deregister(service, at(81))
	c.requireListed(service)
}

// TestJavaIsNotGivenItsOwnDead: of two members, the one that is left keeps the
// clients of the other. Back again, the Java server must not load them from ours
// as if somebody held them, and ours must see that nobody does.
func TestJavaIsNotGivenItsOwnDead(t *testing.T) {
	c := startCluster(t, "jo")
	java, ours := c.javas[0], c.ours[0].Address()
	lost, held := connect(t, java.address()), connect(t, ours)
	lost.register(service, at(80))
	held.register(service, at(81))
	c.requireListed(service, at(80), at(81))
	java.kill(t)
	java.start(t)
	c.requireAcquainted()
	c.requireListed(service, at(81))
}

// TestWeDieAndReturn: the Java server, which believes our clients to be there
// for three minutes, gives ours all it knows, and then learns again from us.
func TestWeDieAndReturn(t *testing.T) {
	c := startCluster(t, "jo")
	java, ours := c.javas[0].address(), c.ours[0]
	before, held, leaving := connect(t, ours.Address()), connect(t, java), connect(t, java)
	before.register(service, at(80))
	held.register(service, at(81))
	leaving.register(service, at(82))
	c.requireListed(service, at(80), at(81), at(82))

	must(t, ours.Kill())
	held.register(service, at(81).changed())
	leaving.close()
	c.requireListed(service, at(80), at(81).changed())

	must(t, ours.Start(t.Context()))
	c.requireAcquainted()
	c.requireListed(service, at(80), at(81).changed())
	after := connect(t, ours.Address()) // the client reconnects
	after.register("another", at(83))
	c.requireListed("another", at(83))
	after.close()
	c.requireListed("another")
}

// TestSlowMembers stops a member without ending it: the others go on, and it
// catches up.
func TestSlowMembers(t *testing.T) {
	c := startCluster(t, "joo")
	for name, slow := range map[string]struct {
		address string
		pid     int
	}{
		"Java": {c.javas[0].address(), c.javas[0].process.Process.Pid},
		"ours": {c.ours[0].Address(), c.ours[0].PID()},
	} {
		t.Run(name, func(t *testing.T) {
			awake := c.ours[1].Address()
			gone, held := connect(t, awake), connect(t, awake)
			gone.register(service, at(80))
			c.requireListed(service, at(80))

			must(t, syscall.Kill(slow.pid, syscall.SIGSTOP))
			held.register(service, at(81))
			gone.close()
			c.requireListedAt(awake, service, at(81))
			held.register(service, at(81).changed())
			c.requireListedAt(awake, service, at(81).changed())
			c.requireDoubted(c.ours[1], slow.address)
			must(t, syscall.Kill(slow.pid, syscall.SIGCONT))

			c.requireAcquainted()
			c.requireListed(service, at(81).changed())
			held.close()
			c.requireListed(service)
		})
	}
}

// requireDoubted waits until the member no longer believes the other to be UP.
func (c *cluster) requireDoubted(o *loopback.Member, address string) {
	c.t.Helper()
	until(c.t, o.Name+" doubts "+address, func() error {
		status, err := o.Status(c.t.Context())
		if err != nil {
			return err
		}
		for _, p := range status.Peers {
			if p.Member == address && p.State == "UP" {
				return errors.New("it is UP")
			}
		}
		return nil
	})
}
