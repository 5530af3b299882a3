package proof

import (
	"context"
	"fmt"

	"github.com/strata-data/strata/internal/column"
	"github.com/strata-data/strata/internal/diff"
	"github.com/strata-data/strata/internal/repo"
	"github.com/strata-data/strata/internal/store"
	"github.com/strata-data/strata/internal/table"
)

// look answers q from r, reading one object after the other in an order that
// follows from q and the objects alone (docs/format/proof.md, The look-up).
func look(ctx context.Context, r store.Reader, q Question) (*Answer, error) {
	a := &Answer{Question: q}
	b, err := r.Get(ctx, q.Commit)
	if err != nil {
		return nil, fmt.Errorf("read commit %s: %w", q.Commit, err)
	}
	if a.Info, err = repo.DecodeCommit(b); err != nil {
		return nil, fmt.Errorf("read commit %s: %w", q.Commit, err)
	}
	if b, err = r.Get(ctx, a.Info.Tree); err != nil {
		return nil, fmt.Errorf("read tree %s: %w", a.Info.Tree, err)
	}
	tree, err := repo.DecodeTree(b)
	if err != nil {
		return nil, fmt.Errorf("read tree %s: %w", a.Info.Tree, err)
	}
	id, ok := tree.Table(q.Dataset)
	if !ok {
		return a, nil
	}
	t, err := table.Load(ctx, r, id)
	if err != nil {
		return nil, err
	}
	a.Table, a.Rows, a.Schema = id, t.Rows(), t.Schema
	return a, a.find(ctx, t)
}

// find looks the sample up in t.
func (a *Answer) find(ctx context.Context, t *table.Table) error {
	key, err := diff.ParseKeyText(t.Schema, a.Key)
	if err != nil {
		return fmt.Errorf("%w of %s: %w", ErrKey, a.Dataset, err)
	}
	if a.Key, err = diff.KeyText(t.Schema, key); err != nil {
		return fmt.Errorf("%w of %s: %w", ErrKey, a.Dataset, err)
	}
	columns, err := a.columns()
	if err != nil {
		return err
	}
	a.Row, err = t.Point(ctx, key, columns)
	a.Present = a.Row != nil
	return err
}

// columns returns the ids of the columns asked for.
func (a *Answer) columns() ([]string, error) {
	ids := []string{}
	if len(a.Columns) == 0 {
		for _, f := range a.Schema.Fields {
			if !column.Hidden(f.ID) {
				ids = append(ids, f.ID)
			}
		}
		return ids, nil
	}
	seen := map[string]bool{}
	for _, n := range a.Columns {
		i := a.Schema.ByName(n)
		if i < 0 || column.Hidden(a.Schema.Fields[i].ID) {
			return nil, &ColumnError{Column: n, Dataset: a.Dataset, Known: a.Schema.Names()}
		}
		if seen[n] {
			return nil, fmt.Errorf("column %s is named twice", n)
		}
		seen[n] = true
		ids = append(ids, a.Schema.Fields[i].ID)
	}
	return ids, nil
}
