package clients

import (
	"sync"
	"sync/atomic"
	"testing"

	"github.com/distro-naming/naming-operator/test/loopback"
)

// calls are those that a consumer makes without a pause until it is asked how
// they went.
type calls struct {
	stop   atomic.Bool
	done   sync.WaitGroup
	made   int
	failed []error
}

func keepCalling(t *testing.T, call func(*testing.T) (string, error)) *calls {
	t.Helper()
	c := &calls{}
	c.done.Go(func() {
		for !c.stop.Load() {
			c.made++
			if _, err := call(t); err != nil {
				c.failed = append(c.failed, err)
			}
		}
	})
	t.Cleanup(func() { c.stop.Store(true); c.done.Wait() })
	return c
}

// requireNoneFailed stops the calls.
func (c *calls) requireNoneFailed(t *testing.T) {
	t.Helper()
	c.stop.Store(true)
	c.done.Wait()
	if c.made == 0 || len(c.failed) > 0 {
		t.Errorf("of %d calls %d failed: %v", c.made, len(c.failed), c.failed)
	}
}

// mostConnected returns the member that most clients are connected to.
func (s *stage) mostConnected(t *testing.T) (most *loopback.Member) {
	t.Helper()
	connected := -1
	for _, m := range s.Members {
		status, err := m.Status(t.Context())
		must(t, err)
		if status.Connections > connected {
			most, connected = m, status.Connections
		}
	}
	return most
}
