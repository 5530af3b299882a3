package csv

import (
	"bytes"
	"fmt"
	"slices"

	"github.com/strata-data/strata/internal/column"
	"github.com/strata-data/strata/internal/format"
	"github.com/strata-data/strata/internal/format/lines"
)

// Adapt implements format.Adapter. A file without header gets one where its
// columns no longer have the names that their places give them.
func (text) Adapt(layouts []format.Layout, columns []column.Field) (format.Layout, error) {
	base := layouts[0]
	known := make([]*dialect, len(layouts))
	for i, l := range layouts {
		d, err := decodeDialect(l.Dialect)
		if err != nil {
			return format.Layout{}, err
		}
		if len(d.cols) != len(l.Columns) {
			return format.Layout{}, fmt.Errorf("csv dialect of %d columns for %d columns", len(d.cols), len(l.Columns))
		}
		known[i] = d
	}
	d := &dialect{delim: known[0].delim, space: known[0].space, crlf: known[0].crlf}
	same := len(columns) > 1 // a single column's empty records are not records
	for _, f := range columns {
		sp, found := spelling{form: formOf(f.Type)}, false
		for i, l := range layouts {
			if at := indexOf(l.Columns, f.ID); at >= 0 {
				sp, found = known[i].cols[at], true
				break
			}
		}
		d.cols = append(d.cols, sp)
		same = same && found
	}
	out := format.Layout{Columns: columns, Skip: base.Skip, Dialect: newCodec(d, columns).Dialect(), Same: same}
	for i, l := range layouts {
		out.Same = out.Same && d.writesAs(columns, known[i], l.Columns)
	}
	h := splitHead(base.Head, base.Skip, known[0])
	out.Header = h.present || !slices.Equal(defaultNames(len(columns)), names(columns))
	if !out.Header {
		out.Head = base.Head
		return out, nil
	}
	out.Head = bytes.Clone(base.Head[:h.from])
	if h.present && sameNames(base.Columns, columns) {
		out.Head = append(out.Head, base.Head[h.from:h.to]...)
	} else {
		out.Head = d.appendHeader(out.Head, h, base.Columns, columns)
	}
	if !bytes.HasSuffix(out.Head, []byte{'\n'}) {
		out.Head = d.appendEnd(out.Head)
	}
	out.Head = append(out.Head, base.Head[h.to:]...)
	return out, nil
}

// writesAs reports whether d writes the columns that o has as o does.
func (d *dialect) writesAs(columns []column.Field, o *dialect, have []column.Field) bool {
	if d.delim != o.delim || d.space != o.space || d.crlf != o.crlf {
		return false
	}
	for i, f := range columns {
		if at := indexOf(have, f.ID); at >= 0 && (d.cols[i] != o.cols[at] || !f.Type.Equal(have[at].Type)) {
			return false
		}
	}
	return true
}

// head is where the header stands in the head of a file.
type head struct {
	from, to int // of the header with its line end
	present  bool
	quoted   []bool // of each name: it stands in quotes
}

func splitHead(b []byte, skip int, d *dialect) (h head) {
	if n, err := lines.BOM(b); err == nil {
		h.from = n
	}
	for range skip {
		n := bytes.IndexByte(b[h.from:], '\n')
		if n < 0 {
			h.from = len(b)
			break
		}
		h.from += n + 1
	}
	h.from = skipBlank(b, h.from)
	h.to = h.from
	if h.from == len(b) {
		return h
	}
	h.present = true
	s := scanner{data: b, pos: h.from, class: classesOf(d.delim), delim: d.delim, space: d.space}
	var f flags
	for first := true; f&fLast == 0 && s.err == nil; first = false {
		f = s.next(first)
		h.quoted = append(h.quoted, f&fQuoted != 0)
	}
	h.to = s.pos
	if s.err != nil {
		h.to = len(b)
	}
	return h
}

// appendHeader appends a header of columns. Names stay in quotes that are so
// in the header h of the columns before.
func (d *dialect) appendHeader(dst []byte, h head, before, columns []column.Field) []byte {
	class := classesOf(d.delim)
	v := column.NewVector(column.Of(column.String), len(columns))
	all := len(h.quoted) > 0 && !slices.Contains(h.quoted, false)
	for i, f := range columns {
		v.AppendString(f.Name)
		sp := spelling{}
		if at := indexOf(before, f.ID); all || at >= 0 && at < len(h.quoted) && h.quoted[at] {
			sp.quote = quoteAlways
		}
		if i > 0 {
			dst = append(dst, d.delim)
			if d.space {
				dst = append(dst, ' ')
			}
		}
		c := newColumnCodec(column.Field{Type: v.Type}, sp, class)
		dst = c.render(dst, v, i)
	}
	return d.appendEnd(dst)
}

// appendEnd appends the dialect's line end.
func (d *dialect) appendEnd(dst []byte) []byte {
	if d.crlf {
		dst = append(dst, '\r')
	}
	return append(dst, '\n')
}

func indexOf(columns []column.Field, id string) int {
	return slices.IndexFunc(columns, func(f column.Field) bool { return f.ID == id })
}

func names(columns []column.Field) []string {
	var out []string
	for _, f := range columns {
		out = append(out, f.Name)
	}
	return out
}

// sameNames reports whether a header of a is one of b.
func sameNames(a, b []column.Field) bool {
	return slices.EqualFunc(a, b, func(x, y column.Field) bool { return x.ID == y.ID && x.Name == y.Name })
}
