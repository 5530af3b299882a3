// Package report renders results of pkg/strata as text for people: tables, the
// text of a diff, bars of histograms, the columns of a drift report. Machine
// formats are the results themselves as JSON; exports are internal/format.
//
// The one invariant: nothing here computes about data, and equal results make
// equal text (widths and colours are arguments). Every function writes to an
// io.Writer and leaves errors of it to the caller's writer, which remembers
// the first. Start reading at Table, then Diff.
package report

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"
)

// Painter paints text for a terminal, or returns it as it is.
type Painter interface {
	Added(text string) string
	Removed(text string) string
	Modified(text string) string
	Header(text string) string
	Faint(text string) string
	Warning(text string) string
}

// Options of all renderings.
type Options struct {
	Paint Painter // nil paints nothing
	ASCII bool    // no signs outside of ASCII
	Width int     // columns of the terminal; 0 for as wide as need be
}

// plain is the Painter that paints nothing.
type plain struct{}

func (plain) Added(t string) string    { return t }
func (plain) Removed(t string) string  { return t }
func (plain) Modified(t string) string { return t }
func (plain) Header(t string) string   { return t }
func (plain) Faint(t string) string    { return t }
func (plain) Warning(t string) string  { return t }

func (o Options) paint() Painter {
	if o.Paint == nil {
		return plain{}
	}
	return o.Paint
}

// arrow, dots and the rest are signs with their ASCII twins.
func (o Options) arrow() string { return o.sign("→", "->") }
func (o Options) dots() string  { return o.sign("…", "...") }
func (o Options) point() string { return o.sign(" · ", "; ") }

func (o Options) sign(nice, ascii string) string {
	if o.ASCII {
		return ascii
	}
	return nice
}

// Table is text in columns, each as wide as its widest cell.
type Table struct {
	Right []bool  // columns whose cells stand at their right edge; missing ones are false
	Gap   int     // blanks between columns; 0 means 2
	Fit   Options // lines are cut to its Width; their cells must not be painted then

	rows   []tableRow
	widths []int
}

type tableRow struct {
	cells []string
	paint func(string) string
}

// Row adds a row; paint, which may be nil, paints it as a whole.
func (t *Table) Row(paint func(string) string, cells ...string) {
	t.rows = append(t.rows, tableRow{cells, paint})
}

// dropEmpty removes column i if nothing stands below its header.
func (t *Table) dropEmpty(i int) {
	for n, r := range t.rows {
		if n > 0 && i < len(r.cells) && r.cells[i] != "" {
			return
		}
	}
	for n := range t.rows {
		if cells := t.rows[n].cells; i < len(cells) {
			t.rows[n].cells = slices.Delete(cells, i, i+1)
		}
	}
	if i < len(t.Right) {
		t.Right = slices.Delete(t.Right, i, i+1)
	}
}

// wide reports whether a line is wider than n columns.
func (t *Table) wide(n int) bool {
	var b strings.Builder
	probe := Table{Right: t.Right, Gap: t.Gap, rows: slices.Clone(t.rows)}
	probe.Write(&b)
	for line := range strings.Lines(b.String()) {
		if width(strings.TrimSuffix(line, "\n")) > n {
			return true
		}
	}
	return false
}

// Write writes the rows since the last Write, without blanks at the ends of
// lines. Columns stay at least as wide as they were.
func (t *Table) Write(w io.Writer) {
	for _, r := range t.rows {
		for i, c := range r.cells {
			if i == len(t.widths) {
				t.widths = append(t.widths, 0)
			}
			t.widths[i] = max(t.widths[i], width(c))
		}
	}
	gap := t.Gap
	if gap == 0 {
		gap = 2
	}
	for _, r := range t.rows {
		var b strings.Builder
		for i, c := range r.cells {
			if i > 0 {
				b.WriteString(strings.Repeat(" ", gap))
			}
			pad := strings.Repeat(" ", t.widths[i]-width(c))
			if i < len(t.Right) && t.Right[i] {
				b.WriteString(pad + c)
			} else {
				b.WriteString(c + pad)
			}
		}
		line := strings.TrimRight(b.String(), " ")
		if t.Fit.Width > 0 {
			line = t.Fit.Cell(line, t.Fit.Width)
		}
		if r.paint != nil {
			line = r.paint(line)
		}
		fmt.Fprintln(w, line)
	}
	t.rows = t.rows[:0]
}

// width returns the columns that text takes on a terminal: one for each
// character, two for those of East Asian scripts and pictures, none for marks.
func width(s string) int {
	n := 0
	for _, r := range s {
		n += runeWidth(r)
	}
	return n
}

func runeWidth(r rune) int {
	switch {
	case r < 0x300:
		return 1
	case r <= 0x36f, r == 0x200d, r >= 0xfe00 && r <= 0xfe0f:
		return 0
	case r >= 0x1100 && r <= 0x115f, r >= 0x2e80 && r <= 0xa4cf, r >= 0xac00 && r <= 0xd7a3,
		r >= 0xf900 && r <= 0xfaff, r >= 0xfe30 && r <= 0xfe6f, r >= 0xff00 && r <= 0xff60,
		r >= 0x1f300 && r <= 0x1faff, r >= 0x20000 && r <= 0x3fffd:
		return 2
	}
	return 1
}

// Cell returns text for a cell of a table: on one line, and cut to at most
// limit columns with dots at the end; 0 is no limit.
func (o Options) Cell(text string, limit int) string {
	text = oneLine(text)
	if limit <= 0 || width(text) <= limit {
		return text
	}
	dots := o.dots()
	room, n := limit-width(dots), 0
	for i, r := range text {
		if n += runeWidth(r); n > room {
			return text[:i] + dots
		}
	}
	return text
}

// oneLine writes control characters as escapes, so that data cannot move the
// cursor or break a table.
func oneLine(s string) string {
	clean := func(r rune) bool { return r >= 0x20 && r != 0x7f && !(r >= 0x80 && r < 0xa0) && r != utf8.RuneError }
	if strings.IndexFunc(s, func(r rune) bool { return !clean(r) }) < 0 {
		return s
	}
	var b strings.Builder
	for _, r := range s {
		switch {
		case clean(r) || r == utf8.RuneError:
			b.WriteRune(r)
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\t':
			b.WriteString(`\t`)
		case r == '\r':
			b.WriteString(`\r`)
		default:
			fmt.Fprintf(&b, `\x%02x`, r)
		}
	}
	return b.String()
}
