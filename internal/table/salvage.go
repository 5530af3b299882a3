package table

import (
	"context"

	"github.com/strata-data/strata/internal/column"
	"github.com/strata-data/strata/internal/object"
	"github.com/strata-data/strata/internal/store"
)

// Loss is what of a leaf could not be read: samples, where Column is empty, else
// the cells of a column, which are null in what was salvaged.
type Loss struct {
	Column      string // id
	First, Last []byte // keys: of the cells' samples; of all of the leaf where samples are lost
	Rows        int64
}

// SalvageLeaf reads what is whole of the leaf object b under schema s. Samples
// whose key cannot be read are left out; other cells that cannot be read are
// null. The rows keep their order and are not checked for it.
func SalvageLeaf(ctx context.Context, r store.Reader, b []byte, s *column.Schema) (*column.Batch, []Loss, error) {
	l, err := decodeLeaf(b)
	if err != nil {
		return nil, nil, err
	}
	lr := &leafReader{leaf: l, r: r, id: object.Sum(b), dec: new(column.PageDecoder)}
	all := column.NewBatch(s, l.Rows)
	all.Len = l.Rows
	lost := make([][]bool, len(s.Fields)) // by column and row; nil where all is there
	for i := range s.Fields {
		if all.Cols[i], lost[i], err = lr.salvageColumn(ctx, &s.Fields[i]); err != nil {
			return nil, nil, err
		}
	}
	kept := column.NewBatch(s, l.Rows)
	keyCols := s.KeyColumns()
	var rows []int // of the leaf, that are kept
	for i := range l.Rows {
		whole := !column.KeyNull(all, keyCols, i)
		for _, k := range keyCols {
			whole = whole && (lost[k] == nil || !lost[k][i])
		}
		if whole {
			rows = append(rows, i)
		}
	}
	for at := 0; at < len(rows); {
		to := at + 1
		for to < len(rows) && rows[to] == rows[to-1]+1 {
			to++
		}
		kept.AppendFrom(all, rows[at], rows[to-1]+1)
		at = to
	}
	var losses []Loss
	if n := l.Rows - len(rows); n > 0 {
		losses = append(losses, Loss{First: l.First, Last: l.Last, Rows: int64(n)})
	}
	for i := range s.Fields {
		losses = append(losses, cellLosses(&s.Fields[i], lost[i], rows, kept, keyCols)...)
	}
	return kept, losses, nil
}

// salvageColumn returns the values of a column of the leaf, and which of them
// could not be read.
func (l *leafReader) salvageColumn(ctx context.Context, f *column.Field) (*column.Vector, []bool, error) {
	v := column.NewVector(f.Type, l.Rows)
	refs, err := l.refs(ctx, f.ID)
	if ctx.Err() != nil {
		return nil, nil, ctx.Err()
	}
	if err == nil && refs == nil {
		v.AppendNulls(l.Rows)
		return v, nil, nil
	}
	var lost []bool
	lose := func(from, n int) {
		if lost == nil {
			lost = make([]bool, l.Rows)
		}
		for i := from; i < from+n; i++ {
			lost[i] = true
		}
		v.AppendNulls(n)
	}
	if err != nil || sumRefs(refs).Rows != l.Rows {
		lose(0, l.Rows)
		return v, lost, nil
	}
	for _, p := range refs {
		page := column.NewVector(f.Type, p.Rows)
		err := l.readPage(ctx, p, page)
		if ctx.Err() != nil {
			return nil, nil, ctx.Err()
		}
		if err != nil || page.Len != p.Rows {
			lose(v.Len, p.Rows)
			continue
		}
		v.AppendFrom(page, 0, page.Len)
	}
	return v, lost, nil
}

// cellLosses returns the runs of rows that are kept and lost their cell of the
// column f.
func cellLosses(f *column.Field, lost []bool, rows []int, kept *column.Batch, keyCols []int) (out []Loss) {
	if lost == nil {
		return nil
	}
	for at := 0; at < len(rows); at++ {
		if !lost[rows[at]] {
			continue
		}
		from := at
		for at+1 < len(rows) && lost[rows[at+1]] {
			at++
		}
		out = append(out, Loss{Column: f.ID, Rows: int64(at - from + 1),
			First: column.RowKey(nil, kept, keyCols, from), Last: column.RowKey(nil, kept, keyCols, at)})
	}
	return out
}
