package repo

import (
	"context"

	"github.com/strata-data/strata/internal/object"
)

// SwitchOptions say where HEAD goes. Exactly one of Branch and Detach is set.
type SwitchOptions struct {
	Branch string    // short name of the branch to be on
	Create bool      // make Branch first, at Start
	Force  bool      // with Create: move Branch to Start if it exists
	Orphan bool      // Branch begins without a commit, at the next one
	Detach object.ID // the commit to be on without a branch
	Start  object.ID // with Create; zero means HEAD's commit
	Name   string    // how the user named Detach or Start, for the reflog
	By     Signature
}

// Switch moves HEAD. Index and working files are the caller's business; to
// change the index in the same transaction use Tx.Switch. It returns where
// HEAD was and where it is. A branch that does not exist is an
// *UnknownRevisionError, one that Create finds is a *RefExistsError.
func (r *Repo) Switch(ctx context.Context, o SwitchOptions) (was, is Head, err error) {
	for _, id := range []object.ID{o.Detach, o.Start} {
		if id.IsZero() {
			continue
		}
		if _, err := r.Commit(ctx, id); err != nil {
			return was, is, err
		}
	}
	err = r.Update(ctx, func(t *Tx) error { was, is, err = t.Switch(o); return err })
	return was, is, err
}

// Switch is Repo.Switch inside a transaction; the caller has made sure that
// the commits in o exist.
func (t *Tx) Switch(o SwitchOptions) (was, is Head, err error) {
	if was, err = t.Head(); err != nil {
		return was, is, err
	}
	if o.Branch == "" {
		is = Head{ID: o.Detach}
		return was, is, t.SetHead(is, o.By, movingLog(was, o.Name))
	}
	if err := CheckBranchName(o.Branch); err != nil {
		return was, is, err
	}
	is.Branch = branchPrefix + o.Branch
	if err := t.prepareBranch(was, o); err != nil {
		return was, is, err
	}
	if err := t.SetHead(is, o.By, movingLog(was, o.Branch)); err != nil {
		return was, is, err
	}
	is, err = t.Head()
	return was, is, err
}

// prepareBranch makes the branch that HEAD will name, or sees that it is there.
func (t *Tx) prepareBranch(was Head, o SwitchOptions) error {
	name := branchPrefix + o.Branch
	_, exists, err := t.Ref(name)
	if err != nil {
		return err
	}
	start, from := o.Start, o.Name
	if start.IsZero() {
		start, from = was.ID, was.Short()
	}
	switch {
	case o.Orphan && exists:
		return &RefExistsError{Name: name}
	case o.Orphan:
		return t.checkSettable(name, was.ID)
	case o.Create && start.IsZero(): // before the first commit
		return t.checkSettable(name, start)
	case o.Create && o.Force && exists && name == was.Branch:
		return t.SetRef(RefChange{Name: name, New: start, By: o.By, Log: "branch: Reset to " + from})
	case o.Create:
		return t.createBranch(BranchOptions{Name: o.Branch, Start: start, From: from, Force: o.Force, By: o.By})
	case !exists && name != was.Branch:
		return t.unknown(o.Branch)
	}
	return nil
}

func movingLog(was Head, to string) string {
	from := was.Short()
	if was.Detached() {
		from = was.ID.String()
	}
	return movingFrom + from + " to " + to
}
