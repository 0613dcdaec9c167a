package replica

import (
	"errors"
	"slices"
	"testing"

	"github.com/distro-naming/naming-operator/sidecar/limits"
	"github.com/distro-naming/naming-operator/sidecar/naming"
)

// What one client publishes is bounded, and so is how many there are; what it had
// it may go on with.
func TestWhatClientsPublishIsLimited(t *testing.T) {
	inCluster(t, func(c *cluster) {
		a := c.loops[memberA]
		a.cfg.Limits.Services, a.cfg.Limits.Instances, a.cfg.Limits.Clients = 2, 5, 2
		publish := func(client naming.ClientID, name string, n int) string {
			c.t.Helper()
			s := naming.ServiceKey{Namespace: "public", Group: "g", Name: name}
			err := a.Register(c.t.Context(), client, s, slices.Repeat([]naming.Instance{instance("10.0.0.1")}, n), n > 1)
			var over *limits.Over
			switch {
			case err == nil:
				return ""
			case !errors.As(err, &over):
				c.t.Fatal(err)
			}
			return over.Limit
		}
		for _, client := range []naming.ClientID{"1_x_1", "1_x_2", "1_x_3"} {
			if err := a.Connect(c.t.Context(), client); err != nil {
				c.t.Fatal(err)
			}
		}
		steps := []struct {
			client naming.ClientID
			name   string
			n      int
			limit  string
		}{
			{"1_x_1", "s", 1, ""},
			{"1_x_1", "t", 3, ""},
			{"1_x_1", "u", 1, limits.Services},
			{"1_x_1", "t", 5, limits.Instances},
			{"1_x_1", "t", 4, ""},
			{"1_x_1", "t", 4, ""},
			{"1_x_2", "s", 6, limits.Instances},
			{"1_x_2", "s", 1, ""},
			{"1_x_3", "s", 1, limits.Clients},
			{"10.0.0.9:80#true", "s", 1, limits.Clients},
			{"1_x_2", "s", 2, ""},
		}
		for i, s := range steps {
			if got := publish(s.client, s.name, s.n); got != s.limit {
				t.Errorf("step %d: over %q, want %q", i, got, s.limit)
			}
		}
	}, memberA)
}
