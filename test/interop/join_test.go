package interop

import (
	"net/http"
	"slices"
	"testing"
)

// publishBothWays has the member publish for one gRPC client and for HTTP
// clients, some of which the other member will own, and returns all instances.
// It returns when the member lists them.
func (c *cluster) publishBothWays(address string, port int) (*client, []instance) {
	c.t.Helper()
	held := connect(c.t, address)
	published := []instance{at(port)}
	held.register(service, published[0])
	for i := range 6 {
		one := at(port + 1 + i).lasting()
		write(c.t, http.MethodPost, address, one.form(service))
		published = append(published, one)
	}
	c.requireListedAt(address, service, published...)
	return held, published
}

// TestWeLoadFromJava: when ours says that it is ready it lists everything that
// the Java server had, and not only some time later.
func TestWeLoadFromJava(t *testing.T) {
	c := newCluster(t, "oj")
	java, ours := c.javas[0], c.ours[0]
	java.start(t)
	_, published := c.publishBothWays(java.address(), 80)

	must(t, ours.Start(t.Context()))
	must(t, ours.WaitReady(t.Context()))
	got, err := list(t.Context(), ours.Address(), service, "")
	if err != nil || !slices.Equal(got, texts(published)) {
		t.Errorf("ready and lists %v, want %v (%v)", got, texts(published), err)
	}
	c.requireAcquainted()
	c.requireListed(service, published...)
}

// TestJavaLoadsFromUs: a Java server takes its first snapshot from the lowest
// address, which is ours.
func TestJavaLoadsFromUs(t *testing.T) {
	c := newCluster(t, "oj")
	java, ours := c.javas[0], c.ours[0]
	must(t, ours.Start(t.Context()))
	must(t, ours.WaitReady(t.Context()))
	held, published := c.publishBothWays(ours.Address(), 80)

	java.start(t)
	c.requireAcquainted()
	c.requireListed(service, published...)

	held.close()
	c.requireListed(service, published[1:]...)
}

// TestTwoOfOursAndTwoOfTheirs: four members, every one of them publishes.
func TestTwoOfOursAndTwoOfTheirs(t *testing.T) {
	c := startCluster(t, "ojjo")
	var published []instance
	var clients []*client
	for i, m := range c.members() {
		clients = append(clients, connect(t, m))
		one := at(80 + i)
		clients[i].register(service, one)
		published = append(published, one)
	}
	c.requireListed(service, published...)
	for i, held := range clients {
		held.close()
		c.requireListed(service, published[i+1:]...)
	}
}
