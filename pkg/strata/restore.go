package strata

import (
	"context"

	"github.com/strata-data/strata/internal/object"
	"github.com/strata-data/strata/internal/repo"
	"github.com/strata-data/strata/internal/worktree"
)

// Restore writes working files from the index or a revision, or index entries
// from HEAD or a revision. Working files are overwritten, as in git.
func (r *Repo) Restore(ctx context.Context, o RestoreOptions) (*RestoreResult, error) {
	res, err := r.lockAndRestore(ctx, o)
	if err != nil || !o.Checkout {
		return res, err
	}
	head, err := r.r.Head(ctx)
	if err == nil {
		r.afterCheckout(ctx, head.Branch, head.ID, head.ID, false)
	}
	return res, err
}

func (r *Repo) lockAndRestore(ctx context.Context, o RestoreOptions) (*RestoreResult, error) {
	unlock, err := r.r.Lock(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { _ = unlock() }()
	ix, err := r.r.Index(ctx)
	if err != nil {
		return nil, err
	}
	if !o.Staged {
		o.Worktree = true
	}
	from := ix.Datasets
	if o.Source != "" || o.Staged {
		rev := o.Source
		if rev == "" {
			rev = "HEAD"
		}
		if from, err = r.stateAt(ctx, rev); err != nil {
			return nil, err
		}
	}
	next, names, err := worktree.Pick(ctx, r.r, o.Dir, o.Addresses, ix.Datasets, from)
	if err != nil {
		return nil, err
	}
	out := &RestoreResult{Schema: "strata.restore/1", Datasets: names}
	if !o.Worktree {
		if err := worktree.Stage(ctx, r.r.Objects(), ix, next); err != nil {
			return nil, err
		}
		return out, r.r.Update(ctx, func(tx *repo.Tx) error { return tx.SaveIndex(ix) })
	}
	only, err := pickOnly(ctx, r, ix.Datasets, next, o)
	if err != nil {
		return nil, err
	}
	w, err := worktree.Checkout(ctx, r.r, only.from, only.to, true, func(_ *repo.Tx, ix *repo.Index) error {
		if o.Staged {
			return worktree.Stage(ctx, r.r.Objects(), ix, next)
		}
		return nil
	})
	out.Files, out.Deleted = w.Files, w.Deleted
	return out, err
}

// states are the parts of two states of the index that a verb is about.
type states struct{ from, to map[string]object.ID }

// pickOnly leaves out of both states what no address names, so that other
// working files stay as they are.
func pickOnly(ctx context.Context, r *Repo, index, next map[string]object.ID, o RestoreOptions) (states, error) {
	none := map[string]object.ID{}
	from, _, err := worktree.Pick(ctx, r.r, o.Dir, o.Addresses, none, index)
	if _, missing := err.(*worktree.NoMatchError); missing {
		from, err = none, nil
	}
	if err != nil {
		return states{}, err
	}
	to, _, err := worktree.Pick(ctx, r.r, o.Dir, o.Addresses, none, next)
	if _, missing := err.(*worktree.NoMatchError); missing {
		to, err = none, nil
	}
	return states{from, to}, err
}

// stateAt returns the datasets of a revision; HEAD before the first commit has
// none.
func (r *Repo) stateAt(ctx context.Context, rev string) (map[string]object.ID, error) {
	if rev == "HEAD" {
		head, err := r.r.Head(ctx)
		if err != nil {
			return nil, err
		}
		return r.stateOf(ctx, head.ID)
	}
	id, err := r.r.Resolve(ctx, rev)
	if err != nil {
		return nil, err
	}
	return r.stateOf(ctx, id)
}

// Remove stages the end of datasets and plain files and deletes their working
// files, unless they have changes of their own.
func (r *Repo) Remove(ctx context.Context, o RemoveOptions) (*RemoveResult, error) {
	done, err := worktree.Remove(ctx, r.r, worktree.RemoveOptions{Dir: o.Dir, Patterns: o.Addresses, Cached: o.Cached,
		Recursive: o.Recursive, Force: o.Force, DryRun: o.DryRun})
	if err != nil {
		return nil, err
	}
	if !o.DryRun && len(done.Datasets) > 0 {
		if err := r.settleRemoved(ctx, done.Datasets); err != nil {
			return nil, err
		}
	}
	return &RemoveResult{Schema: "strata.rm/1", Datasets: nonNil(done.Datasets), Files: nonNil(done.Files)}, nil
}

// Move renames a dataset with its working files, or a plain file. While conflicts
// are left it is an *UnfinishedError.
func (r *Repo) Move(ctx context.Context, o MoveOptions) (*MoveResult, error) {
	if s, err := r.r.Unfinished(ctx); err != nil || s != nil && len(s.Left()) > 0 {
		if err == nil { // conflicts are about datasets by name
			err = &UnfinishedError{Kind: s.Kind, Left: len(s.Left())}
		}
		return nil, err
	}
	done, err := worktree.Move(ctx, r.r, worktree.MoveOptions{Dir: o.Dir, From: o.From, To: o.To, Force: o.Force, DryRun: o.DryRun})
	if err != nil {
		return nil, err
	}
	return &MoveResult{Schema: "strata.mv/1", Name: done.From, To: done.To, Paths: done.Paths}, nil
}

func nonNil(s []string) []string {
	if s == nil {
		return []string{}
	}
	return s
}
