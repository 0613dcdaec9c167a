package clients

import (
	"fmt"
	"strings"
	"sync"
	"testing"
)

// results is what was seen so far: a word for each client and scenario.
type results struct {
	mu    sync.Mutex
	cells map[[2]string]string
}

func (r *results) note(t *testing.T, client, scenario string) {
	t.Helper()
	word := "pass"
	switch {
	case t.Failed():
		word = "FAILED"
	case t.Skipped():
		word = "not offered"
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.cells == nil {
		r.cells = map[[2]string]string{}
	}
	r.cells[[2]string{client, scenario}] = word
}

// String shows the table as the page does.
func (r *results) String() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	seen := func(k kind, scenario string) string {
		if word, found := r.cells[[2]string{k.name, scenario}]; found {
			return word
		}
		return "not run"
	}
	return "\n" + table(kinds, names(every()), seen) + "\n" + table([]kind{dubboKind}, dubboNames(), seen)
}

// table renders a row for each scenario and a column for each client, aligned.
func table(kinds []kind, scenarios []string, cell func(k kind, scenario string) string) string {
	head := []string{"Scenario"}
	for _, k := range kinds {
		head = append(head, k.name)
	}
	rows := [][]string{head, make([]string, len(head))}
	for _, name := range scenarios {
		row := []string{name}
		for _, k := range kinds {
			row = append(row, cell(k, name))
		}
		rows = append(rows, row)
	}
	for i := range head {
		width := 0
		for _, row := range rows {
			width = max(width, len(row[i]))
		}
		for _, row := range rows {
			row[i] += strings.Repeat(" ", width-len(row[i]))
		}
		rows[1][i] = strings.Repeat("-", width)
	}
	var b strings.Builder
	for _, row := range rows {
		fmt.Fprintf(&b, "| %s |\n", strings.Join(row, " | "))
	}
	return b.String()
}
