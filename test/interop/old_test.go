package interop

import (
	"net/http"
	"testing"
)

// spread returns services of which, by their names, each member of any cluster
// owns some.
var spread = []string{"alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta"}

// TestOldChangesReachTheOtherSide has HTTP clients publish, change and withdraw
// at each side, in services that either owns, while the Java server replicates as
// Nacos 1.x does.
func TestOldChangesReachTheOtherSide(t *testing.T) {
	c := startCluster(t, "vo")
	for i, m := range c.members() {
		for k, s := range spread {
			write(t, http.MethodPost, m, at(80+10*i+k).form(s))
		}
	}
	for k, s := range spread {
		c.requireListed(s, at(80+k), at(90+k))
	}
}
