package repo

import (
	"context"

	"github.com/strata-data/strata/internal/object"
)

// ResetOptions say where Reset moves HEAD.
type ResetOptions struct {
	To    object.ID // a commit
	Name  string    // how the user named it, for the reflog
	Index bool      // Repo.Reset only: also make the datasets of the index that commit's
	By    Signature
}

// Reset moves HEAD's branch, or a detached HEAD, to a commit and remembers where
// it was as ORIG_HEAD. The caller has made sure that the commit exists. It
// returns where HEAD was.
func (t *Tx) Reset(o ResetOptions) (Head, error) {
	was, err := t.Head()
	if err != nil {
		return was, err
	}
	if err := t.SetRef(RefChange{Name: origHeadName, New: was.ID}); err != nil {
		return was, err
	}
	return was, t.SetRef(RefChange{Name: headName, Old: &was.ID, New: o.To, By: o.By, Log: "reset: moving to " + o.Name})
}

// Reset is Tx.Reset in a transaction of its own, in which with Index the datasets
// of the index become those of the commit. Working files are not touched. The
// caller holds the lock.
func (r *Repo) Reset(ctx context.Context, o ResetOptions) (Head, error) {
	tree, err := r.CommitTree(ctx, o.To)
	if err != nil {
		return Head{}, err
	}
	var was Head
	err = r.Update(ctx, func(t *Tx) error {
		if was, err = t.Reset(o); err != nil || !o.Index {
			return err
		}
		ix, err := t.Index()
		if err != nil {
			return err
		}
		ix.SetTree(tree)
		return t.SaveIndex(ix)
	})
	return was, err
}
