package sidecar

import (
	"sync"
	"time"

	"github.com/go-logr/logr"

	"github.com/distro-naming/naming-operator/sidecar/limits"
)

// overs tells which limits are gone over: each time to counted, and once in a while
// in the log, which whoever does so cannot fill.
type overs struct {
	counted limits.Observer
	log     logr.Logger

	mu   sync.Mutex
	said map[string]time.Time
}

// overQuiet is for how long a limit that is gone over is not named again.
const overQuiet = time.Minute

// Over notes that somebody went over a limit.
func (o *overs) Over(limit string) {
	o.counted.Over(limit)
	if o.first(limit, time.Now()) {
		o.log.Info("somebody went over a limit; naming_over_limit_total counts them", "limit", limit)
	}
}

func (o *overs) first(limit string, now time.Time) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	if at, said := o.said[limit]; said && now.Sub(at) < overQuiet {
		return false
	}
	if o.said == nil {
		o.said = map[string]time.Time{}
	}
	o.said[limit] = now
	return true
}
