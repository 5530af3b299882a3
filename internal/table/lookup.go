package table

import (
	"bytes"
	"context"
	"sort"

	"github.com/strata-data/strata/internal/column"
	"github.com/strata-data/strata/internal/merkle"
	"github.com/strata-data/strata/internal/object"
)

// Lookup returns the samples with the given keys, which are in ascending
// order, each once. rows[i] is the row of the batch that holds keys[i], -1
// where there is no such sample. columns are the ids to read, nil for all.
// Only leaves that hold one of the keys are read, each once.
func (t *Table) Lookup(ctx context.Context, keys [][]byte, columns []string) (b *column.Batch, rows []int, err error) {
	dec := t.dec.Get().(*column.PageDecoder)
	defer t.dec.Put(dec)
	b, rows = column.NewBatch(Project(t.Schema, columns), len(keys)), make([]int, len(keys))
	seek := merkle.NewSeeker(t.r, t.Root)
	for i := 0; i < len(keys); {
		e, ok, err := seek.Leaf(ctx, keys[i])
		if err != nil {
			return nil, nil, err
		}
		n := 0
		for ok && i+n < len(keys) && bytes.Compare(keys[i+n], e.Last) <= 0 {
			n++
		}
		if n == 0 { // behind the last leaf
			for ; i < len(keys); i++ {
				rows[i] = -1
			}
			break
		}
		l, err := openLeaf(ctx, t.r, &e, dec)
		if err != nil {
			return nil, nil, err
		}
		if err := l.pick(ctx, t.Schema, b, keys[i:i+n], rows[i:i+n]); err != nil {
			return nil, nil, err
		}
		i += n
	}
	return b, rows, nil
}

// pick appends the samples of the leaf that have one of the keys to b and says
// in rows where.
func (l *leafReader) pick(ctx context.Context, s *column.Schema, b *column.Batch, keys [][]byte, rows []int) error {
	have, err := l.keys(ctx, s)
	if err != nil {
		return err
	}
	var at []int // in the leaf
	from := 0
	for i, k := range keys {
		from += sort.Search(have.len()-from, func(n int) bool { return bytes.Compare(have.at(from+n), k) >= 0 })
		rows[i] = -1
		if from < have.len() && bytes.Equal(have.at(from), k) {
			rows[i] = b.Len + len(at)
			at = append(at, from)
		}
	}
	for i := range b.Cols {
		f := &b.Schema.Fields[i]
		refs, err := l.refs(ctx, f.ID)
		if err != nil {
			return err
		}
		if err := l.take(ctx, f, refs, at, b.Cols[i]); err != nil {
			return err
		}
	}
	b.Len += len(at)
	return nil
}

// take appends the values of a column at the given rows, ascending, to v. Only
// pages that hold one are read.
func (l *leafReader) take(ctx context.Context, f *column.Field, refs []pageRef, at []int, v *column.Vector) error {
	if refs == nil {
		v.AppendNulls(len(at))
		return nil
	}
	before := 0
	for _, p := range refs {
		n := sort.SearchInts(at, before+p.Rows)
		if n > 0 {
			page, err := l.page(ctx, p, f.Type)
			if err != nil {
				return err
			}
			for _, row := range at[:n] {
				v.AppendOne(page, row-before)
			}
		}
		at = at[n:]
		before += p.Rows
	}
	if len(at) > 0 {
		return &object.CorruptError{ID: l.id, Detail: "fewer values than rows in column " + f.ID}
	}
	return nil
}
