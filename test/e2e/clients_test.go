//go:build e2e

package e2e

import (
	"bufio"
	"bytes"
	"context"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// held is how many instances the SDK clients of a test keep registered.
const held = 60

// helper is a running quick start: "hold" or "watch".
type helper struct {
	name   string
	cmd    *exec.Cmd
	ready  chan struct{} // closed when it has said so
	exited chan struct{} // closed when it has ended

	mu  sync.Mutex
	out bytes.Buffer
}

// startHelper runs the quick start with args and waits until it is ready.
func startHelper(t *testing.T, args ...string) *helper {
	t.Helper()
	h := &helper{name: strings.Join(args, " "), ready: make(chan struct{}), exited: make(chan struct{})}
	h.cmd = exec.CommandContext(t.Context(), quickstart, args...)
	h.cmd.Cancel = func() error { return h.cmd.Process.Signal(os.Interrupt) }
	h.cmd.WaitDelay = 10 * time.Second
	h.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL} // a test that is killed leaves no clients behind
	out, err := h.cmd.StdoutPipe()
	if err == nil {
		h.cmd.Stderr = h.cmd.Stdout
		err = h.cmd.Start()
	}
	if err != nil {
		t.Fatalf("start quickstart %s: %v", h.name, err)
	}
	go h.follow(bufio.NewScanner(out))
	t.Cleanup(func() { <-h.exited })
	select {
	case <-h.ready:
	case <-h.exited:
		t.Fatalf("quickstart %s ended:\n%s", h.name, h.said())
	case <-time.After(patience):
		t.Fatalf("quickstart %s was never ready:\n%s", h.name, h.said())
	}
	return h
}

func (h *helper) follow(lines *bufio.Scanner) {
	defer close(h.exited)
	for lines.Scan() {
		h.mu.Lock()
		h.out.WriteString(lines.Text() + "\n")
		h.mu.Unlock()
		if lines.Text() == "ready" {
			close(h.ready)
		}
	}
	_ = h.cmd.Wait() // its outcome is in ProcessState
}

func (h *helper) said() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.out.String()
}

// finish ends the helper and fails the test if it had found fault.
func (h *helper) finish(t *testing.T) {
	t.Helper()
	_ = h.cmd.Process.Signal(os.Interrupt) // it may have ended already: then its exit code says why
	<-h.exited
	if !h.cmd.ProcessState.Success() {
		t.Errorf("quickstart %s failed:\n%s", h.name, h.said())
	}
}

// audience is a set of SDK clients that hold instances and a set that watch
// them. No watcher may ever be shown fewer than all.
type audience struct {
	holder   *helper
	watchers []*helper
}

// gather starts six holders that come through the client Service, and one
// watcher on each of the given addresses.
func gather(t *testing.T, service string, watched ...string) *audience {
	t.Helper()
	n := strconv.Itoa(held)
	a := &audience{holder: startHelper(t, "hold", "-service", service, "-member", serviceAddress(t), "-count", n, "-clients", "6")}
	for _, address := range watched {
		a.watchers = append(a.watchers, startHelper(t, "watch", "-service", service, "-member", address, "-count", n))
	}
	return a
}

// dismiss ends the watchers first: once the holders leave, lists do shrink.
func (a *audience) dismiss(t *testing.T) {
	t.Helper()
	for _, w := range a.watchers {
		w.finish(t)
	}
	a.holder.finish(t)
}

// runQuickstart runs the tour to its end.
func runQuickstart(t *testing.T, args ...string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	out, err := exec.CommandContext(ctx, quickstart, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("quickstart %v: %v\n%s", args, err, out)
	}
	t.Logf("quickstart %v:\n%s", args, out)
}
