package nacosv1

import (
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/distro-naming/naming-operator/sidecar/member"
	"github.com/distro-naming/naming-operator/sidecar/naming"
)

// tidyWithin bounds the tidying up after a member has changed its ways: later
// what it holds has expired.
const tidyWithin = 30 * time.Second

// part has a member that begins to replicate as 1.x does forget the clients of
// this one. Nobody would renew them, and as long as it counts more instances by
// clients than by services it does not return.
func (x *Exchange) part(ctx context.Context, a member.Address) {
	if own, err := x.deps.Catalog.OwnClients(ctx); err == nil { // otherwise this member stops
		x.forgetAll(ctx, a, own)
	}
}

// tidy has a member that has left the protocol of 1.x forget the clients that it
// made, by their addresses, of instances whose connections are held here: it
// would list them beside the connections themselves.
func (x *Exchange) tidy(ctx context.Context, a member.Address) {
	own, err := x.deps.Catalog.Own(ctx, x.deps.Catalog.AllServices())
	if err != nil {
		return // this member stops
	}
	left := map[naming.ClientID]bool{}
	for _, o := range own {
		for _, i := range o.Held {
			left[naming.BeatClient(i.IP, i.Port)] = true
		}
	}
	x.forgetAll(ctx, a, slices.Sorted(maps.Keys(left)))
}

// forgetAll has a member forget clients, a few at a time. It may have to be
// connected first, by the other protocol.
func (x *Exchange) forgetAll(ctx context.Context, a member.Address, clients []naming.ClientID) {
	ctx, cancel := context.WithTimeout(ctx, tidyWithin)
	defer cancel()
	var calls sync.WaitGroup
	defer calls.Wait()
	places := make(chan struct{}, x.cfg.InFlight)
	for _, c := range clients {
		places <- struct{}{}
		calls.Go(func() {
			defer func() { <-places }()
			for x.deps.Forget(ctx, a, c, 0) != nil {
				if !sleep(ctx, x.cfg.RetryFrom) {
					return
				}
			}
		})
	}
}
