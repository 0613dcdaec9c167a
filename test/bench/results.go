package main

import (
	"fmt"
	"slices"
	"time"
)

// results collects the rounds of CPU measurements.
type results struct {
	rows []*row
}

type row struct {
	name, goal        string
	echo, server, all []time.Duration
	ratio             []float64 // server to echo, each round on its own
	acked, echoAcked  []time.Duration
}

func (r *results) add(w workload, sidecar, echo cost) {
	i := slices.IndexFunc(r.rows, func(held *row) bool { return held.name == w.name })
	if i < 0 {
		i = len(r.rows)
		r.rows = append(r.rows, &row{name: w.name, goal: w.goal})
	}
	held := r.rows[i]
	held.echo = append(held.echo, echo.server)
	held.server = append(held.server, sidecar.server)
	held.all = append(held.all, sidecar.all)
	held.ratio = append(held.ratio, float64(sidecar.server)/float64(max(echo.server, 1)))
	held.acked = append(held.acked, sidecar.acked...)
	held.echoAcked = append(held.echoAcked, echo.acked...)
}

// report adds the rows of all rounds.
func (r *results) report(l *lab) {
	for _, w := range r.rows {
		l.row("CPU per "+w.name, w.goal, "%s on one member, %s on all three; echo server %s; ratio %.2f %.2f",
			micros(percentile(w.server, 50)), micros(percentile(w.all, 50)), micros(percentile(w.echo, 50)),
			percentile(w.ratio, 50), w.ratio)
		if len(w.acked) > 0 {
			l.row("all acknowledged, "+w.name, "≤ 250 ms", "%s; echo server %s", spread(w.acked), spread(w.echoAcked))
		}
	}
}

func micros(d time.Duration) string {
	return fmt.Sprintf("%.1f µs", float64(d)/float64(time.Microsecond))
}

func millis(d time.Duration) string {
	return fmt.Sprintf("%.2f ms", float64(d)/float64(time.Millisecond))
}

func seconds(d time.Duration) string { return fmt.Sprintf("%.2f s", d.Seconds()) }

// percentile returns the nearest-rank percentile of an unsorted list.
func percentile[T time.Duration | float64](list []T, p int) T {
	sorted := slices.Sorted(slices.Values(list))
	return sorted[min(len(sorted)-1, len(sorted)*p/100)]
}

func spread(list []time.Duration) string {
	return fmt.Sprintf("p50 %s, p99 %s, max %s",
		millis(percentile(list, 50)), millis(percentile(list, 99)), millis(slices.Max(list)))
}
