package sidecar

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/distro-naming/naming-operator/sidecar/member"
	"github.com/distro-naming/naming-operator/sidecar/membership"
)

// Shares of the time that leaving may take.
const (
	announceFor = 2500 * time.Millisecond // peers hear of it with the next report, every 2 s
	movePoll    = 100 * time.Millisecond
)

// leave hands the member over: it is no longer ready, takes no new clients,
// asks those it has to move, makes sure that peers hold all it knows, and waits
// until its clients have gone or the drain timeout ends. What its clients
// published stays listed everywhere until they register elsewhere. Leaving
// twice is leaving once; whoever asks waits for the end.
func (n *node) leave(ctx context.Context) error {
	n.leaveOnce.Do(func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), n.cfg.DrainTimeout)
		defer cancel()
		n.leaveErr = n.handOver(ctx)
	})
	return n.leaveErr
}

func (n *node) handOver(ctx context.Context) error {
	began := time.Now()
	n.watch.Drain()
	n.grpc.Drain()
	n.api.Drain()
	n.log.Info("draining", "clients", n.grpc.Clients())
	n.accord.All(ctx)
	if err := n.loop.Flush(ctx); err != nil {
		return n.drained(began, err)
	}
	if n.anyPeerUp() {
		waitUntil(ctx, began.Add(announceFor)) // what peers know of us decides what becomes of who moves
		targets := moveTargets(n.cfg.Address, n.watch.Peers())
		asked := n.grpc.ResetAll(ctx, targets)
		n.waitForMoves(ctx)
		n.log.Info("clients asked to move", "asked", asked, "targets", targets, "stayed", n.grpc.Clients())
	}
	return n.drained(began, n.loop.Flush(ctx))
}

// anyPeerUp reports whether there is somewhere to move to.
func (n *node) anyPeerUp() bool {
	return slices.ContainsFunc(n.watch.Peers(), func(p membership.PeerStatus) bool { return p.State == member.Up })
}

// moveTargets returns the members that a client may be told to go to: those that
// serve clients now.
//
// An SDK goes there only when its own list has the target's host, so it is led
// to no address that it was not meant to reach; one that lists the client
// Service chooses by itself, and the Service names ready members only. But the
// SDKs compare hosts without ports, so where members share a host, as on a
// laptop, none is named: they could be led back here.
func moveTargets(self member.Address, peers []membership.PeerStatus) []member.Address {
	hosts := map[string]int{self.Host(): 1}
	for _, p := range peers {
		hosts[p.Address.Host()]++
	}
	var out []member.Address
	for _, p := range peers {
		if p.State == member.Up && p.Ready && hosts[p.Address.Host()] == 1 {
			out = append(out, p.Address)
		}
	}
	return out
}

// waitForMoves waits until no client is connected any more. Who stays moves
// when the connections are cut.
func (n *node) waitForMoves(ctx context.Context) {
	tick := time.NewTicker(movePoll)
	defer tick.Stop()
	for n.grpc.Clients() > 0 {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// waitUntil waits until at, or until ctx ends.
func waitUntil(ctx context.Context, at time.Time) {
	timer := time.NewTimer(time.Until(at))
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}

func (n *node) drained(began time.Time, err error) error {
	if errors.Is(err, context.DeadlineExceeded) {
		n.log.Info("drain deadline passed; peers repair the rest from what they hold", "took", time.Since(began).String())
		return nil
	}
	if err == nil {
		n.log.Info("drained", "took", time.Since(began).String())
	}
	return err
}
