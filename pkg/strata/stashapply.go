package strata

import (
	"context"
	"errors"
	"maps"

	"github.com/strata-data/strata/internal/object"
	"github.com/strata-data/strata/internal/repo"
	"github.com/strata-data/strata/internal/store"
	"github.com/strata-data/strata/internal/worktree"
)

// StashApplyOptions of Repo.ApplyStash.
type StashApplyOptions struct {
	Name   string // stash@{N} or N, or any commit that looks like a stash; "" is the newest
	Pop    bool   // drop it afterwards, if nothing was in conflict
	Index  bool   // stage what was staged
	DryRun bool
}

// StashApplyResult is strata.stash-apply/1.
type StashApplyResult struct {
	Schema    string          `json:"schema"`
	DryRun    bool            `json:"dry_run"`
	Stash     StashInfo       `json:"stash"`
	Dropped   bool            `json:"dropped"`
	Datasets  []MergedDataset `json:"datasets"` // that both sides had changed
	Conflicts int64           `json:"conflicts"`
	Changes   []DatasetChange `json:"changes"` // in the working files, against the index before
	Untracked []string        `json:"untracked"`
	Files     int64           `json:"files"` // working files written
	Deleted   int64           `json:"deleted"`
}

// ErrStashIndex is returned where what a stash had staged is in conflict with what
// is staged now.
var ErrStashIndex = errors.New("what the stash had staged is in conflict with the index")

// NotStashError is returned for a commit that is no stash.
type NotStashError struct{ ID ID }

func (e *NotStashError) Error() string {
	return "commit " + e.ID.String() + " is no stash: it does not have HEAD and index as parents"
}

// ApplyStash brings the changes of a stash into the working files: merged, cell by
// cell, with the index as it is now. They are not staged, but for datasets and files
// that are new. Conflicts are a *ConflictError with the result beside it; index and
// files then hold what could be merged, and the stash stays. Files with changes of
// their own that would be written are a *worktree.OverwriteError, and nothing has
// changed.
func (r *Repo) ApplyStash(ctx context.Context, o StashApplyOptions) (*StashApplyResult, error) {
	unlock, err := r.r.Lock(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { _ = unlock() }()
	return r.applyStash(ctx, o)
}

func (r *Repo) applyStash(ctx context.Context, o StashApplyOptions) (*StashApplyResult, error) {
	if r.r.Layout().Bare() {
		return nil, worktree.ErrBare
	}
	if err := r.refuseUnfinished(ctx); err != nil {
		return nil, err
	}
	a := &applying{r: r, o: o, out: &StashApplyResult{Schema: "strata.stash-apply/1", DryRun: o.DryRun, Datasets: []MergedDataset{},
		Changes: []DatasetChange{}, Untracked: []string{}}}
	if err := a.load(ctx); err != nil {
		return nil, err
	}
	w, err := r.r.Objects().NewWriter(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { _ = w.Discard() }()
	if err := a.merge(ctx, w); err != nil {
		return nil, err
	}
	defer removeReady(a.m.ready)
	conflict := a.m.conflictError("popping "+a.out.Stash.Name, repo.StateStash)
	if conflict != nil {
		a.out.Conflicts = conflict.Total()
	} else if err := a.plan(ctx, w); err != nil {
		return nil, err
	}
	if a.out.Changes, err = changesBetween(ctx, w, a.at.ix.Datasets, a.m.next); err != nil {
		return nil, err
	}
	if o.DryRun {
		return a.out, asError(conflict)
	}
	if _, err := w.Publish(ctx); err != nil {
		return nil, err
	}
	if err := a.land(ctx, conflict != nil); err != nil {
		return nil, err
	}
	return a.out, asError(conflict)
}

// applying is the state of one ApplyStash.
type applying struct {
	r         *Repo
	o         StashApplyOptions
	at        *standing
	n         int // of the stash; -1 for a commit that is not in the list
	stash     *repo.Commit
	base      map[string]object.ID // of HEAD when it was made
	work      map[string]object.ID // of the working files then
	untracked object.ID            // @files of the files that were not tracked
	m         *merged
	index     map[string]object.ID // the index afterwards
	files     map[string]object.ID // the working files afterwards
	out       *StashApplyResult
}

// load reads the stash.
func (a *applying) load(ctx context.Context) (err error) {
	if a.at, err = a.r.stand(ctx); err != nil {
		return err
	}
	list, err := a.r.Stashes(ctx)
	if err != nil {
		return err
	}
	if _, isNumber := stashNumber(a.o.Name); !isNumber && !a.o.Pop {
		a.n = -1
		id, err := a.r.r.Resolve(ctx, a.o.Name)
		if err != nil {
			return err
		}
		a.out.Stash = StashInfo{Name: a.o.Name, Commit: id}
	} else {
		if a.n, err = a.r.stashAt(a.o.Name, len(list.Stashes)); err != nil {
			return err
		}
		a.out.Stash = list.Stashes[a.n]
	}
	if a.stash, err = a.r.r.Commit(ctx, a.out.Stash.Commit); err != nil {
		return err
	}
	if n := len(a.stash.Parents); n < 2 || n > 3 {
		return &NotStashError{ID: a.out.Stash.Commit}
	}
	if a.base, err = a.r.stateOf(ctx, a.stash.Parents[0]); err != nil {
		return err
	}
	if a.work, err = a.r.stateOf(ctx, a.out.Stash.Commit); err != nil || len(a.stash.Parents) < 3 {
		return err
	}
	u, err := a.r.stateOf(ctx, a.stash.Parents[2])
	a.untracked = u[worktree.FilesName]
	return err
}

// merge merges the stash with the index.
func (a *applying) merge(ctx context.Context, w store.Writer) (err error) {
	in := &threeWay{base: a.base, ours: a.at.ix.Datasets, theirs: a.work, theirsTime: a.stash.Committer.When, render: !a.o.DryRun}
	if in.oursTime, err = a.r.timeOf(ctx, a.at.head.ID); err != nil {
		return err
	}
	if a.m, err = a.r.threeWay(ctx, w, in); err != nil {
		return err
	}
	a.out.Datasets = append(a.out.Datasets, a.m.datasets...)
	a.index, a.files = a.m.next, a.m.next // where there are conflicts
	return a.addUntracked(ctx, w)
}

// plan decides what is staged afterwards, where nothing is in conflict.
func (a *applying) plan(ctx context.Context, w store.Writer) (err error) {
	a.index = clone(a.at.ix.Datasets)
	if a.o.Index {
		staged, err := a.r.stateOf(ctx, a.stash.Parents[1])
		if err != nil {
			return err
		}
		m, err := a.r.threeWay(ctx, w, &threeWay{base: a.base, ours: a.at.ix.Datasets, theirs: staged})
		if err != nil {
			return err
		}
		if len(m.conflicts) > 0 {
			return ErrStashIndex
		}
		a.index = m.next
	}
	for name, id := range a.m.next { // what is new is staged, or it would be untracked
		_, had := a.base[name]
		if _, has := a.index[name]; !had && !has && name != worktree.FilesName {
			a.index[name] = id
		}
	}
	files, _, err := worktree.NewFiles(ctx, w, a.index[worktree.FilesName], a.base[worktree.FilesName], a.m.next[worktree.FilesName])
	setTable(a.index, worktree.FilesName, files)
	return err
}

// addUntracked puts the files that were not tracked into the working files only.
func (a *applying) addUntracked(ctx context.Context, w store.Writer) error {
	if a.untracked.IsZero() {
		return nil
	}
	files, there, err := worktree.NewFiles(ctx, w, a.m.next[worktree.FilesName], object.ID{}, a.untracked)
	if err != nil {
		return err
	}
	if len(there) > 0 { // tracked meanwhile
		return &worktree.OverwriteError{Paths: there}
	}
	a.files = maps.Clone(a.m.next)
	setTable(a.files, worktree.FilesName, files)
	a.out.Untracked, err = worktree.FilePaths(ctx, w, a.untracked)
	return err
}

// land writes the files, and then moves index and stashes in one transaction.
func (a *applying) land(ctx context.Context, conflict bool) error {
	from := maps.Clone(a.at.ix.Datasets)
	for _, n := range a.m.conflicted() { // their files have to be as the index has them
		if from[n] == a.files[n] {
			delete(from, n)
		}
	}
	awaited, err := worktree.Awaited(ctx, a.r.r.Objects(), a.index, a.files)
	if err != nil {
		return err
	}
	w, err := worktree.CheckoutWith(ctx, a.r.r, from, a.files, worktree.CheckoutOptions{Ready: a.m.ready}, func(tx *repo.Tx, ix *repo.Index) error {
		ix.Datasets = maps.Clone(a.index)
		worktree.Await(ix, awaited)
		tx.FilesWere(notIndexed(a.at.ix.Datasets, a.files, a.at.ix.Datasets, a.index), a.at.ix.Datasets, a.files)
		switch {
		case conflict:
			return tx.SetState(a.state())
		case !a.o.Pop:
			return nil
		}
		_, err := tx.DropStash(a.n)
		return err
	})
	a.out.Files, a.out.Deleted, a.out.Dropped = w.Files, w.Deleted, err == nil && a.o.Pop && !conflict
	return err
}

// state is what is remembered of a stash that is in conflict.
func (a *applying) state() *repo.State {
	return &repo.State{Kind: repo.StateStash, Head: a.at.head.ID, Branch: a.at.head.Branch, Index: repo.Entries(a.at.ix.Datasets),
		Staged: repo.Entries(a.m.next), Theirs: []object.ID{a.out.Stash.Commit}, Names: []string{a.out.Stash.Name}, Datasets: a.m.conflicts}
}

// BranchStash makes a branch where HEAD was when a stash was made, switches to it and
// pops the stash there, so that nothing can be in conflict. Undo takes all of it back.
func (r *Repo) BranchStash(ctx context.Context, branch, name string) (*StashApplyResult, error) {
	ctx = repo.WithOperation(ctx)
	list, err := r.Stashes(ctx)
	if err != nil {
		return nil, err
	}
	n, err := r.stashAt(name, len(list.Stashes))
	if err != nil {
		return nil, err
	}
	if _, err := r.Switch(ctx, SwitchOptions{Target: branch, Create: true, Start: list.Stashes[n].Base.String()}); err != nil {
		return nil, err
	}
	return r.ApplyStash(ctx, StashApplyOptions{Name: list.Stashes[n].Name, Pop: true, Index: true})
}
