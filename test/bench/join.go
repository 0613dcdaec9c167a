package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/distro-naming/naming-operator/test/loopback"
)

// join has a fresh process join a member that holds much, and takes the time
// until it has loaded everything: its digest equals that of the other.
func join(ctx context.Context, l *lab) error {
	cases := []struct {
		streams bool
		how     string
		population
	}{
		{false, "V2 JSON", population{clients: l.count(100, 5), services: l.count(1000, 10), each: l.count(1000, 10)}},
		{false, "V2 JSON", population{clients: l.count(100_000, 50), services: l.count(1000, 10), each: 1}},
		{true, "stream", population{clients: l.count(100_000, 50), services: l.count(1000, 10), each: 1}},
		{true, "stream", population{clients: l.count(1_000_000, 50), services: l.count(10_000, 10), each: 1}},
	}
	for _, c := range cases {
		l.say("join by %s: %s", c.how, c.population)
		took, donorCPU, joinerCPU, err := l.joinOnce(ctx, c.population, c.streams)
		if err != nil {
			return err
		}
		l.row("join of a member that holds "+c.String()+", by "+c.how, "≤ 5 s", "%s until loaded, %s until equal; CPU %s of the donor, %s of the new member",
			millis(took.loaded), millis(took.equal), millis(donorCPU), millis(joinerCPU))
	}
	return nil
}

type joined struct{ loaded, equal time.Duration }

func (l *lab) joinOnce(ctx context.Context, p population, streams bool) (took joined, donorCPU, joinerCPU time.Duration, err error) {
	program, err := l.program(ctx)
	if err != nil {
		return took, 0, 0, err
	}
	ports, err := loopback.Ports(ctx, 2)
	if err != nil {
		return took, 0, 0, err
	}
	d, err := startDonor(ctx, l.dir, ports[0], streams)
	if err != nil {
		return took, 0, 0, err
	}
	defer d.stop()
	if err := d.fill(ctx, p); err != nil {
		return took, 0, 0, fmt.Errorf("fill the donor: %w", err)
	}
	if err := d.setList(2, ports...); err != nil {
		return took, 0, 0, err
	}
	before, err := cpu(os.Getpid())
	if err != nil {
		return took, 0, 0, err
	}
	m := loopback.NewMember(program, d.list, filepath.Join(l.dir, "joiner.log"), ports[1])
	took, err = d.await(ctx, m)
	after, _ := cpu(os.Getpid())
	joinerCPU, _ = cpu(m.PID())
	return took, after - before, joinerCPU, errors.Join(err, m.Kill())
}

// await starts m and waits until it holds what d holds.
func (d *donor) await(ctx context.Context, m *loopback.Member) (took joined, err error) {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Minute)
	defer cancel()
	began := time.Now()
	if err := m.Start(ctx); err != nil {
		return took, err
	}
	if err := m.WaitReady(ctx); err != nil {
		return took, err
	}
	took.loaded = time.Since(began)
	err = loopback.Until(ctx, "the digests are equal", func(ctx context.Context) error {
		theirs, err := m.Status(ctx)
		if err != nil {
			return err
		}
		ours, err := d.loop.Stats(ctx)
		if err == nil && ours.Digest != theirs.Digest {
			err = fmt.Errorf("%.8s of %d clients, here %.8s of %d", theirs.Digest, theirs.Clients, ours.Digest, ours.Clients)
		}
		return err
	})
	took.equal = time.Since(began)
	return took, err
}
