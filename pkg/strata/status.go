package strata

import (
	"context"
	"fmt"

	"github.com/strata-data/strata/internal/object"
	"github.com/strata-data/strata/internal/repo"
	"github.com/strata-data/strata/internal/table"
	"github.com/strata-data/strata/internal/worktree"
)

// Status compares HEAD, index and working files. Working files are read only
// where their stat says that they may have changed; samples are counted only
// in what is staged. In a bare repository there is nothing but HEAD.
func (r *Repo) Status(ctx context.Context, o StatusOptions) (*StatusResult, error) {
	head, err := r.r.Head(ctx)
	if err != nil {
		return nil, err
	}
	out := &StatusResult{Schema: "strata.status/1", Branch: repo.ShortRef(head.Branch), Head: head.ID,
		Staged: []StatusEntry{}, Unstaged: []StatusEntry{}, Untracked: []string{}, Bare: r.r.Layout().Bare()}
	if out.Bisecting, err = r.bisectingFrom(ctx); err != nil {
		return nil, err
	}
	if out.Unfinished, err = r.Unfinished(ctx); err != nil || out.Bare {
		return out, err
	}
	st, err := worktree.Status(ctx, r.r, worktree.StatusOptions{NoUntracked: o.NoUntracked})
	if err != nil {
		return nil, err
	}
	for _, c := range st.Staged {
		entries, err := r.stagedEntries(ctx, c, o)
		if err != nil {
			return nil, fmt.Errorf("compare %s: %w", c.Name, err)
		}
		out.Staged = append(out.Staged, entries...)
	}
	for _, e := range st.Unstaged {
		kind := "dataset"
		if e.Plain {
			kind = "file"
		}
		out.Unstaged = append(out.Unstaged, StatusEntry{Name: e.Name, Kind: kind, Change: string(e.Change), Paths: e.Paths, Old: e.Old})
	}
	if st.Untracked != nil {
		out.Untracked = st.Untracked
	}
	return out, nil
}

func (r *Repo) stagedEntries(ctx context.Context, c repo.TreeChange, o StatusOptions) ([]StatusEntry, error) {
	old, err := r.loadTable(ctx, c.Old)
	if err != nil {
		return nil, err
	}
	new, err := r.loadTable(ctx, c.New)
	if err != nil {
		return nil, err
	}
	if c.Name == worktree.FilesName {
		return stagedFiles(ctx, r, old, new)
	}
	e := StatusEntry{Name: c.Name, Kind: "dataset", Change: string(c.Letter()), Paths: []string{}, Old: c.Old, New: c.New}
	if old != nil && new != nil {
		e.SchemaChanged = !old.Schema.Equal(new.Schema)
	}
	if !o.NoCounts {
		e.Added, e.Removed, e.Modified, err = worktree.Count(ctx, old, new)
	}
	return []StatusEntry{e}, err
}

// stagedFiles lists the plain files that differ.
func stagedFiles(ctx context.Context, r *Repo, old, new *table.Table) ([]StatusEntry, error) {
	if old == nil || new == nil {
		empty := worktree.EmptyFiles(r.r.Objects())
		if old == nil {
			old = empty
		}
		if new == nil {
			new = empty
		}
	}
	var out []StatusEntry
	for d, err := range table.Compare(ctx, old, new, nil) {
		if err != nil {
			return nil, err
		}
		for i := range d.Changes {
			path, err := worktree.PathOf(d.Changes[i].Key)
			if err != nil {
				return nil, err
			}
			e := StatusEntry{Name: path, Kind: "file", Change: "M", Paths: []string{path}}
			switch d.Changes[i].Op {
			case table.Added:
				e.Change = "A"
			case table.Removed:
				e.Change = "D"
			}
			out = append(out, e)
		}
	}
	return out, nil
}

// stateOf returns the datasets of a revision; "" is no commit at all.
func (r *Repo) stateOf(ctx context.Context, commit object.ID) (map[string]object.ID, error) {
	t, err := r.r.CommitTree(ctx, commit)
	if err != nil {
		return nil, err
	}
	out := make(map[string]object.ID, len(t.Entries))
	for _, e := range t.Entries {
		out[e.Name] = e.Table
	}
	return out, nil
}
