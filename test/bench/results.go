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
	name              string
	echo, server, all []time.Duration
	ratio             []float64 // server to echo, each round on its own
}

func (r *results) add(name string, sidecar, echo cost) {
	i := slices.IndexFunc(r.rows, func(w *row) bool { return w.name == name })
	if i < 0 {
		i = len(r.rows)
		r.rows = append(r.rows, &row{name: name})
	}
	w := r.rows[i]
	w.echo = append(w.echo, echo.server)
	w.server = append(w.server, sidecar.server)
	w.all = append(w.all, sidecar.all)
	w.ratio = append(w.ratio, float64(sidecar.server)/float64(max(echo.server, 1)))
}

// report adds the rows of all rounds.
func (r *results) report(l *lab) {
	for _, w := range r.rows {
		l.row("CPU per "+w.name, "", "%s on one member, %s on all three; echo server %s; ratio %.2f %.2f",
			micros(percentile(w.server, 50)), micros(percentile(w.all, 50)), micros(percentile(w.echo, 50)),
			percentile(w.ratio, 50), w.ratio)
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
