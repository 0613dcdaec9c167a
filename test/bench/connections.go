package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"
)

// idleConnections opens connections that say nothing once they are set up, as a
// member's clients are most of the time, and reads what memory each of them takes:
// on a member, where each is a client of the registry, and on an echo server.
func idleConnections(ctx context.Context, l *lab) error {
	n := l.count(10_000, 20)
	rests := []int{l.count(10, 1), l.count(130, 1)} // Go collects what setting up has left within two minutes
	cluster, err := l.start(ctx)
	if err != nil {
		return err
	}
	member, err := residentEach(ctx, cluster.Members[0].GRPCAddress(), cluster.Members[0].PID(), n, rests)
	if err := errors.Join(err, cluster.Kill()); err != nil {
		return err
	}
	server, err := startEcho(ctx)
	if err != nil {
		return err
	}
	defer server.stop()
	echo, err := residentEach(ctx, server.address, server.pid, n, rests)
	if err != nil {
		return fmt.Errorf("echo: %w", err)
	}
	for i, rest := range rests {
		l.row(fmt.Sprintf("resident memory of each of %s idle connections, after %d s", thousands(n), rest), "≤ 32 KB",
			"%.1f KB; echo server %.1f KB", member[i]/1000, echo[i]/1000)
	}
	return nil
}

// residentEach returns by how many bytes for each of n connections a process has
// grown at each of some times, in seconds after they were set up.
func residentEach(ctx context.Context, address string, pid, n int, after []int) (each []float64, err error) {
	before, err := resident(pid)
	if err != nil {
		return nil, err
	}
	conns, err := dialAll(ctx, address, n)
	if err != nil {
		return nil, err
	}
	defer closeAll(conns)
	began := time.Now()
	for _, seconds := range after {
		if err := pause(ctx, time.Until(began.Add(time.Duration(seconds)*time.Second))); err != nil {
			return nil, err
		}
		now, err := resident(pid)
		if err != nil {
			return nil, err
		}
		each = append(each, float64(now-before)/float64(n))
	}
	return each, nil
}

var errStatus = errors.New("unknown form of /proc/PID/status")

// resident returns the bytes of a process that are in memory.
func resident(pid int) (int64, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, fmt.Errorf("read memory (needs Linux): %w", err)
	}
	_, after, found := strings.Cut(string(text), "VmRSS:")
	fields := strings.Fields(after)
	if !found || len(fields) == 0 {
		return 0, errStatus
	}
	kb, err := strconv.ParseInt(fields[0], 10, 64)
	if err != nil {
		return 0, fmt.Errorf("%w: %w", errStatus, err)
	}
	return kb << 10, nil
}
