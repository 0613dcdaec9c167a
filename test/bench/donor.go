package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/distro-naming/naming-operator/sidecar/member"
	"github.com/distro-naming/naming-operator/sidecar/membership"
	"github.com/distro-naming/naming-operator/sidecar/nacosgrpc"
	"github.com/distro-naming/naming-operator/sidecar/naming"
	"github.com/distro-naming/naming-operator/sidecar/replica"
	"github.com/distro-naming/naming-operator/test/loopback"
)

// donor is a member in this process, made of the parts of a real one: so it can
// be filled with a million instances in moments.
type donor struct {
	loop  *replica.Loop
	list  string // the member list, a file
	self  member.Address
	bytes counter // to and from other members
	stop  func()
}

// startDonor starts a member on a port of loopback that is alone in its list.
func startDonor(ctx context.Context, dir string, port int, streams bool) (*donor, error) {
	d := &donor{
		list: filepath.Join(dir, "donor.conf"),
		self: member.Address(fmt.Sprintf("127.0.0.1:%d", port)),
	}
	if err := d.setList(1, port); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(ctx)
	cfg := membership.DefaultConfig()
	cfg.Self, cfg.Epoch, cfg.Version, cfg.File = d.self, time.Now().UnixMilli(), "2.5.1", d.list
	var peers *nacosgrpc.Peers
	watch := membership.New(cfg, quietLog, net.DefaultResolver, membership.Events{
		View: func(v member.View) { peers.SetPeers(v.Peers()); _ = d.loop.SetMembers(ctx, v) },
		Met: func(m membership.Meeting) {
			_ = d.loop.Incarnation(ctx, m.Peer, m.Epoch)
			if m.Introduced {
				peers.Redial(m.Peer)
			}
		},
		Clock: func(t int64) { _ = d.loop.ObserveClock(ctx, t) },
	}, func() bool { return true }, func() int64 { return d.loop.Clock() })
	calling := nacosgrpc.DefaultPeersConfig()
	calling.Stream, calling.Observer = streams, deaf{}
	calling.Streaming = func(peer member.Address, up bool) { _ = d.loop.Streams(ctx, peer, up) }
	peers = nacosgrpc.NewPeers(calling, countingRoutes{watch, &d.bytes})
	d.loop = replica.New(replica.DefaultConfig(d.self), quietLog, peers, deaf{}, func(naming.ServiceKey) {})
	serving := nacosgrpc.DefaultConfig()
	serving.Stream = streams
	var err error
	if serving.SDK, serving.Cluster, err = nacosgrpc.Listen("127.0.0.1", d.self); err != nil {
		cancel()
		return nil, err
	}
	serving.Cluster = countingListener{serving.Cluster, &d.bytes}
	server := nacosgrpc.NewServer(serving, nacosgrpc.Deps{
		Registrar: d.loop, Catalog: d.loop, Inbox: d.loop, Roster: watch, Stream: d.loop,
	})
	var parts sync.WaitGroup
	parts.Go(func() { _ = watch.Run(ctx) })
	parts.Go(func() { _ = d.loop.Run(ctx) })
	parts.Go(func() { _ = server.Serve() })
	d.stop = func() { cancel(); server.Stop(ctx); peers.Close(); parts.Wait() }
	if err := loopback.Until(ctx, "the donor serves", d.loaded); err != nil {
		return nil, errors.Join(err, ctx.Err())
	}
	return d, nil
}

var errLoading = errors.New("it is loading")

func (d *donor) loaded(context.Context) error {
	if !d.loop.Loaded() {
		return errLoading
	}
	return nil
}

// setList makes the members on these ports the cluster.
func (d *donor) setList(generation int, ports ...int) error {
	var text strings.Builder
	fmt.Fprintf(&text, "# generation: %d\n", generation)
	for _, port := range ports {
		fmt.Fprintf(&text, "127.0.0.1:%d\n", port)
	}
	if err := os.WriteFile(d.list, []byte(text.String()), 0o600); err != nil {
		return fmt.Errorf("write member list: %w", err)
	}
	return nil
}

// fill has p's clients connect and register, many at once.
func (d *donor) fill(ctx context.Context, p population) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	const writers = 16
	var all sync.WaitGroup
	for w := range writers {
		all.Go(func() {
			for c := w; c < p.clients && ctx.Err() == nil; c += writers {
				if err := d.client(ctx, p, c); err != nil {
					cancel(err)
				}
			}
		})
	}
	all.Wait()
	return context.Cause(ctx)
}

func (d *donor) client(ctx context.Context, p population, c int) error {
	if err := d.loop.Connect(ctx, clientID(c)); err != nil {
		return err
	}
	for i := range p.each {
		s := p.service(c, i)
		if err := d.loop.Register(ctx, clientID(c), s, []naming.Instance{p.instance(c, s)}, false); err != nil {
			return err
		}
	}
	return nil
}
