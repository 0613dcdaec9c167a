package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/distro-naming/naming-operator/test/clients/sdk"
)

// hold publishes count instances, divided among so many clients, and keeps them
// until ctx ends. Each client may connect to any of the members.
func hold(ctx context.Context, dir string, o options, out io.Writer) error {
	shares := make([][]sdk.Instance, o.clients)
	for i := range o.count {
		shares[i%o.clients] = append(shares[i%o.clients], heldInstance(i))
	}
	for i, share := range shares {
		c, err := o.open(ctx, filepath.Join(dir, fmt.Sprintf("holder-%d", i)), o.member)
		if err != nil {
			return err
		}
		defer c.Close()
		if err := c.RegisterAll(o.service, share); err != nil {
			return err
		}
	}
	fmt.Fprintf(out, "%d clients hold %d instances of %s on %s\nready\n", o.clients, o.count, o.service, o.member)
	<-ctx.Done()
	return nil
}

func heldInstance(i int) sdk.Instance {
	return sdk.Instance{IP: fmt.Sprintf("192.0.2.%d", 1+i%250), Port: uint64(10_000 + i/250)} //nolint:gosec // small
}

var errShrank = errors.New("a living instance vanished")

// watch follows the list of one member. It succeeds when ctx ends, unless the
// list shrank after it had once been complete.
func watch(ctx context.Context, dir string, o options, out io.Writer) error {
	c, err := o.open(ctx, dir, o.member)
	if err != nil {
		return err
	}
	defer c.Close()
	lists, err := c.Watch(o.service)
	if err != nil {
		return err
	}
	known, complete := map[string]bool{}, false
	for {
		select {
		case <-ctx.Done():
			fmt.Fprintf(out, "done: %d instances\n", len(known))
			return nil
		case list := <-lists:
			now := map[string]bool{}
			for _, i := range list {
				now[shown(i)] = true
			}
			fmt.Fprintf(out, "%s %d instances%s\n", time.Now().UTC().Format("15:04:05.000"), len(now), difference(known, now))
			if complete && len(now) < o.count {
				return fmt.Errorf("%w from %s: %d of %d are left", errShrank, o.member, len(now), o.count)
			}
			if !complete && len(now) >= o.count {
				complete = true
				fmt.Fprintln(out, "ready")
			}
			known = now
		}
	}
}

// shown is an instance as watch writes it: its endpoint, and its weight unless that is 1.
func shown(i sdk.Instance) string {
	if i.Weight == 1 {
		return i.Endpoint()
	}
	return fmt.Sprintf("%s*%v", i.Endpoint(), i.Weight)
}

// difference names what was added and removed.
func difference(before, after map[string]bool) string {
	var b strings.Builder
	for _, endpoint := range slices.Sorted(maps.Keys(after)) {
		if !before[endpoint] {
			b.WriteString(" +" + endpoint)
		}
	}
	for _, endpoint := range slices.Sorted(maps.Keys(before)) {
		if !after[endpoint] {
			b.WriteString(" -" + endpoint)
		}
	}
	return b.String()
}
