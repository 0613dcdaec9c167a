package main

import (
	"fmt"
	"io"
	"runtime"
	"slices"
	"text/tabwriter"
	"time"
)

// results collects all rounds.
type results struct {
	rows            []*row
	visible, pushed []time.Duration
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

func (r *results) print(out io.Writer) {
	fmt.Fprintf(out, "\n%s %s/%s, %d CPUs; server CPU per operation, median of %d rounds (all ratios)\n\n",
		runtime.Version(), runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), len(r.rows[0].ratio))
	t := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "operation\techo\tmember\tratio\tall three members\t")
	for _, w := range r.rows {
		fmt.Fprintf(t, "%s\t%s\t%s\t%.2f %.2f\t%s\t\n", w.name,
			micros(percentile(w.echo, 50)), micros(percentile(w.server, 50)),
			percentile(w.ratio, 50), w.ratio, micros(percentile(w.all, 50)))
	}
	_ = t.Flush() // the terminal's errors are nobody's concern
	fmt.Fprintf(out, "\nidle cluster, %d registrations on one member:\n", len(r.visible))
	fmt.Fprintf(out, "  seen by a query on another member   p50 %s   p99 %s\n",
		millis(percentile(r.visible, 50)), millis(percentile(r.visible, 99)))
	fmt.Fprintf(out, "  pushed by another member            p50 %s   p99 %s\n",
		millis(percentile(r.pushed, 50)), millis(percentile(r.pushed, 99)))
}

func micros(d time.Duration) string {
	return fmt.Sprintf("%.1f µs", float64(d)/float64(time.Microsecond))
}

func millis(d time.Duration) string {
	return fmt.Sprintf("%.2f ms", float64(d)/float64(time.Millisecond))
}

// percentile returns the nearest-rank percentile of an unsorted list.
func percentile[T time.Duration | float64](list []T, p int) T {
	sorted := slices.Sorted(slices.Values(list))
	return sorted[min(len(sorted)-1, len(sorted)*p/100)]
}
