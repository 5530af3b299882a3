package strata

import (
	"context"
	"errors"
	"maps"
	"slices"

	"github.com/strata-data/strata/internal/object"
	"github.com/strata-data/strata/internal/repo"
	"github.com/strata-data/strata/internal/worktree"
)

// Switch moves HEAD to a branch or commit and makes index and working files
// those of it. Staged changes of datasets that both commits have alike come
// along; a merge that has stopped is an *UnfinishedError, or given up with Force;
// where something would be lost, it is a *worktree.OverwriteError and nothing has
// changed.
func (r *Repo) Switch(ctx context.Context, o SwitchOptions) (*SwitchResult, error) {
	was, err := r.r.Head(ctx)
	if err != nil {
		return nil, err
	}
	res, err := r.lockAndSwitch(ctx, o)
	if err == nil {
		r.afterCheckout(ctx, res.Branch, was.ID, res.Head, true)
	}
	return res, err
}

func (r *Repo) lockAndSwitch(ctx context.Context, o SwitchOptions) (*SwitchResult, error) {
	unlock, err := r.r.Lock(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { _ = unlock() }()
	if !o.Force {
		if err := r.refuseUnfinished(ctx); err != nil {
			return nil, err
		}
	}
	s, target, err := r.switchPlan(ctx, o)
	if err != nil {
		return nil, err
	}
	head, err := r.r.Head(ctx)
	if err != nil {
		return nil, err
	}
	out := &SwitchResult{Schema: "strata.switch/1", From: head.Short(), Created: s.Create || s.Orphan}
	is, w, err := r.moveTo(ctx, s, head, target, o.Force, (*repo.Tx).ClearUnfinished)
	out.Branch, out.Head, out.Files, out.Deleted = repo.ShortRef(is.Branch), is.ID, w.Files, w.Deleted
	return out, err
}

// moveTo moves HEAD from head as s says, to the commit target, with index and
// working files; also runs in the same transaction. See Switch for what it refuses.
// The caller holds the lock.
func (r *Repo) moveTo(ctx context.Context, s repo.SwitchOptions, head repo.Head, target object.ID, force bool, also func(*repo.Tx) error) (is repo.Head, w worktree.Written, err error) {
	finish := func(tx *repo.Tx, _ *repo.Index) (err error) {
		if _, is, err = tx.Switch(s); err != nil {
			return err
		}
		return also(tx)
	}
	if s.Orphan || target == head.ID {
		// The files stay; with force, changes go.
		if !force || s.Orphan {
			err = r.r.Update(ctx, func(tx *repo.Tx) error { return finish(tx, nil) })
			return is, w, err
		}
	}
	ix, err := r.r.Index(ctx)
	if err != nil {
		return is, w, err
	}
	next, err := r.carry(ctx, head.ID, target, ix, force)
	if err != nil {
		return is, w, err
	}
	if r.r.Layout().Bare() {
		err = r.r.Update(ctx, func(tx *repo.Tx) error { return finish(tx, nil) })
		return is, w, err
	}
	if err := r.trySwitch(ctx, finish); err != nil {
		return is, w, err
	}
	w, err = worktree.Checkout(ctx, r.r, ix.Datasets, next, force, func(tx *repo.Tx, ix *repo.Index) error {
		ix.Datasets = next
		return finish(tx, ix)
	})
	return is, w, err
}

// trySwitch finds out whether HEAD can be moved, before any file is touched.
func (r *Repo) trySwitch(ctx context.Context, finish func(*repo.Tx, *repo.Index) error) error {
	tried := errors.New("undo")
	err := r.r.Update(ctx, func(tx *repo.Tx) error {
		if err := finish(tx, nil); err != nil {
			return err
		}
		return tried
	})
	if errors.Is(err, tried) {
		return nil
	}
	return err
}

// switchPlan resolves what the user named.
func (r *Repo) switchPlan(ctx context.Context, o SwitchOptions) (s repo.SwitchOptions, target object.ID, err error) {
	if s.By, err = r.actor(); err != nil {
		return s, target, err
	}
	if o.Create || o.ForceNew || o.Orphan {
		s.Branch, s.Create, s.Force, s.Orphan, s.Name = o.Target, o.Create || o.ForceNew, o.ForceNew, o.Orphan, o.Start
		if o.Start == "" {
			head, err := r.r.Head(ctx)
			return s, head.ID, err
		}
		s.Start, err = r.r.Resolve(ctx, o.Start)
		return s, s.Start, err
	}
	name := o.Target
	if name == "-" {
		name = "@{-1}"
	}
	ref, rerr := r.r.RefOf(ctx, name)
	if rerr == nil && ref != "" && repo.BranchRef(repo.ShortRef(ref)) == ref && !o.Detach {
		s.Branch = repo.ShortRef(ref)
		target, err = r.r.Resolve(ctx, ref)
		return s, target, err
	}
	if !o.Detach && !o.Guess {
		if rerr != nil {
			return s, target, rerr
		}
		if _, err := r.r.Resolve(ctx, name); err != nil {
			return s, target, err
		}
		return s, target, &NotBranchError{Name: o.Target}
	}
	s.Detach, err = r.r.Resolve(ctx, name)
	s.Name = o.Target
	return s, s.Detach, err
}

// NotBranchError is a revision where a branch is wanted.
type NotBranchError struct{ Name string }

func (e *NotBranchError) Error() string { return e.Name + " is not a branch" }

// actor returns who is noted in reflogs; nobody in particular is fine.
func (r *Repo) actor() (repo.Signature, error) {
	by, err := r.committer()
	if errors.Is(err, repo.ErrNoIdentity) {
		return repo.NewSignature("unknown", "unknown", r.r.Now()), nil
	}
	return by, err
}

// carry returns the index for the commit target: its datasets, with staged
// changes to those that do not differ between head and target.
func (r *Repo) carry(ctx context.Context, head, target object.ID, ix *repo.Index, force bool) (map[string]object.ID, error) {
	to, err := r.stateOf(ctx, target)
	if err != nil || force {
		return to, err
	}
	from, err := r.stateOf(ctx, head)
	if err != nil {
		return nil, err
	}
	names := maps.Clone(ix.Datasets)
	maps.Copy(names, from)
	maps.Copy(names, to)
	var lost []string
	for _, n := range slices.Sorted(maps.Keys(names)) {
		staged := ix.Datasets[n] != from[n]
		switch {
		case !staged || ix.Datasets[n] == to[n]:
		case from[n] == to[n]:
			if ix.Datasets[n].IsZero() {
				delete(to, n)
			} else {
				to[n] = ix.Datasets[n]
			}
		default:
			lost = append(lost, n)
		}
	}
	if lost != nil {
		return nil, &worktree.OverwriteError{Names: lost}
	}
	return to, nil
}
