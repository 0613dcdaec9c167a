package sidecar

import (
	"testing"
	"time"

	"github.com/go-logr/logr/funcr"

	"github.com/distro-naming/naming-operator/sidecar/limits"
)

type overCount map[string]int

func (c overCount) Over(limit string) { c[limit]++ }

// Whoever goes over limits all the time is counted, and does not fill the log.
func TestLimitsAreNamedInTheLogOnceInAWhile(t *testing.T) {
	lines, counted := 0, overCount{}
	o := &overs{counted: counted, log: funcr.New(func(string, string) { lines++ }, funcr.Options{})}
	o.Over(limits.Batch)
	o.Over(limits.Batch)
	o.Over(limits.PerIP)
	if lines != 2 || counted[limits.Batch] != 2 {
		t.Errorf("%d lines, counted %v", lines, counted)
	}
	at := time.Now().Add(overQuiet)
	if !o.first(limits.Batch, at) || o.first(limits.Batch, at.Add(overQuiet-1)) || !o.first(limits.Batch, at.Add(overQuiet)) {
		t.Error("it is not named once in each while")
	}
}
