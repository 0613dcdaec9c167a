package nacosv1

import (
	"sync"

	"github.com/distro-naming/naming-operator/sidecar/naming"
	"github.com/distro-naming/naming-operator/sidecar/wire"
)

// sums remembers the checksums of views, so that each is taken once.
type sums struct {
	mu   sync.Mutex
	held map[naming.ServiceKey]summed
}

type summed struct {
	view          *naming.View
	list, service string
}

func (c *sums) of(v *naming.View) summed {
	c.mu.Lock()
	held := c.held[v.Service]
	c.mu.Unlock()
	if held.view == v {
		return held
	}
	d := wire.NewDatum(v.Service, v.Hosts)
	held = summed{view: v, list: d.Checksum(), service: d.ServiceChecksum()}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.held == nil {
		c.held = map[naming.ServiceKey]summed{}
	}
	c.held[v.Service] = held
	return held
}

// trim forgets all when there is much more than n services need.
func (c *sums) trim(n int) {
	const slack = 1024
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.held) > 2*n+slack {
		clear(c.held)
	}
}
