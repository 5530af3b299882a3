package jsonl

import (
	"fmt"
	"slices"

	"github.com/strata-data/strata/internal/column"
	"github.com/strata-data/strata/internal/format"
)

// Adapt implements format.Adapter.
func (text) Adapt(layouts []format.Layout, columns []column.Field) (format.Layout, error) {
	known := make([]*dialect, len(layouts))
	for i, l := range layouts {
		d, err := decodeDialect(l.Dialect)
		if err != nil {
			return format.Layout{}, err
		}
		if len(d.Columns) != len(l.Columns) {
			return format.Layout{}, fmt.Errorf("jsonl dialect of %d columns: %w: have %d", len(d.Columns), format.ErrFormat, len(l.Columns))
		}
		known[i] = d
	}
	d := *known[0]
	d.Columns = []shape{} // written as [] where there are none
	for _, f := range columns {
		s := shapeOf(nil, f.Type)
		for i, l := range layouts {
			if at := slices.IndexFunc(l.Columns, func(g column.Field) bool { return g.ID == f.ID }); at >= 0 {
				s = known[i].Columns[at]
				break
			}
		}
		s.Name = f.Name
		d.Columns = append(d.Columns, s)
	}
	out := layouts[0]
	out.Columns, out.Dialect = columns, d.encode()
	if n := len(out.Head); out.Skip > 0 && n > 0 && out.Head[n-1] != '\n' {
		out.Head = append(slices.Clone(out.Head), d.Line...)
	}
	return out, nil
}
