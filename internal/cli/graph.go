package cli

import (
	"slices"
	"strings"

	"github.com/strata-data/strata/pkg/strata"
)

// graph draws lines of history in front of the text of commits, which come with
// no parent before its children. Each column leads to the commit that it waits
// for.
type graph struct {
	columns []strata.ID
}

// draw returns the lines of one commit with the graph in front, and lines of
// graph alone where it needs more of them than the text has.
func (g *graph) draw(id strata.ID, parents []strata.ID, text []string) []string {
	at := slices.Index(g.columns, id)
	if at < 0 {
		at = len(g.columns)
		g.columns = append(g.columns, id)
	}
	rows := append([]string{g.row(at)}, g.turn(at, parents)...)
	straight := g.row(-1)
	width := len(straight)
	for _, r := range rows {
		width = max(width, len(r))
	}
	lines := make([]string, max(len(rows), len(text)))
	for i := range lines {
		row := straight
		if i < len(rows) {
			row = rows[i]
		}
		if i < len(text) {
			row += strings.Repeat(" ", width-len(row)) + text[i]
		}
		lines[i] = strings.TrimRight(row, " ")
	}
	return lines
}

// row is a line in which every column goes straight on, with a star at one.
func (g *graph) row(star int) string {
	var b strings.Builder
	for i := range g.columns {
		if i == star {
			b.WriteString("* ")
		} else {
			b.WriteString("| ")
		}
	}
	return b.String()
}

// turn replaces the commit in column at by its parents and returns the lines in
// which columns open, close and join.
func (g *graph) turn(at int, parents []strata.ID) []string {
	var rows []string
	if len(parents) == 0 {
		rows = g.close(at)
		return append(rows, g.join()...)
	}
	g.columns[at] = parents[0]
	for n, p := range parents[1:] {
		rows = append(rows, g.open(at+n, p))
	}
	return append(rows, g.join()...)
}

// open adds a column for p to the right of column at.
func (g *graph) open(at int, p strata.ID) string {
	row := newGraphRow(len(g.columns) + 1)
	for i := range g.columns {
		if i <= at {
			row.put(2*i, '|')
		} else {
			row.put(2*i+1, '\\')
		}
	}
	row.put(2*at+1, '\\')
	g.columns = slices.Insert(g.columns, at+1, p)
	return row.text()
}

// close takes the column at out; those to its right move left.
func (g *graph) close(at int) []string {
	last := at == len(g.columns)-1
	row := newGraphRow(len(g.columns))
	for i := range g.columns {
		switch {
		case i < at:
			row.put(2*i, '|')
		case i > at:
			row.put(2*i-1, '/')
		}
	}
	g.columns = slices.Delete(g.columns, at, at+1)
	if last {
		return nil
	}
	return []string{row.text()}
}

// join brings columns together that wait for the same commit, the right one
// into the left one, until none are left.
func (g *graph) join() []string {
	var rows []string
	for j := 1; j < len(g.columns); {
		i := slices.Index(g.columns[:j], g.columns[j])
		if i < 0 {
			j++
			continue
		}
		row := newGraphRow(len(g.columns))
		for k := range g.columns {
			switch {
			case k < j:
				row.put(2*k, '|')
			default:
				row.put(2*k-1, '/')
			}
		}
		for x := 2*i + 1; x < 2*j-1; x += 2 {
			row.put(x, '_')
		}
		g.columns = slices.Delete(g.columns, j, j+1)
		rows = append(rows, row.text())
	}
	return rows
}

// graphRow is a line of characters, two for each column.
type graphRow []byte

func newGraphRow(columns int) graphRow {
	return graphRow(strings.Repeat(" ", 2*columns))
}

func (r graphRow) put(at int, c byte) { r[at] = c }
func (r graphRow) text() string       { return string(r) }
