package replica

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/distro-naming/naming-operator/sidecar/naming"
)

// A caller whose turn does not come gives up, and nothing of it is left behind.
func TestTurnIsNotWaitedForLongerThanItsCallerWants(t *testing.T) {
	inCluster(t, func(c *cluster) {
		l := c.loops[memberA]
		busy, gaveUp := make(chan struct{}), make(chan error, 1)
		go func() {
			c.must(l.call(c.t.Context(), func(time.Time) error { <-busy; return nil }))
		}()
		elapse(0)
		ctx, cancel := context.WithCancelCause(c.t.Context())
		go func() { gaveUp <- l.Connect(ctx, "1_x_1") }()
		elapse(0)
		cancel(errCut)
		if err := <-gaveUp; !errors.Is(err, errCut) {
			t.Errorf("who gave up was answered %v", err)
		}
		close(busy)
		elapse(0)
		err := l.Register(c.t.Context(), "1_x_1", web, []naming.Instance{instance("10.0.0.1")}, false)
		if !errors.Is(err, naming.ErrNoClient) {
			t.Errorf("the connection that was given up registers: %v", err)
		}
	}, memberA)
}

// Who recovers from the panic of a call, as servers do, would go on with a registry
// that may be half changed.
func TestPanicInATurnEndsTheProgram(t *testing.T) {
	const asked = "PANIC_IN_A_TURN"
	if os.Getenv(asked) != "" {
		inCluster(t, func(c *cluster) {
			defer func() { _ = recover() }()
			_ = c.loops[memberA].call(c.t.Context(), func(time.Time) error { panic("half done") })
		}, memberA)
		return
	}
	again := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^"+t.Name()+"$") //nolint:gosec // this test
	again.Env = append(os.Environ(), asked+"=1")
	out, err := again.CombinedOutput()
	if err == nil || !strings.Contains(string(out), "panic: half done") {
		t.Errorf("the program ended with %v:\n%s", err, out)
	}
}
