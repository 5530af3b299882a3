package strata

import (
	"context"
	"maps"
	"slices"

	"github.com/strata-data/strata/internal/object"
	"github.com/strata-data/strata/internal/repo"
	"github.com/strata-data/strata/internal/worktree"
)

// Reset moves HEAD's branch to a commit (soft), also makes the index that
// commit's (mixed, the default), also the working files (hard). Keep is hard that
// loses nothing: datasets that differ between the two commits and have changes are a
// *worktree.OverwriteError, changes to others stay. With paths only their index
// entries are reset and HEAD stays. Index, HEAD and ORIG_HEAD move in one
// transaction, after the files were written. What was in progress ends, except
// that soft and keep are refused then (*UnfinishedError).
func (r *Repo) Reset(ctx context.Context, o ResetOptions) (*ResetResult, error) {
	rev := o.Revision
	if rev == "" {
		rev = "HEAD"
	}
	if len(o.Paths) > 0 {
		_, err := r.Restore(ctx, RestoreOptions{Dir: o.Dir, Addresses: o.Paths, Staged: true, Source: rev})
		if err != nil {
			return nil, err
		}
		head, err := r.r.Head(ctx)
		return &ResetResult{Schema: "strata.reset/1", Old: head.ID, Head: head.ID, Mode: "paths"}, err
	}
	unlock, err := r.r.Lock(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { _ = unlock() }()
	mode := o.Mode
	if mode == "" {
		mode = "mixed"
	}
	if mode == "soft" || mode == "keep" {
		if err := r.refuseUnfinished(ctx); err != nil {
			return nil, err
		}
	}
	at, err := r.stand(ctx)
	if err != nil {
		return nil, err
	}
	s := &resetting{r: r, at: at, mode: mode, next: map[string]object.ID{}}
	out := &ResetResult{Schema: "strata.reset/1", Old: at.head.ID, Mode: mode}
	if (rev != "HEAD" && rev != "@") || !at.head.ID.IsZero() {
		if s.o.To, err = r.r.Resolve(ctx, rev); err != nil {
			return nil, err
		}
		if s.next, err = r.stateOf(ctx, s.o.To); err != nil {
			return nil, err
		}
		s.o.Name, out.Head = rev, s.o.To
	}
	if s.o.By, err = r.actor(); err != nil {
		return nil, err
	}
	w, err := s.run(ctx)
	out.Files, out.Deleted = w.Files, w.Deleted
	return out, err
}

// resetting is the state of one Reset; o.To is zero before the first commit.
type resetting struct {
	r    *Repo
	at   *standing
	mode string
	o    repo.ResetOptions
	next map[string]object.ID // datasets of the commit
}

// move is what is done in the transaction.
func (s *resetting) move(tx *repo.Tx) error {
	if err := tx.ClearUnfinished(); err != nil {
		return err
	}
	if s.o.To.IsZero() {
		return nil
	}
	_, err := tx.Reset(s.o)
	return err
}

func (s *resetting) run(ctx context.Context) (w worktree.Written, err error) {
	ix := s.at.ix
	switch {
	case s.mode == "soft":
		return w, s.r.r.Update(ctx, s.move)
	case s.mode == "hard" && !s.r.r.Layout().Bare():
		return worktree.Checkout(ctx, s.r.r, ix.Datasets, s.next, true, func(tx *repo.Tx, ix *repo.Index) error {
			ix.Datasets = s.next
			return s.move(tx)
		})
	case s.mode == "keep" && !s.r.r.Layout().Bare():
		return s.keep(ctx)
	}
	if err := worktree.Stage(ctx, s.r.r.Objects(), ix, s.next); err != nil {
		return w, err
	}
	return w, s.r.r.Update(ctx, func(tx *repo.Tx) error {
		if err := tx.SaveIndex(ix); err != nil {
			return err
		}
		return s.move(tx)
	})
}

// keep writes the files of datasets that differ between the commits; others are
// unstaged.
func (s *resetting) keep(ctx context.Context) (worktree.Written, error) {
	from, to := map[string]object.ID{}, map[string]object.ID{}
	var lost []string
	for _, n := range differing(s.at.tree, s.next) {
		if s.at.ix.Datasets[n] != s.at.tree[n] && s.at.ix.Datasets[n] != s.next[n] {
			lost = append(lost, n)
		}
		if id, ok := s.at.ix.Datasets[n]; ok {
			from[n] = id
		}
		if id, ok := s.next[n]; ok {
			to[n] = id
		}
	}
	if lost != nil {
		return worktree.Written{}, &worktree.OverwriteError{Names: lost}
	}
	staged := *s.at.ix // with the records of files that are only unstaged
	staged.Sources = maps.Clone(staged.Sources)
	if err := worktree.Stage(ctx, s.r.r.Objects(), &staged, s.next); err != nil {
		return worktree.Written{}, err
	}
	unstaged := slices.DeleteFunc(differing(s.at.ix.Datasets, s.next), func(n string) bool { return from[n] != to[n] })
	return worktree.Checkout(ctx, s.r.r, from, to, false, func(tx *repo.Tx, ix *repo.Index) error {
		maps.DeleteFunc(ix.Sources, func(_ string, src repo.Source) bool { return slices.Contains(unstaged, src.Dataset) })
		for path, src := range staged.Sources {
			if slices.Contains(unstaged, src.Dataset) {
				ix.Sources[path] = src
			}
		}
		ix.Datasets = s.next
		return s.move(tx)
	})
}
