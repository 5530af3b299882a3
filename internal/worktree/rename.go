package worktree

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/strata-data/strata/internal/column"
	"github.com/strata-data/strata/internal/table"
)

// RenameError is a column to rename that no dataset to add has.
type RenameError struct {
	Column  string
	Dataset string   // "" where there are several
	Columns []string // of the dataset
}

func (e *RenameError) Error() string {
	if e.Dataset == "" {
		return fmt.Sprintf("no column called %q in any of the datasets", e.Column)
	}
	return fmt.Sprintf("no column called %q in %s", e.Column, e.Dataset)
}

// renameFrom returns the version of a dataset in which the columns to rename
// have their old names: that of the index or, where the file was added before
// without saying so, the last commit's.
func (a *adder) renameFrom(ctx context.Context, g *group, old *table.Table) (*table.Table, error) {
	if len(a.o.Rename) == 0 || old == nil {
		return old, nil
	}
	head, err := a.r.Head(ctx)
	if err != nil {
		return nil, err
	}
	tree, err := a.r.CommitTree(ctx, head.ID)
	if err != nil {
		return nil, err
	}
	id, _ := tree.Table(g.name)
	last, err := loadTable(ctx, a.w, id)
	if err != nil {
		return nil, err
	}
	from := old
	for was, name := range a.o.Rename {
		now := fieldNamed(old, name)
		before := fieldNamed(last, was)
		switch {
		case fieldNamed(old, was) != nil:
		case before != nil && now != nil && now.ID != before.ID:
			from = last
		case now == nil:
			continue
		}
		a.renamed[was] = true
	}
	return from, nil
}

// checkRenames returns an error if a column to rename was nowhere.
func (a *adder) checkRenames(sets []group) error {
	for _, was := range slices.Sorted(maps.Keys(a.o.Rename)) {
		if a.renamed[was] || len(sets) == 0 {
			continue
		}
		e := &RenameError{Column: was}
		if len(sets) == 1 {
			e.Dataset = sets[0].name
			if n := len(a.res.Datasets); n > 0 {
				for _, f := range a.res.Datasets[n-1].New.Schema.Fields {
					e.Columns = append(e.Columns, f.Name)
				}
			}
		}
		return e
	}
	return nil
}

// fieldNamed returns the column of this name, or nil.
func fieldNamed(t *table.Table, name string) *column.Field {
	if t == nil {
		return nil
	}
	for i := range t.Schema.Fields {
		if f := &t.Schema.Fields[i]; f.Name == name {
			return f
		}
	}
	return nil
}
