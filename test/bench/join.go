package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"github.com/distro-naming/naming-operator/test/loopback"
)

// join has a fresh process join a member that holds much, and takes the time
// until it has loaded everything: its digest equals that of the other.
func join(ctx context.Context, l *lab) error {
	n := l.count(1000, 10)
	cases := []struct {
		streams bool
		population
	}{
		{true, population{clients: l.count(1000, 5), services: n, each: n}},
		{true, population{clients: l.count(1_000_000, 50), services: n, each: 1}},
		{false, population{clients: l.count(100, 5), services: n, each: n}},
		{false, population{clients: l.count(100_000, 50), services: n, each: 1}},
	}
	for _, c := range cases {
		l.say("join: %s, by %s", c.population, transport(c.streams))
		took, err := l.joinOnce(ctx, c.population, c.streams)
		if err != nil {
			return err
		}
		l.row("new member until it holds "+c.String()+", by "+transport(c.streams), "≤ 5 s",
			"%s, loaded after %s; CPU %s of the donor, %s of the new member",
			seconds(took.equal), seconds(took.loaded), seconds(took.donor), seconds(took.joiner))
	}
	return nil
}

// joined says how long it took to load and to be equal, and what CPU time.
type joined struct{ loaded, equal, donor, joiner time.Duration }

func transport(streams bool) string {
	if streams {
		return "the stream"
	}
	return "V2 JSON"
}

// newMember returns one that is yet to be started.
func (l *lab) newMember(program string, d *donor, port int, streams bool) *loopback.Member {
	m := loopback.NewMember(program, d.list, filepath.Join(l.dir, fmt.Sprintf("member-%d.log", port)), port)
	m.Flags = []string{fmt.Sprintf("--peer-stream=%t", streams)}
	return m
}

func (l *lab) joinOnce(ctx context.Context, p population, streams bool) (took joined, err error) {
	program, err := l.program(ctx)
	if err != nil {
		return took, err
	}
	ports, err := loopback.Ports(ctx, 2)
	if err != nil {
		return took, err
	}
	d, err := startDonor(ctx, l.dir, ports[0], streams)
	if err != nil {
		return took, err
	}
	defer d.stop()
	if err := d.fill(ctx, p); err != nil {
		return took, fmt.Errorf("fill the donor: %w", err)
	}
	runtime.GC() // what filling has left behind is not the join's to collect
	if err := d.setList(2, ports...); err != nil {
		return took, err
	}
	before, err := cpu(os.Getpid())
	if err != nil {
		return took, err
	}
	m := l.newMember(program, d, ports[1], streams)
	took, err = d.await(ctx, m)
	if err != nil {
		return took, errors.Join(err, m.Kill())
	}
	after, err := readings([]int{os.Getpid(), m.PID()})
	if err == nil {
		took.donor, took.joiner = after[0]-before, after[1]
	}
	return took, errors.Join(err, m.Kill())
}

// await starts m and waits until it holds what d holds.
func (d *donor) await(ctx context.Context, m *loopback.Member) (took joined, err error) {
	began := time.Now()
	if err := m.Start(ctx); err != nil {
		return took, err
	}
	ctx, cancel := context.WithTimeout(ctx, 2*time.Minute)
	defer cancel()
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
