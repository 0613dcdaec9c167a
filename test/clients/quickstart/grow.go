package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"syscall"
	"time"

	"github.com/distro-naming/naming-operator/test/clients/sdk"
)

// grower is a client of the SDK and what it has published so far.
type grower struct {
	client *sdk.Client
	list   []sdk.Instance
}

// grow publishes one instance more every now and then, by its clients in turn,
// until ctx ends. It then says how many were acknowledged, and keeps them until
// it is interrupted once more. What is refused is tried again: applications do.
func grow(ctx context.Context, dir string, o options, out io.Writer) error {
	again := make(chan os.Signal, 2)
	signal.Notify(again, os.Interrupt, syscall.SIGTERM)
	growers := make([]grower, o.clients)
	for i := range growers {
		c, err := o.open(ctx, filepath.Join(dir, fmt.Sprintf("grower-%d", i)), o.member)
		if err != nil {
			return err
		}
		defer c.Close()
		growers[i].client = c
	}
	grown, refused := 0, 0
	tick := time.NewTicker(o.every)
	defer tick.Stop()
	for ctx.Err() == nil {
		if err := growers[grown%o.clients].add(o.service, heldInstance(grown)); err != nil {
			refused++
			fmt.Fprintln(out, err)
		} else if grown++; grown == o.clients {
			fmt.Fprintln(out, "ready")
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
		}
	}
	<-again // the one that ended ctx
	fmt.Fprintf(out, "%d refused\ngrown %d\n", refused, grown)
	<-again
	return nil
}

// add publishes i with all that was published before.
func (g *grower) add(service string, i sdk.Instance) error {
	list := append(slices.Clip(g.list), i)
	if err := g.client.RegisterAll(service, list); err != nil {
		return err
	}
	g.list = list
	return nil
}
