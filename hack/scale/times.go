package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/distro-naming/naming-operator/sidecar/distro"
	"github.com/distro-naming/naming-operator/sidecar/distro/distrotest"
)

// timesTable says how long members take to hold the same.
func timesTable() (string, error) {
	var b strings.Builder
	b.WriteString("| Members | A change is everywhere | A member that starts has all |" +
		" Sides that were apart agree | At the latest |\n")
	b.WriteString("|--:|--:|--:|--:|--:|\n")
	bound := distrotest.Repair(distro.Default(), false)
	for _, members := range []int{3, 10, 100} {
		for _, streams := range []float64{0, 1} {
			t, err := distrotest.Measure(members, streams)
			if err != nil {
				return "", fmt.Errorf("simulate %d members: %w", members, err)
			}
			by := ""
			if streams > 0 {
				by = " that stream"
			}
			fmt.Fprintf(&b, "| %d%s | %v | %v | %v | %v |\n", members, by, short(t.Change), short(t.Start), short(t.Apart), bound)
		}
	}
	fmt.Fprintf(&b, "| 1000, computed | one delay | three delays | a probe and one delay | %v |\n", bound)
	return b.String(), nil
}

// short writes a time as a reader wants it.
func short(d time.Duration) time.Duration {
	if d < 100*time.Millisecond {
		return d.Round(time.Millisecond)
	}
	return d.Round(100 * time.Millisecond)
}
