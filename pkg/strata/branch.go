package strata

import (
	"context"
	"errors"
	"time"

	"github.com/strata-data/strata/internal/repo"
)

// BranchList is strata.branch/1.
type BranchList struct {
	Schema   string       `json:"schema"`
	Head     Position     `json:"head"`
	Branches []BranchInfo `json:"branches"` // by name
}

// BranchInfo is one branch and its last commit.
type BranchInfo struct {
	Name    string    `json:"name"`
	Commit  ID        `json:"commit"`
	Current bool      `json:"current"`
	Subject string    `json:"subject"`
	Time    time.Time `json:"time"` // committed
}

// Branches returns all branches.
func (r *Repo) Branches(ctx context.Context) (*BranchList, error) {
	found, head, err := r.r.Branches(ctx)
	if err != nil {
		return nil, err
	}
	list := &BranchList{Schema: "strata.branch/1", Branches: []BranchInfo{}, Head: Position{Branch: repo.ShortRef(head.Branch), Commit: head.ID}}
	for _, b := range found {
		c, err := r.r.Commit(ctx, b.ID)
		if err != nil {
			return nil, err
		}
		list.Branches = append(list.Branches, BranchInfo{b.Name, b.ID, b.Current, c.Subject(), c.Committer.Time()})
	}
	return list, nil
}

// CreateBranch makes the branch name at the revision start ("" is HEAD). One
// that exists is moved with force, unless it is the current one.
func (r *Repo) CreateBranch(ctx context.Context, name, start string, force bool) error {
	if start == "" {
		start = "HEAD"
	}
	if err := repo.CheckBranchName(name); err != nil {
		return err
	}
	id, err := r.r.Resolve(ctx, start)
	if err != nil {
		return err
	}
	by, err := r.actor()
	if err != nil {
		return err
	}
	return r.r.CreateBranch(ctx, repo.BranchOptions{Name: name, Start: id, From: start, Force: force, By: by})
}

// DeleteBranch removes a branch and returns the commit that it named. Without
// force its commits must be reachable from HEAD.
func (r *Repo) DeleteBranch(ctx context.Context, name string, force bool) (ID, error) {
	by, err := r.actor()
	if err != nil {
		return ID{}, err
	}
	return r.r.DeleteBranch(ctx, name, force, by)
}

// RenameBranch gives the branch old ("" is the current one) the name new, and
// returns the old name. With force a branch called new is replaced.
func (r *Repo) RenameBranch(ctx context.Context, old, new string, force bool) (string, error) {
	if err := repo.CheckBranchName(new); err != nil {
		return "", err
	}
	head, err := r.r.Head(ctx)
	if err != nil {
		return "", err
	}
	if old == "" {
		if head.Detached() {
			return "", ErrDetached
		}
		old = head.Short()
	}
	by, err := r.actor()
	if err != nil {
		return "", err
	}
	if head.ID.IsZero() && !head.Detached() && old == head.Short() {
		_, _, err := r.r.Switch(ctx, repo.SwitchOptions{Branch: new, Orphan: true, By: by})
		return old, err
	}
	return old, r.r.RenameBranch(ctx, old, new, force, by)
}

// ErrDetached is returned for what needs a current branch where there is none.
var ErrDetached = errors.New("HEAD is detached: no branch is checked out")
