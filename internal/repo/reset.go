package repo

import (
	"context"

	"github.com/strata-data/strata/internal/object"
)

// ResetOptions say what Reset moves.
type ResetOptions struct {
	To    object.ID // a commit
	Name  string    // how the user named it, for the reflog
	Index bool      // also make the index that commit's tree (--mixed, --hard)
	By    Signature
	Stage func(*Index) error // how the index becomes that of To; nil changes its datasets only
}

// Reset moves HEAD's branch, or a detached HEAD, to a commit and remembers
// where it was as ORIG_HEAD; with Index it also makes the index that commit's
// tree, in the same transaction. Working files are not touched. The caller
// holds the lock. It returns where HEAD was.
func (r *Repo) Reset(ctx context.Context, o ResetOptions) (Head, error) {
	tree, err := r.CommitTree(ctx, o.To)
	if err != nil {
		return Head{}, err
	}
	var was Head
	err = r.Update(ctx, func(t *Tx) error {
		if was, err = t.Head(); err != nil {
			return err
		}
		if err := t.SetRef(RefChange{Name: origHeadName, New: was.ID}); err != nil {
			return err
		}
		err := t.SetRef(RefChange{Name: headName, Old: &was.ID, New: o.To, By: o.By, Log: "reset: moving to " + o.Name})
		if err != nil || !o.Index {
			return err
		}
		ix, err := t.Index()
		if err != nil {
			return err
		}
		if o.Stage == nil {
			ix.SetTree(tree)
		} else if err := o.Stage(ix); err != nil {
			return err
		}
		return t.SaveIndex(ix)
	})
	return was, err
}
