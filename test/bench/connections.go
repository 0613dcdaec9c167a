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
	n, rest := l.count(10_000, 20), l.count(130, 1) // Go collects what setting up has left within two minutes
	cluster, err := l.start(ctx)
	if err != nil {
		return err
	}
	member, err := residentEach(ctx, cluster.Members[0].GRPCAddress(), cluster.Members[0].PID(), n, time.Duration(rest)*time.Second)
	if err := errors.Join(err, cluster.Kill()); err != nil {
		return err
	}
	server, err := startEcho(ctx)
	if err != nil {
		return err
	}
	defer server.stop()
	echo, err := residentEach(ctx, server.address, server.pid, n, time.Duration(rest)*time.Second)
	if err != nil {
		return fmt.Errorf("echo: %w", err)
	}
	l.row(fmt.Sprintf("resident memory of each of %s idle connections, after %d s", thousands(n), rest), "≤ 32 KB",
		"%.1f KB; echo server %.1f KB", member/1000, echo/1000)
	return nil
}

// residentEach returns by how many bytes for each of n connections a process grows.
func residentEach(ctx context.Context, address string, pid, n int, rest time.Duration) (float64, error) {
	before, err := resident(pid)
	if err != nil {
		return 0, err
	}
	conns, err := dialAll(ctx, address, n)
	if err != nil {
		return 0, err
	}
	defer closeAll(conns)
	if err := pause(ctx, rest); err != nil {
		return 0, err
	}
	after, err := resident(pid)
	return float64(after-before) / float64(n), err
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
