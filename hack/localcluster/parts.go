package main

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
)

// stopComponent stops one component; the others go on, as they can.
func stopComponent(_ context.Context, c *cluster, args []string, _ io.Writer) error {
	d, err := c.component(args)
	if err != nil {
		return err
	}
	return d.stop(5 * time.Second)
}

// startComponent starts a component that was stopped.
func startComponent(ctx context.Context, c *cluster, args []string, _ io.Writer) error {
	d, err := c.component(args)
	if err != nil {
		return err
	}
	if d.running() == 0 {
		if err := d.start(); err != nil {
			return err
		}
	}
	client, err := c.client()
	if err != nil {
		return err
	}
	if ready := c.ready(client)[d.name]; ready != nil {
		return d.await(ctx, ready)
	}
	return nil
}

// component is the one that the arguments of a command name.
func (c *cluster) component(args []string) (daemon, error) {
	if len(args) != 1 || !slices.Contains(startOrder, args[0]) {
		return daemon{}, fmt.Errorf("want one component of: %s", strings.Join(startOrder, " "))
	}
	if !exists(c.dir) {
		return daemon{}, errDown
	}
	return c.daemon(args[0]), nil
}
