package worktree

import (
	"context"
	"slices"

	"github.com/strata-data/strata/internal/repo"
	"github.com/strata-data/strata/internal/table"
)

// Working returns the tables that the working files would make if they were
// added now, for those of the named datasets (nil: all) that differ from the
// index; a dataset whose files are gone has a nil table, @files stands for the
// tracked plain files. The tables can be read until done is called.
func Working(ctx context.Context, r *repo.Repo, names []string) (tables map[string]*table.Table, done func(), err error) {
	st, err := Status(ctx, r, StatusOptions{NoUntracked: true})
	if err != nil {
		return nil, nil, err
	}
	t, err := openReading(ctx, r)
	if err != nil {
		return nil, nil, err
	}
	w, err := r.Objects().NewWriter(ctx)
	if err != nil {
		return nil, nil, err
	}
	done = func() { _ = w.Discard() }
	a := &adder{tree: t, o: &AddOptions{}, w: w, res: &AddResult{}, changes: repo.StatChanges{Set: map[string]repo.FileRecord{}}}
	if tables, err = a.working(ctx, st.Unstaged, names); err != nil {
		done()
		return nil, nil, err
	}
	return tables, done, nil
}

func (a *adder) working(ctx context.Context, changed []Entry, names []string) (map[string]*table.Table, error) {
	tables := map[string]*table.Table{}
	wanted := func(n string) bool { return names == nil || slices.Contains(names, n) }
	var plain []Entry
	for _, e := range changed {
		switch {
		case e.Plain:
			plain = append(plain, e)
		case !wanted(e.Name):
		case e.Change == 'D':
			tables[e.Name] = nil
		default:
			g := group{name: e.Name}
			if err := a.complete(&g, &AddOptions{}); err != nil {
				return nil, err
			}
			if err := a.dataset(ctx, &g); err != nil {
				return nil, err
			}
			tables[e.Name] = a.res.Datasets[len(a.res.Datasets)-1].New
		}
	}
	if len(plain) == 0 || !wanted(FilesName) {
		return tables, nil
	}
	files, err := a.workingPlain(ctx, plain)
	tables[FilesName] = files
	return tables, err
}

// workingPlain returns @files as the working files have it.
func (a *adder) workingPlain(ctx context.Context, changed []Entry) (*table.Table, error) {
	old, err := loadTable(ctx, a.w, a.ix.Datasets[FilesName])
	if err != nil {
		return nil, err
	}
	var files []found
	var remove []string
	for _, e := range changed {
		s, ok, err := a.lstat(e.Name)
		if err != nil {
			return nil, err
		}
		if ok {
			files = append(files, found{path: e.Name, stat: s})
		} else {
			remove = append(remove, e.Name)
		}
	}
	put, err := (&reader{t: a.tree}).read(ctx, a.w, files)
	if err != nil {
		return nil, err
	}
	return editPlain(ctx, a.w, old, put, remove)
}
