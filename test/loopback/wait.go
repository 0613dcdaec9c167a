package loopback

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/distro-naming/naming-operator/sidecar/report"
)

const pollEvery = 10 * time.Millisecond

// Until calls check, again and again, until it returns nil or ctx ends. The
// error then names what was awaited and why it was not so at the last look.
func Until(ctx context.Context, what string, check func(context.Context) error) error {
	ticker := time.NewTicker(pollEvery)
	defer ticker.Stop()
	var last error
	for {
		err := check(ctx)
		if err == nil {
			return nil
		}
		if last == nil || !errors.Is(err, context.DeadlineExceeded) {
			last = err // a look cut short says less than the one before it
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("wait until %s: %w; last seen: %w", what, context.Cause(ctx), last)
		case <-ticker.C:
		}
	}
}

func agreed(reports []Status) error {
	if report.Agree(reports) {
		return nil
	}
	var errs []error
	for _, r := range reports {
		errs = append(errs, fmt.Errorf("%s has digest %.8s, and %.8s of its settings", r.Member, r.Digest, r.SettingsDigest))
	}
	return errors.Join(errs...)
}
