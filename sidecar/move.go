package sidecar

import (
	"context"
	"errors"
	"fmt"
	"math"

	"github.com/distro-naming/naming-operator/sidecar/admin"
	"github.com/distro-naming/naming-operator/sidecar/member"
)

var errNowhere = errors.New("move: no other member serves clients: they would only come back")

// move asks clients, the oldest first, to go to another member: so many, or all
// with 0; to the one named, or with "" to any that serves. Who lists only the
// client Service chooses by itself and may come back. The member goes on serving.
func (n *node) move(ctx context.Context, clients int, to string) (admin.Moved, error) {
	ctx, cancel := context.WithTimeout(ctx, n.cfg.DrainTimeout)
	defer cancel()
	if !n.anyPeerUp() {
		return admin.Moved{}, errNowhere
	}
	targets := moveTargets(n.cfg.Address, n.watch.Peers())
	if to != "" {
		if !n.watch.Lists(member.Address(to)) || to == string(n.cfg.Address) {
			return admin.Moved{}, fmt.Errorf("move: %s is not another member: to must be host:port as it stands in the member list", to)
		}
		targets = []member.Address{member.Address(to)}
	}
	if clients == 0 {
		clients = math.MaxInt
	}
	asked, agreed := n.grpc.Reset(ctx, clients, targets)
	n.log.Info("clients asked to move", "asked", asked, "agreed", agreed, "targets", targets)
	return admin.Moved{Asked: asked, Agreed: agreed}, nil
}
