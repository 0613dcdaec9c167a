package interop

import (
	"fmt"
	"sync"
	"testing"

	"github.com/nacos-group/nacos-sdk-go/v2/common/constant"

	"github.com/distro-naming/naming-operator/test/clients/sdk"
)

// TestOfficialSDK has the official Go SDK register at one side and read at the
// other, as 2.x replicates.
func TestOfficialSDK(t *testing.T) {
	c := startCluster(t, "jo")
	java, ours := c.javas[0].address(), c.ours[0].Address()
	for name, side := range map[string]struct{ from, to string }{
		"from Java to ours": {java, ours},
		"from ours to Java": {ours, java},
	} {
		t.Run(name, func(t *testing.T) {
			publisher, die := open(t, side.from)
			reader, _ := open(t, side.to)
			lists, err := reader.Watch(service)
			must(t, err)
			one := sdk.Instance{IP: "192.0.2.1", Port: 80, Weight: 2, Healthy: true, Metadata: map[string]string{"zone": "a"}}
			must(t, publisher.Register(service, one))
			requireWatched(t, lists, one)
			one.Weight = 3
			must(t, publisher.Register(service, one))
			requireWatched(t, lists, one)
			c.in(t).requireListed(service, instance{IP: one.IP, Port: 80, Weight: 3, Healthy: true, Metadata: one.Metadata})
			die()
			requireWatched(t, lists)
			c.in(t).requireListed(service)
		})
	}
}

func open(t *testing.T, address string, options ...constant.ClientOption) (c *sdk.Client, die func()) {
	t.Helper()
	c, err := sdk.Open(t.TempDir(), address, options...)
	must(t, err)
	die = sync.OnceFunc(c.Close)
	t.Cleanup(die)
	return c, die
}

// requireWatched waits until exactly want has been handed to a user of the SDK.
func requireWatched(t *testing.T, lists <-chan []sdk.Instance, want ...sdk.Instance) {
	t.Helper()
	wanted := fmt.Sprint(want)
	var last []sdk.Instance
	until(t, "the SDK shows "+wanted, func() error {
		select {
		case last = <-lists:
		default:
		}
		if fmt.Sprint(last) != wanted {
			return fmt.Errorf("it showed %v", last)
		}
		return nil
	})
}
