package table

import (
	"fmt"

	"github.com/strata-data/strata/internal/column"
	"github.com/strata-data/strata/internal/object"
)

// encode makes the pages of the column.
func (a *cellJoin) encode() (*newColumn, error) {
	rows := len(a.zeros)
	var size int64
	nulls := 0
	for i := range a.pieces {
		n, z, err := a.measure(&a.pieces[i])
		if err != nil {
			return nil, err
		}
		size, nulls = size+n, nulls+z
	}
	if nulls == rows {
		return nil, nil
	}
	out := &newColumn{id: a.c.f.ID, base: a.list()}
	rest, from := a.pieces, 0
	for _, to := range cuts(a.zeros, pageBits(size, rows)) {
		p, left, err := a.page(rest, to-from)
		if err != nil {
			return nil, err
		}
		out.pages = append(out.pages, p)
		rest, from = left, to
	}
	return out, nil
}

// list returns the page list that the column of the first leaf has.
func (a *cellJoin) list() object.ID {
	for _, l := range a.segs[0].leaf {
		if l == nil {
			continue
		}
		if c := l.column(a.c.f.ID); c != nil && c.List {
			return c.ID
		}
	}
	return object.ID{}
}

// values makes the values of a piece available.
func (a *cellJoin) values(p *piece) (err error) {
	if p.vec == nil {
		p.vec, err = p.old.page(a.ctx, p.page, a.c.f.Type)
	}
	return err
}

// measure returns the value bytes and nulls of a piece.
func (a *cellJoin) measure(p *piece) (size int64, nulls int, err error) {
	switch {
	case p.nulls:
		return nullBytes(a.c.f.Type, int64(p.rows)), p.rows, nil
	case p.whole():
		return p.page.Bytes, p.page.Nulls, nil
	}
	if err := a.values(p); err != nil {
		return 0, 0, err
	}
	if p.vec.Nulls > 0 {
		for i := range p.rows {
			if p.vec.IsNull(p.from + i) {
				nulls++
			}
		}
	}
	return valueBytes(p.vec, p.from, p.from+p.rows), nulls, nil
}

// scratch returns an empty vector of the column, which is used until the next call.
func (a *cellJoin) scratch(rows int) *column.Vector {
	if a.scratches == nil {
		a.scratches = make([]*column.Vector, len(a.cols))
	}
	v := a.scratches[a.c.at]
	if v == nil {
		v = column.NewVector(a.c.f.Type, rows)
		a.scratches[a.c.at] = v
	}
	v.Reset()
	return v
}

// page makes the next page, of the given rows, from the front of pieces and
// returns the pieces behind it. One that is an old page is taken over.
func (a *cellJoin) page(pieces []piece, rows int) (newPage, []piece, error) {
	if len(pieces) > 0 && pieces[0].whole() && pieces[0].rows == rows {
		return newPage{pageRef: pieces[0].page}, pieces[1:], nil
	}
	v := a.scratch(rows)
	var base object.ID
	for v.Len < rows {
		if len(pieces) == 0 {
			return newPage{}, nil, fmt.Errorf("table: leaf of %d rows ran short", rows)
		}
		p := &pieces[0]
		n := min(rows-v.Len, p.rows)
		if p.old != nil && base.IsZero() {
			base = p.page.ID
		}
		if p.nulls {
			v.AppendNulls(n)
		} else {
			if err := a.values(p); err != nil {
				return newPage{}, nil, err
			}
			v.AppendFrom(p.vec, p.from, p.from+n)
		}
		if p.rows == n {
			pieces = pieces[1:]
			continue
		}
		p.from += n
		p.rows -= n
	}
	out, err := a.enc.run(v, 0, rows)
	out.base = base
	return out, pieces, err
}
