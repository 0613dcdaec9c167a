// Package table lays text out in columns as kubectl does, and paints what
// matters where a person looks at it. It writes to what it is given and knows no
// terminal.
package table

import (
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// Tone is how good what a text says is.
type Tone int

// The tones.
const (
	Plain Tone = iota
	Good
	Warn
	Bad
	Faint
	Strong
)

// codes of terminals.
var codes = map[Tone]string{Good: "32", Warn: "33", Bad: "31", Faint: "2", Strong: "1"}

// Palette paints, or does not.
type Palette bool

// Paint returns text in a tone.
func (p Palette) Paint(t Tone, text string) string {
	code := codes[t]
	if !bool(p) || code == "" || text == "" {
		return text
	}
	return "\x1b[" + code + "m" + text + "\x1b[0m"
}

// Cell is a text in a tone.
type Cell struct {
	Text string
	Tone Tone
}

// In returns what is written in a tone.
func In(t Tone, value any) Cell { return Cell{Text: fmt.Sprint(value), Tone: t} }

// Table has columns and rows. The zero value has none.
type Table struct {
	titles []string
	wide   []bool
	rows   [][]Cell
}

// New returns a table with these columns. A title that begins with "+" is shown
// only in wide output.
func New(titles ...string) *Table {
	t := &Table{}
	for _, title := range titles {
		text, wide := strings.CutPrefix(title, "+")
		t.titles, t.wide = append(t.titles, text), append(t.wide, wide)
	}
	return t
}

// Row adds a row of values, each a Cell or what fmt prints.
func (t *Table) Row(values ...any) {
	row := make([]Cell, 0, len(values))
	for _, v := range values {
		cell, ok := v.(Cell)
		if !ok {
			cell = In(Plain, v)
		}
		row = append(row, cell)
	}
	t.rows = append(t.rows, row)
}

// Len returns the number of rows.
func (t *Table) Len() int { return len(t.rows) }

// Options say how a table is written.
type Options struct {
	Wide      bool // with all columns
	NoHeaders bool
	Palette   Palette
	Indent    string
}

// gap is between columns.
const gap = "   "

// Write writes the table. Nothing follows the last text of a line.
func (t *Table) Write(w io.Writer, o Options) {
	lines := t.rows
	if !o.NoHeaders {
		head := make([]Cell, 0, len(t.titles))
		for _, title := range t.titles {
			head = append(head, In(Strong, title))
		}
		lines = append([][]Cell{head}, lines...)
	}
	widths := make([]int, len(t.titles))
	for _, row := range lines {
		for i, cell := range row {
			widths[i] = max(widths[i], utf8.RuneCountInString(cell.Text))
		}
	}
	for _, row := range lines {
		var line strings.Builder
		pending := o.Indent
		for i, cell := range row {
			if t.wide[i] && !o.Wide {
				continue
			}
			if cell.Text != "" {
				line.WriteString(pending + o.Palette.Paint(cell.Tone, cell.Text))
				pending = ""
			}
			pending += strings.Repeat(" ", widths[i]-utf8.RuneCountInString(cell.Text)) + gap
		}
		fmt.Fprintln(w, line.String())
	}
}
