package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/distro-naming/naming-operator/test/loopback"
)

// verifyRound is how often members verify each other.
const verifyRound = 5 * time.Second

// verifySteady has one member own all clients, two others hold them, and nothing
// change: what is left is that they verify each other.
func verifySteady(ctx context.Context, l *lab) error {
	const rounds = 13
	cases := []struct {
		streams bool
		clients int
		goals   [2]string
	}{
		{true, l.count(100_000, 50), [2]string{"≤ 1 % of a core", "≤ 20 KB/s"}},
		{false, l.count(10_000, 50), [2]string{}}, // to compare: as Nacos does it, one call each
	}
	for _, c := range cases {
		streams, p := c.streams, population{clients: c.clients, services: l.count(1000, 10), each: 1}
		l.say("verify: %s, by %s", p, transport(streams))
		idle, err := l.verifyOnce(ctx, p, l.wait(rounds*verifyRound), streams)
		if err != nil {
			return err
		}
		what := fmt.Sprintf("nothing changes, %s clients of one member held by two others, %d verify rounds by %s: ",
			thousands(p.clients), rounds, transport(streams))
		l.row(what+"CPU", c.goals[0], "%.2f %% on the owner, %.2f %% on another", 100*idle.owner, 100*idle.other)
		l.row(what+"bytes to and from both peers", c.goals[1], "%.1f KB/s", idle.bytes/1000)
	}
	return nil
}

type idleCost struct{ owner, other, bytes float64 } // shares of a core, bytes/s

func (l *lab) verifyOnce(ctx context.Context, p population, during time.Duration, streams bool) (cost idleCost, err error) {
	program, err := l.program(ctx)
	if err != nil {
		return cost, err
	}
	ports, err := loopback.Ports(ctx, 3)
	if err != nil {
		return cost, err
	}
	d, err := startDonor(ctx, l.dir, ports[0], streams)
	if err != nil {
		return cost, err
	}
	defer d.stop()
	if err := errors.Join(d.fill(ctx, p), d.setList(2, ports...)); err != nil {
		return cost, err
	}
	var others []*loopback.Member
	defer func() {
		for _, m := range others {
			err = errors.Join(err, m.Kill())
		}
	}()
	for _, port := range ports[1:] {
		m := l.newMember(program, d, port, streams)
		others = append(others, m)
		if _, err := d.await(ctx, m); err != nil {
			return cost, err
		}
	}
	if err := pause(ctx, l.wait(10*time.Second)); err != nil { // until all is quiet
		return cost, err
	}
	return d.idle(ctx, others[0], during)
}

// idle measures for a time in which nothing happens.
func (d *donor) idle(ctx context.Context, other *loopback.Member, during time.Duration) (cost idleCost, err error) {
	pids := []int{os.Getpid(), other.PID()}
	before, err := readings(pids)
	if err != nil {
		return cost, err
	}
	bytes, began := d.bytes.Load(), time.Now()
	if err := pause(ctx, during); err != nil {
		return cost, err
	}
	took := time.Since(began).Seconds()
	after, err := readings(pids)
	if err != nil {
		return cost, err
	}
	return idleCost{
		owner: (after[0] - before[0]).Seconds() / took,
		other: (after[1] - before[1]).Seconds() / took,
		bytes: float64(d.bytes.Load()-bytes) / took,
	}, nil
}
