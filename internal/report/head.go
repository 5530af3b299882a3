package report

import (
	"encoding/json"
	"fmt"
	"io"

	"github.com/strata-data/strata/internal/column"
	"github.com/strata-data/strata/pkg/strata"
)

// Head writes samples as a table under the names of their columns; with full
// values are not cut.
func Head(w io.Writer, h *strata.HeadResult, full bool, o Options) {
	limit := cellWidth
	columns := len(h.Columns)
	if full {
		limit = 0
	} else if o.Width > 0 {
		columns = fitting(h, limit, o)
	}
	t := Table{}
	var head []string
	for _, c := range h.Columns[:columns] {
		head = append(head, o.Cell(c.Name, limit))
		t.Right = append(t.Right, isNumber(c.Type))
	}
	if columns < len(h.Columns) {
		head = append(head, o.dots())
	}
	t.Row(o.paint().Header, head...)
	for _, row := range h.Rows {
		var cells []string
		for _, v := range row[:columns] {
			cells = append(cells, o.Cell(ValueText(v), limit))
		}
		t.Row(nil, cells...)
	}
	t.Write(w)
	if more := h.Total - int64(len(h.Rows)); more > 0 {
		fmt.Fprintln(w, o.paint().Faint(fmt.Sprintf("%s of %s", Count(int64(len(h.Rows))), Plural(h.Total, "sample"))))
	}
}

// fitting returns how many columns have room in the width of the terminal, at
// least one.
func fitting(h *strata.HeadResult, limit int, o Options) int {
	used := 0
	for i, c := range h.Columns {
		widest := width(o.Cell(c.Name, limit))
		for _, row := range h.Rows {
			widest = max(widest, width(o.Cell(ValueText(row[i]), limit)))
		}
		if used += widest + 2; used > o.Width && i > 0 {
			return i
		}
	}
	return len(h.Columns)
}

// isNumber reports whether values of the type stand at the right of a column.
func isNumber(typ string) bool {
	t, err := column.ParseType(typ)
	return err == nil && (t.Kind.IsNumeric() || t.Kind == column.Decimal)
}

// headDocument is strata.head/1: samples as objects.
type headDocument struct {
	Schema  string                `json:"schema"`
	Dataset string                `json:"dataset"`
	Rev     string                `json:"rev"`
	Commit  strata.ID             `json:"commit"`
	Columns []strata.ColumnHeader `json:"columns"`
	Total   int64                 `json:"total"`
	Rows    []json.RawMessage     `json:"rows"`
}

// HeadDocument returns the document of a HeadResult, in which each sample is an
// object with the columns in order.
func HeadDocument(h *strata.HeadResult) any {
	d := headDocument{"strata.head/1", h.Dataset, h.Rev, h.Commit, h.Columns, h.Total, []json.RawMessage{}}
	var names []string
	for _, c := range h.Columns {
		names = append(names, c.Name)
	}
	for _, row := range h.Rows {
		d.Rows = append(d.Rows, appendObject(nil, quoteNames(names), func(i int) strata.Value { return row[i] }))
	}
	return d
}

// Lines writes samples as JSON objects, one a line.
type Lines struct {
	w     io.Writer
	names [][]byte
	buf   []byte
}

// NewLines returns a writer of samples with the given columns.
func NewLines(w io.Writer, columns []string) *Lines { return &Lines{w: w, names: quoteNames(columns)} }

// Write writes one sample, whose i-th value is value(i).
func (l *Lines) Write(value func(i int) strata.Value) error {
	l.buf = append(appendObject(l.buf[:0], l.names, value), '\n')
	_, err := l.w.Write(l.buf)
	return err
}

// quoteNames returns names as JSON with the colon behind them.
func quoteNames(names []string) [][]byte {
	var quoted [][]byte
	for _, n := range names {
		quoted = append(quoted, append(column.AppendQuoted(nil, []byte(n)), ':'))
	}
	return quoted
}

func appendObject(dst []byte, names [][]byte, value func(int) strata.Value) []byte {
	dst = append(dst, '{')
	for i, n := range names {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = value(i).AppendJSON(append(dst, n...))
	}
	return append(dst, '}')
}
