package strata

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/strata-data/strata/internal/column"
	"github.com/strata-data/strata/internal/store"
	"github.com/strata-data/strata/internal/table"
)

// changeSlices replaces the slices of the index by what change makes of them.
// The table is published before the index names it.
func (r *Repo) changeSlices(ctx context.Context, change func([]SliceInfo) ([]SliceInfo, error)) (err error) {
	unlock, err := r.r.Lock(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, unlock()) }()
	ix, err := r.r.Index(ctx)
	if err != nil {
		return err
	}
	tree, err := ix.Tree()
	if err != nil {
		return err
	}
	all, err := r.slicesIn(ctx, tree)
	if err != nil {
		return err
	}
	if all, err = change(all); err != nil {
		return err
	}
	if len(all) == 0 {
		delete(ix.Datasets, slicesTable)
		return r.r.SaveIndex(ctx, ix)
	}
	w, err := r.r.Objects().NewWriter(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, w.Discard()) }()
	id, err := writeSlices(ctx, w, all)
	if err != nil {
		return err
	}
	if _, err := w.Publish(ctx); err != nil {
		return err
	}
	ix.Datasets[slicesTable] = id
	return r.r.SaveIndex(ctx, ix)
}

// writeSlices builds the table of slices.
func writeSlices(ctx context.Context, w store.Writer, all []SliceInfo) (ID, error) {
	slices.SortFunc(all, func(a, b SliceInfo) int { return strings.Compare(a.Name, b.Name) })
	s := slicesSchema()
	b := column.NewBatch(s, len(all))
	for _, x := range all {
		b.Cols[0].AppendString(x.Name)
		b.Cols[1].AppendString(x.Dataset)
		b.Cols[2].AppendString(x.Where)
		if x.Why == "" {
			b.Cols[3].AppendNull()
		} else {
			b.Cols[3].AppendString(x.Why)
		}
	}
	b.Len = len(all)
	t, err := buildTable(ctx, w, s, b)
	if err != nil {
		return ID{}, err
	}
	return t.Save(ctx, w)
}

// buildTable writes a batch whose rows are in the order of their keys.
func buildTable(ctx context.Context, w store.Writer, s *column.Schema, b *column.Batch) (*table.Table, error) {
	builder := table.NewBuilder(ctx, w, s, 1)
	if err := builder.Append(b); err != nil {
		builder.Abort()
		return nil, err
	}
	root, err := builder.Finish()
	if err != nil {
		return nil, err
	}
	return table.New(w, s, root), nil
}
