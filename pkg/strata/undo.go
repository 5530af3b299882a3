package strata

import (
	"context"

	"github.com/strata-data/strata/internal/repo"
	"github.com/strata-data/strata/internal/worktree"
)

// UndoOptions of Repo.Undo.
type UndoOptions struct {
	Redo      bool // do again what the last undo took back
	KeepFiles bool // leave the working files as they are
	DryRun    bool
}

// UndoResult is strata.undo/1.
type UndoResult struct {
	Schema    string    `json:"schema"`
	DryRun    bool      `json:"dry_run"`
	Redo      bool      `json:"redo"`
	Operation Operation `json:"operation"` // what was taken back, or done again
	Branch    string    `json:"branch"`    // where HEAD is afterwards; "" when detached
	Head      ID        `json:"head"`      // zero before the first commit
	Files     int64     `json:"files"`     // working files written
	Deleted   int64     `json:"deleted"`   // and deleted
}

// Undo takes back the last operation: refs, HEAD, index and the state of what was
// in progress become what they were before it. Working files follow where the
// operation wrote them and they have no changes of their own; if they do it is
// a *worktree.OverwriteError and nothing has changed. Files that the operation did
// not touch, as add and commit do not, stay. Errors are ErrNothingToUndo and
// ErrNothingToRedo too.
func (r *Repo) Undo(ctx context.Context, o UndoOptions) (*UndoResult, error) {
	unlock, err := r.r.Lock(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { _ = unlock() }()
	plan, err := r.planUndo(ctx, o.Redo)
	if err != nil {
		return nil, err
	}
	out := &UndoResult{Schema: "strata.undo/1", DryRun: o.DryRun, Redo: o.Redo, Operation: r.operation(ctx, &plan.Op)}
	if o.DryRun {
		out.Branch, out.Head = repo.ShortRef(plan.Head.Branch), plan.Head.ID
		return out, nil
	}
	w, err := r.takeStep(ctx, plan, o.KeepFiles)
	if err != nil {
		return nil, err
	}
	head, err := r.r.Head(ctx)
	out.Branch, out.Head, out.Files, out.Deleted = repo.ShortRef(head.Branch), head.ID, w.Files, w.Deleted
	return out, err
}

func (r *Repo) planUndo(ctx context.Context, redo bool) (*repo.UndoPlan, error) {
	if redo {
		return r.r.PlanRedo(ctx)
	}
	return r.r.PlanUndo(ctx)
}

// takeStep changes the working files, if they are part of it, and then
// everything else in one transaction.
func (r *Repo) takeStep(ctx context.Context, plan *repo.UndoPlan, keep bool) (worktree.Written, error) {
	by, err := r.actor()
	if err != nil {
		return worktree.Written{}, err
	}
	ix, err := r.r.Index(ctx)
	if err != nil {
		return worktree.Written{}, err
	}
	if plan.Op.Files && !keep && !r.r.Layout().Bare() {
		now, then := plan.Files(ix.Datasets)
		awaited, err := worktree.Awaited(ctx, r.r.Objects(), plan.Index, then)
		if err != nil {
			return worktree.Written{}, err
		}
		return worktree.Checkout(ctx, r.r, now, then, false, func(tx *repo.Tx, ix *repo.Index) error {
			ix.Datasets = plan.Index
			worktree.Await(ix, awaited)
			return tx.Undo(plan, by)
		})
	}
	if err := worktree.Stage(ctx, r.r.Objects(), ix, plan.Index); err != nil {
		return worktree.Written{}, err
	}
	return worktree.Written{}, r.r.Update(ctx, func(tx *repo.Tx) error {
		if err := tx.Undo(plan, by); err != nil {
			return err
		}
		return tx.SaveIndex(ix)
	})
}

// OperationLog is strata.operations/1.
type OperationLog struct {
	Schema     string      `json:"schema"`
	Operations []Operation `json:"operations"` // newest first
}

// Operations returns what was done to the repository, newest first; with max > 0
// the last so many steps.
func (r *Repo) Operations(ctx context.Context, max int) (*OperationLog, error) {
	log, err := r.r.Operations(ctx)
	if err != nil {
		return nil, err
	}
	if max > 0 && len(log) > max {
		log = log[:max]
	}
	out := &OperationLog{Schema: "strata.operations/1", Operations: []Operation{}}
	for i := range log {
		out.Operations = append(out.Operations, r.operation(ctx, &log[i]))
	}
	return out, nil
}
