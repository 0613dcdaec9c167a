package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// daemon is one long-running component: a program, its log and its pid file.
type daemon struct {
	name string
	dir  string // holds NAME.pid and NAME.log
	argv []string
}

func (d daemon) pidFile() string { return filepath.Join(d.dir, d.name+".pid") }
func (d daemon) logFile() string { return filepath.Join(d.dir, d.name+".log") }

// identity names one process beyond doubt: pids are used again, the pair of pid
// and start time (clock ticks since boot) within one boot is not.
type identity struct {
	pid   int
	birth string
	boot  string
}

// start runs the daemon in a session of its own, so that it outlives us and the
// terminal, and records who it is.
func (d daemon) start() error {
	log, err := os.OpenFile(d.logFile(), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o644)
	if err != nil {
		return fmt.Errorf("start %s: %w", d.name, err)
	}
	defer log.Close()
	cmd := exec.Command(d.argv[0], d.argv[1:]...) //nolint:noctx // it outlives whoever starts it
	cmd.Dir, cmd.Env = "/", daemonEnv(os.Environ())
	cmd.Stdout, cmd.Stderr = log, log
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	keepInherited()
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("start %s: %w", d.name, err)
	}
	go cmd.Wait() //nolint:errcheck // only reaps: how it ended is in its log
	id, alive := identify(cmd.Process.Pid)
	if !alive {
		return d.died()
	}
	record := fmt.Sprintf("%d %s %s\n", id.pid, id.birth, id.boot)
	if err := os.WriteFile(d.pidFile(), []byte(record), 0o644); err != nil {
		return fmt.Errorf("start %s: %w", d.name, err)
	}
	return nil
}

// keepInherited keeps open files that whoever called us has passed on, such as
// a lock that they hold until their command ends, away from daemons.
func keepInherited() {
	for _, name := range names("/proc/self/fd") {
		if fd, err := strconv.Atoi(name); err == nil && fd > 2 {
			syscall.CloseOnExec(fd)
		}
	}
}

// daemonEnv drops what would lead a component out of the cluster or into the
// configuration of whoever called us.
func daemonEnv(env []string) []string {
	kept := make([]string, 0, len(env))
	for _, entry := range env {
		key := strings.ToUpper(strings.SplitN(entry, "=", 2)[0])
		if strings.HasSuffix(key, "_PROXY") || key == "KUBECONFIG" || key == "NOTIFY_SOCKET" {
			continue
		}
		kept = append(kept, entry)
	}
	return kept
}

// identify says who pid is now; a process that only waits to be reaped is gone.
func identify(pid int) (identity, bool) {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return identity{}, false
	}
	// The second field is the program's name in parentheses and may hold anything.
	fields := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:]))
	const state, startTime = 0, 19
	if len(fields) <= startTime || fields[state] == "Z" || fields[state] == "X" {
		return identity{}, false
	}
	boot, _ := os.ReadFile("/proc/sys/kernel/random/boot_id") // without it pid and start time must do
	return identity{pid: pid, birth: fields[startTime], boot: strings.TrimSpace(string(boot))}, true
}

// running returns the daemon's pid, or 0 when the process that start made is gone.
func (d daemon) running() int {
	record, err := os.ReadFile(d.pidFile())
	if err != nil {
		return 0
	}
	fields := strings.Fields(string(record))
	if len(fields) < 2 {
		return 0
	}
	pid, err := strconv.Atoi(fields[0])
	if err != nil {
		return 0
	}
	recorded := identity{pid: pid, birth: fields[1]}
	if len(fields) > 2 {
		recorded.boot = fields[2]
	}
	if now, alive := identify(pid); !alive || now != recorded {
		return 0
	}
	return pid
}

// stop ends the daemon: politely for the given time, then at once.
func (d daemon) stop(patience time.Duration) error {
	signals := []struct {
		signal syscall.Signal
		wait   time.Duration
	}{{syscall.SIGTERM, patience}, {syscall.SIGKILL, 10 * time.Second}}
	for _, s := range signals {
		pid := d.running()
		if pid == 0 {
			break
		}
		if err := syscall.Kill(pid, s.signal); err != nil && !errors.Is(err, syscall.ESRCH) {
			return fmt.Errorf("stop %s: %w", d.name, err)
		}
		for end := time.Now().Add(s.wait); d.running() != 0 && time.Now().Before(end); {
			time.Sleep(20 * time.Millisecond)
		}
	}
	if pid := d.running(); pid != 0 {
		return fmt.Errorf("stop %s: process %d survives SIGKILL", d.name, pid)
	}
	if err := os.Remove(d.pidFile()); err != nil && !os.IsNotExist(err) {
		return fmt.Errorf("stop %s: %w", d.name, err)
	}
	return nil
}

// died is the error for a daemon that ended by itself: its last words say why.
func (d daemon) died() error {
	log, err := os.ReadFile(d.logFile())
	if err != nil {
		return fmt.Errorf("run %s: it ended and left no log: %w", d.name, err)
	}
	lines := strings.Split(strings.TrimSpace(string(log)), "\n")
	return fmt.Errorf("run %s: it ended; last lines of %s:\n  %s",
		d.name, d.logFile(), strings.Join(lines[max(0, len(lines)-12):], "\n  "))
}

// patience is how long a daemon may take to become ready.
const patience = 2 * time.Minute

// await asks ready until it agrees, the daemon dies, or patience ends.
func (d daemon) await(ctx context.Context, ready func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for {
		err := ready(ctx)
		if err == nil {
			return nil
		}
		if d.running() == 0 {
			return d.died()
		}
		if stopped := pause(ctx, 100*time.Millisecond); stopped != nil {
			return fmt.Errorf("wait for %s (log: %s): %w: %w", d.name, d.logFile(), stopped, err)
		}
	}
}

// execute runs a short command and keeps its output for the error only.
func execute(ctx context.Context, argv ...string) error {
	_, err := query(ctx, argv...)
	return err
}

// query runs a short command and returns what it printed.
func query(ctx context.Context, argv ...string) (string, error) {
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
	cmd.Env = daemonEnv(os.Environ())
	var printed, complaint bytes.Buffer
	cmd.Stdout, cmd.Stderr = &printed, &complaint
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("run %s: %w: %s", strings.Join(argv, " "), err, strings.TrimSpace(complaint.String()))
	}
	return printed.String(), nil
}
