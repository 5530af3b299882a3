package strata

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/strata-data/strata/internal/column"
	"github.com/strata-data/strata/internal/diff"
	"github.com/strata-data/strata/internal/format"
	"github.com/strata-data/strata/internal/object"
	"github.com/strata-data/strata/internal/repo"
	"github.com/strata-data/strata/internal/store"
	"github.com/strata-data/strata/internal/worktree"
)

// Add stages files: tables (CSV, TSV, JSON lines, Parquet, Arrow) as datasets,
// other files as they are. Cost: reading and hashing the files, and parsing
// what is new in them. On error nothing has changed. Errors are those of the
// files (a *source.PathError names file and line), duplicate keys, a changed
// schema, a path that matches nothing.
func (r *Repo) Add(ctx context.Context, o AddOptions) (*AddResult, error) {
	w, err := r.addOptions(o)
	if err != nil {
		return nil, err
	}
	done := &settled{}
	w.Before = func(ctx context.Context, w store.Writer, was, now map[string]object.ID) (func(*repo.Tx) error, error) {
		done, err = r.settle(ctx, w, was, now)
		if err != nil {
			return nil, err
		}
		return done.remember, nil
	}
	res, err := worktree.Add(ctx, r.r, w)
	if err != nil {
		return nil, err
	}
	out := &AddResult{Schema: "strata.add/1", DryRun: o.DryRun, Datasets: []AddedDataset{}, StoredBytes: res.Stats.DiskSize}
	if out.Settled = done.n; done.n > 0 {
		out.Left = &done.left
	}
	for i := range res.Datasets {
		if res.Datasets[i].New == nil {
			out.Removed = append(out.Removed, res.Datasets[i].Name)
			continue
		}
		d, err := r.addedDataset(ctx, &res.Datasets[i])
		if err != nil {
			_ = res.Close()
			return nil, err
		}
		out.Datasets = append(out.Datasets, *d)
	}
	if p := res.Plain; p != nil {
		out.Files = &AddedFiles{Files: p.Files, Bytes: p.Bytes, Added: p.Added, Removed: p.Removed, Modified: p.Modified}
	}
	if err := res.Close(); err != nil {
		return nil, err
	}
	staged, err := r.r.Staged(ctx)
	out.NextCommit = len(staged) > 0
	return out, err
}

func (r *Repo) addOptions(o AddOptions) (worktree.AddOptions, error) {
	w := worktree.AddOptions{Paths: o.Paths, Dir: o.Dir, All: o.All, Update: o.Update, DryRun: o.DryRun, As: o.As, Key: o.Key,
		Type: o.Type, ValuesOnly: o.ValuesOnly, Rename: o.Rename, Duplicates: o.OnDuplicate, Force: o.Force, Workers: o.Workers,
		Text: format.TextOptions{Header: o.Header, Skip: o.Skip, Delimiter: o.Delimiter}, Progress: r.progress}
	for _, name := range slices.Sorted(maps.Keys(o.AllowType)) {
		t, err := column.ParseType(o.AllowType[name])
		if err != nil {
			return w, &TypeError{Column: name, Type: o.AllowType[name], Err: err}
		}
		if w.Types == nil {
			w.Types = map[string]*column.Type{}
		}
		w.Types[name] = t
	}
	return w, nil
}

// TypeError is a column type that cannot be read.
type TypeError struct {
	Column, Type string
	Err          error
}

func (e *TypeError) Error() string { return fmt.Sprintf("column %s: %v", e.Column, e.Err) }

// Unwrap returns what is wrong with the type.
func (e *TypeError) Unwrap() error { return e.Err }

func (r *Repo) addedDataset(ctx context.Context, a *worktree.Added) (*AddedDataset, error) {
	d := &AddedDataset{Name: a.Name, Sources: a.Paths, Samples: a.New.Rows(), Columns: a.New.Schema.Names(), New: a.Old == nil,
		Unchanged: a.Same, SchemaChanges: []SchemaChange{}, ByContent: a.New.Schema.Key[0] == column.ContentKey}
	if a.Result != nil {
		d.Bytes, d.Parsed, d.Dropped = a.Result.Bytes, a.Result.Parsed, a.Result.Dropped
	}
	if a.Same {
		return d, nil
	}
	if a.Old != nil {
		d.SchemaChanges = diff.SchemaChanges(a.Old.Schema, a.New.Schema)
	}
	var err error
	if a.Result != nil && a.Result.Changes != nil {
		c := a.Result.Changes
		d.Added, d.Removed, d.Modified = c.Added, c.Removed, c.Modified
	} else if d.Added, d.Removed, d.Modified, err = worktree.Count(ctx, a.Old, a.New); err != nil {
		return nil, err
	}
	if d.New && d.ByContent {
		d.KeyHint, err = worktree.Hint(ctx, a.New)
	}
	return d, err
}
