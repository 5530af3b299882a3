package repo

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/strata-data/strata/internal/object"
)

// Branch is one branch as a list shows it.
type Branch struct {
	Name    string // short
	ID      object.ID
	Current bool // HEAD names it
}

// BranchOptions say what CreateBranch makes.
type BranchOptions struct {
	Name  string    // short
	Start object.ID // its first commit
	From  string    // how the user named Start, for the reflog
	Force bool      // move the branch if it exists
	By    Signature
}

// ErrCurrentBranch is returned for what may not be done to the branch that
// HEAD names: deleting it, or moving it by force.
var ErrCurrentBranch = errors.New("it is the current branch")

// RefExistsError is returned when a branch or tag to be made is there already.
type RefExistsError struct{ Name string }

func (e *RefExistsError) Error() string {
	return fmt.Sprintf("%s %q exists already", refNoun(e.Name), ShortRef(e.Name))
}

// RefAbsentError is returned when a branch or tag to be changed is not there.
type RefAbsentError struct{ Name string }

func (e *RefAbsentError) Error() string {
	return fmt.Sprintf("no %s called %q", refNoun(e.Name), ShortRef(e.Name))
}

// NotMergedError is returned when deleting a branch would leave commits that
// HEAD does not reach.
type NotMergedError struct {
	Branch string // short
	ID     object.ID
}

func (e *NotMergedError) Error() string {
	return fmt.Sprintf("branch %q has commits that HEAD does not reach", e.Branch)
}

func refNoun(name string) string {
	switch {
	case strings.HasPrefix(name, branchPrefix):
		return "branch"
	case strings.HasPrefix(name, tagPrefix):
		return "tag"
	}
	return "ref"
}

// Branches returns all branches in order of name, and HEAD.
func (r *Repo) Branches(ctx context.Context) (branches []Branch, h Head, err error) {
	err = r.View(ctx, func(t *Tx) error {
		if h, err = t.Head(); err != nil {
			return err
		}
		refs, err := t.Refs(branchPrefix)
		for _, ref := range refs {
			branches = append(branches, Branch{Name: ShortRef(ref.Name), ID: ref.Target, Current: ref.Name == h.Branch})
		}
		return err
	})
	return branches, h, err
}

// CreateBranch makes a branch. One that exists is a *RefExistsError, or is
// moved with Force, unless it is the current one (ErrCurrentBranch).
func (r *Repo) CreateBranch(ctx context.Context, o BranchOptions) error {
	if err := CheckBranchName(o.Name); err != nil {
		return err
	}
	if _, err := r.Commit(ctx, o.Start); err != nil {
		return err
	}
	return r.Update(ctx, func(t *Tx) error { return t.createBranch(o) })
}

func (t *Tx) createBranch(o BranchOptions) error {
	name := branchPrefix + o.Name
	h, err := t.Head()
	if err != nil {
		return err
	}
	_, exists, err := t.Ref(name)
	if err != nil {
		return err
	}
	log := "branch: Created from " + o.From
	if exists {
		if !o.Force {
			return &RefExistsError{Name: name}
		}
		if h.Branch == name {
			return fmt.Errorf("move branch %q: %w", o.Name, ErrCurrentBranch)
		}
		log = "branch: Reset to " + o.From
	}
	return t.SetRef(RefChange{Name: name, New: o.Start, By: o.By, Log: log})
}

// DeleteBranch removes the branch with the short name given and returns the
// commit that it named. The current branch is ErrCurrentBranch. Unless force
// is set, a branch with commits that HEAD does not reach is a *NotMergedError.
func (r *Repo) DeleteBranch(ctx context.Context, short string, force bool, by Signature) (object.ID, error) {
	name := branchPrefix + short
	var h Head
	var id object.ID
	err := r.View(ctx, func(t *Tx) (err error) {
		h, id, err = t.deletable(name)
		return err
	})
	if err != nil {
		return id, err
	}
	if !force {
		merged := false
		if !h.ID.IsZero() {
			if merged, err = r.IsAncestor(ctx, id, h.ID); err != nil {
				return id, err
			}
		}
		if !merged {
			return id, &NotMergedError{Branch: short, ID: id}
		}
	}
	return id, r.Update(ctx, func(t *Tx) error {
		if _, _, err := t.deletable(name); err != nil {
			return err
		}
		return t.SetRef(RefChange{Name: name, Old: &id, By: by, Log: "branch: deleted"})
	})
}

func (t *Tx) deletable(name string) (Head, object.ID, error) {
	h, err := t.Head()
	if err != nil {
		return h, object.ID{}, err
	}
	if h.Branch == name {
		return h, h.ID, fmt.Errorf("delete branch %q: %w", ShortRef(name), ErrCurrentBranch)
	}
	id, ok, err := t.Ref(name)
	if err == nil && !ok {
		err = &RefAbsentError{Name: name}
	}
	return h, id, err
}

// RenameBranch gives the branch old the name new (both short), with its log;
// HEAD follows if it named old. A branch called new is a *RefExistsError, or
// is replaced with force unless it is the current one.
func (r *Repo) RenameBranch(ctx context.Context, old, new string, force bool, by Signature) error {
	if err := CheckBranchName(new); err != nil {
		return err
	}
	return r.Update(ctx, func(t *Tx) error { return t.renameBranch(branchPrefix+old, branchPrefix+new, force, by) })
}

func (t *Tx) renameBranch(old, new string, force bool, by Signature) error {
	h, err := t.Head()
	if err != nil {
		return err
	}
	id, exists, err := t.Ref(old)
	if err != nil {
		return err
	}
	if !exists && h.Branch != old {
		return &RefAbsentError{Name: old}
	}
	replaced, taken, err := t.Ref(new)
	if err != nil {
		return err
	}
	if old != new && taken {
		if !force {
			return &RefExistsError{Name: new}
		}
		if h.Branch == new {
			return fmt.Errorf("replace branch %q: %w", ShortRef(new), ErrCurrentBranch)
		}
	}
	if old == new {
		return nil
	}
	log := fmt.Sprintf("branch: renamed %s to %s", old, new)
	if exists {
		if err := t.moveRef(old, new, id, replaced, by, log); err != nil {
			return err
		}
	}
	if h.Branch == old {
		return t.SetHead(Head{Branch: new}, by, log)
	}
	return nil
}

// moveRef frees old before it makes new, as one may be the folder of the other.
func (t *Tx) moveRef(old, new string, id, replaced object.ID, by Signature, log string) error {
	if err := t.putRef(old, object.ID{}); err != nil {
		return err
	}
	if err := t.checkSettable(new, id); err != nil {
		return err
	}
	if err := t.putRef(new, id); err != nil {
		return err
	}
	if err := t.moveReflog(old, new); err != nil {
		return err
	}
	t.note(by, log)
	t.renamed(old, new)
	if replaced.IsZero() {
		replaced = id
	}
	return t.addReflog(new, ReflogEntry{Old: replaced, New: id, By: by, Message: log})
}
