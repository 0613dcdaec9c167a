package mounted

import (
	"context"
	"time"
)

// Follow looks at files every so often until ctx ends. look reads them and reports
// whether anything else is in use now; changed is told so each time, and must not
// block.
func Follow(ctx context.Context, every time.Duration, look func() bool, changed func()) {
	poll := time.NewTicker(every)
	defer poll.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-poll.C:
			if look() {
				changed()
			}
		}
	}
}
