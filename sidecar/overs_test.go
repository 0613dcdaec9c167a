package sidecar

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-logr/logr/funcr"

	"github.com/distro-naming/naming-operator/sidecar/limits"
)

type overCount map[string]int

func (c overCount) Over(limit string) { c[limit]++ }

// Whoever goes over limits all the time is counted, and does not fill the log.
func TestLimitsAreNamedInTheLogOnceInAWhile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		lines, counted := 0, overCount{}
		o := &overs{counted: counted, log: funcr.New(func(string, string) { lines++ }, funcr.Options{})}
		for range 1000 {
			o.Over(limits.PerIP)
			o.Over(limits.Batch)
		}
		if lines != 2 || counted[limits.PerIP] != 1000 {
			t.Errorf("%d lines, counted %v", lines, counted)
		}
		time.Sleep(overQuiet)
		o.Over(limits.PerIP)
		if lines != 3 {
			t.Errorf("%d lines after a while", lines)
		}
	})
}
