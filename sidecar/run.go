package sidecar

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/go-logr/logr"
)

// stopTimeout bounds the polite end of each part once the member has drained.
const stopTimeout = 5 * time.Second

// Run runs a member until ctx ends, lets it leave, and returns when every
// goroutine it started has ended. A part that fails ends the member.
func Run(ctx context.Context, cfg Config, log logr.Logger) error {
	n, err := newNode(ctx, cfg, log)
	if err != nil {
		return err
	}
	log.Info("member starts", "address", cfg.Address, "version", Version, "epoch", n.epoch, "admin", n.adminListener.Addr().String())
	parts := n.parts()
	failed := make(chan error, len(parts))
	for _, p := range parts {
		go func() { failed <- p.ended(p.run()) }()
	}
	running := len(parts)
	var errs []error
	select {
	case <-ctx.Done():
		errs = append(errs, n.leave(context.WithoutCancel(ctx)))
	case err := <-failed:
		errs = append(errs, err)
		running--
	}
	for _, p := range reversed(parts) {
		grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopTimeout)
		p.stop(grace)
		cancel()
	}
	for range running {
		errs = append(errs, <-failed)
	}
	log.Info("member has left")
	return errors.Join(errs...)
}

// part is something that runs until it is stopped.
type part struct {
	name string
	run  func() error
	stop func(context.Context)
}

// ended turns the way a part ended into what Run reports of it.
func (p part) ended(err error) error {
	if err == nil || errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return fmt.Errorf("%s: %w", p.name, err)
}

// until makes a part of something that runs until its context ends.
func until(name string, run func(context.Context) error) part {
	ctx, cancel := context.WithCancel(context.Background())
	return part{name: name, run: func() error { return run(ctx) }, stop: func(context.Context) { cancel() }}
}

// web makes a part of an HTTP server.
func web(name string, s *http.Server, l net.Listener) part {
	return part{
		name: name,
		run:  func() error { return s.Serve(l) },
		stop: func(ctx context.Context) {
			if s.Shutdown(ctx) != nil {
				_ = s.Close() // its time is over: whoever still asks is cut off
			}
		},
	}
}

// parts lists what a member is made of, in the order of starting. Stopping goes
// the other way round: first nobody new is let in, last the state goes.
func (n *node) parts() []part {
	return []part{
		web("admin port", n.admin, n.adminListener),
		until("push", n.hub.Run),
		until("push of patterns", n.fuzzy.Run),
		until("push over UDP", n.udpHub.Run),
		until("UDP port", n.udp.Run),
		until("replica", n.loop.Run),
		until("peers", n.keepPeers),
		until("settings", n.accord.Run),
		until("membership", n.watch.Run),
		{name: "gRPC ports", run: n.grpc.Serve, stop: n.grpc.Stop},
		web("HTTP port", n.http, n.httpListener),
		until("forwarding", n.keepForwarding),
		until("TLS files", n.guard.files.Run),
		until("terms", n.keepTerms),
		until("auth files", n.auth.run),
	}
}

// keepPeers lets the connections to peers live until ctx ends.
func (n *node) keepPeers(ctx context.Context) error {
	<-ctx.Done()
	n.v1.Close()
	n.peers.Close()
	return nil
}

// keepForwarding lets the connections for forwarded writes live until ctx ends.
func (n *node) keepForwarding(ctx context.Context) error {
	<-ctx.Done()
	n.api.Close()
	return nil
}

// keepTerms applies what is taken now to open connections until ctx ends.
func (n *node) keepTerms(ctx context.Context) error { return n.guard.follow(ctx, n.peers, n.grpc) }

func reversed(parts []part) []part {
	out := make([]part, 0, len(parts))
	for i := range parts {
		out = append(out, parts[len(parts)-1-i])
	}
	return out
}
